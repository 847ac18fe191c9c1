// All limits of the wire in one object: what each guards and why this number. The server's configuration may lower or raise
// them; both ends start from these. How they relate is asserted below, at load.

export interface Limits {
	/** Longest frame a client may send, in bytes of its body. Guards memory per connection before anything is understood. */
	readonly frameBytesMax: number;
	/**
	 * The same before the welcome: as small as a hello can be that has the longest token and a cursor for every room. A stranger has
	 * nothing else to say.
	 */
	readonly helloBytesMax: number;
	/** Longest frame a server sends. A page or a welcome is cut to fit; clients refuse more. */
	readonly frameDownBytesMax: number;
	/** Longest message text, in bytes of UTF-8: a few printed pages. Above it, a file is meant. */
	readonly textBytesMax: number;
	/** Longest line in line mode, in bytes, its end excluded: a text of full length and a command before it. */
	readonly lineBytesMax: number;
	/** Longest preface line of a framed TCP connection, in bytes. */
	readonly prefaceBytesMax: number;
	/** Longest cid and trace, in characters: a UUID with a prefix fits twice. */
	readonly cidCharsMax: number;
	readonly traceCharsMax: number;
	/** Longest name of a user or a room, in characters, and its bytes of UTF-8. */
	readonly nameCharsMax: number;
	/** Longest password in characters: argon2id hashes it all, so it must not be a way to burn its processor. */
	readonly passwordCharsMax: number;
	/** Longest token in bytes: bigger than any identity provider's usual one, small beside a frame. */
	readonly tokenBytesMax: number;
	/** Rooms that a user has founded, joined or opened, or in whose conversation it has said something. */
	readonly roomsPerUserMax: number;
	/**
	 * What others bring a user: open invitations to it, and direct conversations that others have opened and in which it has said nothing.
	 * Apart from its own rooms, so that nobody can use those up.
	 */
	readonly invitationsPerUserMax: number;
	/** Open invitations that one user has made. */
	readonly invitationsPerInviterMax: number;
	/** Entries in one page of history, and its default. */
	readonly historyEntriesMax: number;
	readonly historyEntriesDefault: number;
	/** Members in one page of `who`, and public channels in one of `rooms`; fewer where a frame does not hold as many. */
	readonly membersPageMax: number;
	readonly roomsPageMax: number;
	/** Users whose presence is asked for at once: more than a screen shows. */
	readonly presenceUsersMax: number;
	/**
	 * Bytes of one page's or one push's entries. Keeps a frame under `frameDownBytesMax` whatever the texts: in JSON a control
	 * character of one byte takes six.
	 */
	readonly pageBytesMax: number;
	/** A reader further behind than this gets the newest page and `skipped`, not everything. */
	readonly catchUpEntriesMax: number;
	/** Commands of one connection under way at once; past it the connection is not read. */
	readonly commandsInFlightMax: number;
	/** The newest seq a room can have: all of uint32. At ten entries a second it lasts thirteen years. */
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

/** A room (and a member, which is less) in JSON at its longest: two ids, two names of 32 characters of four bytes, keys, numbers. */
export const ROOM_BYTES_MAX = 512;
/** A control character, one byte of UTF-8, as `\u0001`. */
export const JSON_GROWTH_MAX = 6;

/** A cursor in JSON, and what a hello has beside its token and cursors: keys, id, trace, client. */
const CURSOR_BYTES = 80;
const HELLO_REST_BYTES = 1024;

/** Rooms of a welcome, and so cursors of a hello, at most. */
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
