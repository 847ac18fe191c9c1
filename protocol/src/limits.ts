// All limits of the wire: what each protects, and why it has its value. Defaults of both ends; the server's configuration may change them.
// Relations between them are asserted at load.

export interface Limits {
	/** Longest frame body of a client, in bytes. Bounds memory per connection before decoding. */
	readonly frameBytesMax: number;
	/** The same before the welcome: the longest hello, with the longest token and a cursor for every room. */
	readonly helloBytesMax: number;
	/** Longest frame of a server, in bytes. Pages and welcomes are cut to fit; clients refuse longer ones. */
	readonly frameDownBytesMax: number;
	/** Longest message text, in bytes of UTF-8: a few printed pages. */
	readonly textBytesMax: number;
	/** Longest line in line mode, in bytes, without its end: a text of maximum length and a command before it. */
	readonly lineBytesMax: number;
	/** Longest preface line of a framed TCP connection, in bytes. */
	readonly prefaceBytesMax: number;
	/** Longest cid and trace, in characters: a UUID with a prefix fits twice. */
	readonly cidCharsMax: number;
	readonly traceCharsMax: number;
	/** Longest name of a user or a room, in characters, and its bytes of UTF-8. */
	readonly nameCharsMax: number;
	/** Longest password, in characters. Bounds the cost of argon2id, which grows with the length. */
	readonly passwordCharsMax: number;
	/** Longest token, in bytes: above those of common identity providers, small compared with a frame. */
	readonly tokenBytesMax: number;
	/** Rooms that a user has created or joined, and direct conversations that it has opened or sent to. */
	readonly roomsPerUserMax: number;
	/**
	 * Open invitations of a user, plus direct conversations that others have opened and in which it has sent nothing. Counted apart from
	 * `roomsPerUserMax`, so that other users cannot exhaust that.
	 */
	readonly invitationsPerUserMax: number;
	/** Open invitations that one user has made. */
	readonly invitationsPerInviterMax: number;
	/** Entries in one page of history, and its default. */
	readonly historyEntriesMax: number;
	readonly historyEntriesDefault: number;
	/** Members in one page of `who`, and public channels in one page of `rooms`; fewer if the frame limit requires it. */
	readonly membersPageMax: number;
	readonly roomsPageMax: number;
	/** Users in one presence request: more than a screen shows. */
	readonly presenceUsersMax: number;
	/**
	 * Bytes of the entries in one page or push. Keeps the frame below `frameDownBytesMax` for any texts: in JSON a control character of
	 * one byte takes six.
	 */
	readonly pageBytesMax: number;
	/** A subscriber further behind than this gets `skipped` with the newest page instead of all entries. */
	readonly catchUpEntriesMax: number;
	/** Commands in flight per connection; beyond, the connection is not read (backpressure). */
	readonly commandsInFlightMax: number;
	/** Highest seq of a room: that of uint32. At ten entries a second it lasts thirteen years. */
	readonly seqMax: number;
}

export const LIMITS: Limits = {
	frameBytesMax: 64 * 1024,
	helloBytesMax: 56 * 1024,
	frameDownBytesMax: 1024 * 1024,
	textBytesMax: 8 * 1024,
	lineBytesMax: 9 * 1024,
	prefaceBytesMax: 256,
	cidCharsMax: 64,
	traceCharsMax: 64,
	nameCharsMax: 32,
	passwordCharsMax: 256,
	tokenBytesMax: 8 * 1024,
	roomsPerUserMax: 500,
	invitationsPerUserMax: 100,
	invitationsPerInviterMax: 200,
	historyEntriesMax: 200,
	historyEntriesDefault: 50,
	membersPageMax: 1_000,
	roomsPageMax: 500,
	presenceUsersMax: 100,
	pageBytesMax: 128 * 1024,
	catchUpEntriesMax: 1_000,
	commandsInFlightMax: 256,
	seqMax: 0xffff_ffff,
};

/** Longest room in JSON: two ids, two names of 32 characters of four bytes, keys, numbers. A member is shorter. */
export const ROOM_BYTES_MAX = 512;
/** Bytes of a control character, one byte of UTF-8, as `\u0001` in JSON. */
export const JSON_GROWTH_MAX = 6;

/** A cursor in JSON; and the parts of a hello beside token and cursors: keys, id, trace, client. */
const CURSOR_BYTES = 80;
const HELLO_REST_BYTES = 1024;

/** Most rooms of a welcome, and so most cursors of a hello. */
export function roomsInHelloMax(limits: Pick<Limits, "roomsPerUserMax" | "invitationsPerUserMax">): number {
	return limits.roomsPerUserMax + limits.invitationsPerUserMax;
}

/** Throws if limits contradict each other; returns them otherwise. Called on the defaults here and on every configuration. */
export function checkedLimits(limits: Limits): Limits {
	const must = (holds: boolean, rule: string): void => {
		if (!holds) throw new RangeError(`limits contradict each other: ${rule}`);
	};
	must(
		limits.textBytesMax * JSON_GROWTH_MAX < limits.frameBytesMax,
		"a frame must hold a text of full length in JSON, where a byte can take six: textBytesMax × 6 < frameBytesMax",
	);
	must(limits.textBytesMax < limits.lineBytesMax, "a line must hold a text and its command: textBytesMax < lineBytesMax");
	must(
		limits.pageBytesMax * JSON_GROWTH_MAX < limits.frameDownBytesMax,
		"a page must fit a frame in JSON, where a byte can take six: pageBytesMax × 6 < frameDownBytesMax",
	);
	must(
		limits.tokenBytesMax + roomsInHelloMax(limits) * CURSOR_BYTES + HELLO_REST_BYTES <= limits.helloBytesMax,
		`a hello must hold a token and a cursor for every room: tokenBytesMax + (roomsPerUserMax + invitationsPerUserMax) × ${CURSOR_BYTES} + ${HELLO_REST_BYTES} ≤ helloBytesMax`,
	);
	must(limits.helloBytesMax <= limits.frameBytesMax, "helloBytesMax ≤ frameBytesMax");
	must(
		(roomsInHelloMax(limits) + 1) * ROOM_BYTES_MAX <= limits.frameDownBytesMax,
		"a welcome must hold every room of a user: (roomsPerUserMax + invitationsPerUserMax + 1) × 512 ≤ frameDownBytesMax",
	);
	must(
		limits.membersPageMax >= 1 && limits.roomsPageMax >= 1 && limits.presenceUsersMax >= 1,
		"pages of members and rooms hold at least one",
	);
	must(limits.historyEntriesDefault <= limits.historyEntriesMax, "historyEntriesDefault ≤ historyEntriesMax");
	must(limits.historyEntriesMax <= limits.catchUpEntriesMax, "historyEntriesMax ≤ catchUpEntriesMax");
	return limits;
}

checkedLimits(LIMITS);
