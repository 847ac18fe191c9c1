// The server's own limits, beside those of the wire; one object for both. How they relate is asserted at the start.
import { checkedLimits, JSON_GROWTH_MAX, LIMITS, type Limits, ROOM_BYTES_MAX, roomsInHelloMax } from "@verbatim/protocol";

export interface ServerLimits extends Limits {
	/** Bytes one connection may have waiting: past it, rooms stop pushing to it. */
	readonly outboxBytesMax: number;
	/** What all outboxes together may hold; past it, each may have only `outboxCrowdedBytesMax` waiting. */
	readonly outboxesBytesMax: number;
	readonly outboxCrowdedBytesMax: number;
	/** Sends of one user: a person types less, a script says so in the configuration. */
	readonly sendsPerSecond: number;
	readonly sendsBurst: number;
	/** All other commands of one user: opening a client asks for a few dozen at once. */
	readonly asksPerSecond: number;
	readonly asksBurst: number;
	/**
	 * Pages of logs and lists, and missed entries, that one user is given, in bytes: each page costs the server a millisecond, and everybody who waits for an
	 * acknowledgement meanwhile. A page of the longest texts comes four times a second, and eight times at once.
	 */
	readonly readBytesPerSecond: number;
	readonly readBytesBurst: number;
	/** What others are told of one user's typing; a client says it every few seconds, and what is beyond is dropped. */
	readonly typingPerSecond: number;
	readonly typingBurst: number;
	/**
	 * What is refused to one connection by its own doing, its pings, and pongs that nobody asked for: each costs the server some 10 µs and
	 * its peer nothing. Beyond, the connection is not read for a while.
	 */
	readonly refusalsPerSecond: number;
	readonly refusalsBurst: number;
	/** What one connection sends that is no message of the schema; beyond, it is closed as `protocol`. A sound client sends none. */
	readonly malformedPerSecond: number;
	readonly malformedBurst: number;
	/** Refusals and pings of one connection before its welcome; beyond, it is closed as `protocol`. A hello may be refused five times. */
	readonly unauthenticatedRefusalsMax: number;
	/** The same for one address (IPv6: one /64); beyond, what is refused to it before a welcome closes the connection as `busy`. */
	readonly unauthenticatedRefusalsPerAddressPerSecond: number;
	readonly unauthenticatedRefusalsPerAddressBurst: number;
	/** What one connection may take of one turn of the event loop, in ms and in bytes of messages; the rest waits for later turns. */
	readonly turnMsMax: number;
	readonly turnBytesMax: number;
	/**
	 * Messages of one WebSocket that were read and wait: one read of the socket brings half a megabyte at most, and reading stops then.
	 * Beyond, the connection is closed as `busy`: it is many times what may be under way.
	 */
	readonly heldBytesMax: number;
	readonly heldMessagesMax: number;
	/**
	 * Newest entries kept in memory, as they were sent, for each live room: for readers a moment behind. Who is further behind
	 * is better served with ranges of the log.
	 */
	readonly ringEntriesMax: number;
	/** Rooms with more readers than this do not hear of presence and typing. */
	readonly presenceReadersMax: number;
}

export const SERVER_LIMITS: ServerLimits = {
	...LIMITS,
	outboxBytesMax: 1024 * 1024,
	outboxesBytesMax: 256 * 1024 * 1024,
	outboxCrowdedBytesMax: 64 * 1024,
	sendsPerSecond: 10,
	sendsBurst: 20,
	asksPerSecond: 50,
	asksBurst: 200,
	readBytesPerSecond: 512 * 1024,
	readBytesBurst: 1024 * 1024,
	typingPerSecond: 1,
	typingBurst: 3,
	refusalsPerSecond: 20,
	refusalsBurst: 100,
	malformedPerSecond: 1,
	malformedBurst: 50,
	unauthenticatedRefusalsMax: 16,
	unauthenticatedRefusalsPerAddressPerSecond: 20,
	unauthenticatedRefusalsPerAddressBurst: 200,
	turnMsMax: 2,
	turnBytesMax: 256 * 1024,
	heldBytesMax: 1024 * 1024,
	heldMessagesMax: 4_096,
	ringEntriesMax: 32,
	presenceReadersMax: 100,
};

/** Throws `RangeError` if limits contradict each other; returns them otherwise. */
export function checkedServerLimits(limits: ServerLimits): ServerLimits {
	checkedLimits(limits);
	const must = (holds: boolean, rule: string): void => {
		if (!holds) throw new RangeError(`limits contradict each other: ${rule}`);
	};
	must(limits.outboxCrowdedBytesMax <= limits.outboxBytesMax, "outboxCrowdedBytesMax ≤ outboxBytesMax");
	must(limits.outboxBytesMax <= limits.outboxesBytesMax, "outboxBytesMax ≤ outboxesBytesMax");
	must(
		limits.pageBytesMax * JSON_GROWTH_MAX <= limits.outboxBytesMax,
		"a page must fit what may wait for one reader, in JSON, where a byte can take six: pageBytesMax × 6 ≤ outboxBytesMax",
	);
	must(
		(roomsInHelloMax(limits) + 1) * ROOM_BYTES_MAX <= limits.outboxBytesMax * 2,
		"a welcome must fit what may wait for one reader: (roomsPerUserMax + invitationsPerUserMax + 1) × 512 ≤ outboxBytesMax × 2",
	);
	must(limits.readBytesPerSecond > 0 && limits.readBytesBurst >= 1, "rates are above 0, bursts at least 1");
	must(limits.sendsPerSecond > 0 && limits.asksPerSecond > 0, "rates are above 0");
	must(limits.sendsBurst >= 1 && limits.asksBurst >= 1 && limits.typingBurst >= 1, "bursts are at least 1");
	must(limits.heldBytesMax >= limits.frameBytesMax, "heldBytesMax ≥ frameBytesMax");
	return limits;
}

checkedServerLimits(SERVER_LIMITS);
