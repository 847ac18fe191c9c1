// The server's own limits and those of the wire, in one object. Relations between them are asserted at the start.
import { checkedLimits, JSON_GROWTH_MAX, LIMITS, type Limits, ROOM_BYTES_MAX, roomsInHelloMax } from "@verbatim/protocol";

export interface ServerLimits extends Limits {
	/** Bytes that may wait in one connection's outbox; beyond, rooms stop pushing to it. */
	readonly outboxBytesMax: number;
	/** Bytes that may wait in all outboxes together; beyond, each is bounded by `outboxCrowdedBytesMax`. */
	readonly outboxesBytesMax: number;
	readonly outboxCrowdedBytesMax: number;
	/** Sends of one user: more than typing by hand needs; scripts that need more are configured. */
	readonly sendsPerSecond: number;
	readonly sendsBurst: number;
	/** All other commands of one user: a client sends a few dozen at once when it opens. */
	readonly asksPerSecond: number;
	readonly asksBurst: number;
	/**
	 * Bytes of pages (of logs and lists) and of catch-up for one user: a page takes about 1 ms of the event loop, which delays all acknowledgements.
	 * Allows four pages of the longest texts a second, and a burst of eight.
	 */
	readonly readBytesPerSecond: number;
	readonly readBytesBurst: number;
	/** Typing notices of one user; clients send one every few seconds, the excess is dropped. */
	readonly typingPerSecond: number;
	readonly typingBurst: number;
	/**
	 * Refusals that one connection causes itself, its pings, and unsolicited pongs: each costs the server some 10 µs and the peer nothing.
	 * Beyond, the connection is not read for a while.
	 */
	readonly refusalsPerSecond: number;
	readonly refusalsBurst: number;
	/** Messages of one connection that do not fit the schema; beyond, it is closed as `protocol`. A correct client sends none. */
	readonly malformedPerSecond: number;
	readonly malformedBurst: number;
	/** Refusals and pings of one connection before its welcome; beyond, it is closed as `protocol`. A hello may be refused five times. */
	readonly unauthenticatedRefusalsMax: number;
	/** The same for one address (IPv6: a /64); beyond, a refusal before the welcome closes its connection as `busy`. */
	readonly unauthenticatedRefusalsPerAddressPerSecond: number;
	readonly unauthenticatedRefusalsPerAddressBurst: number;
	/** One connection's share of a turn of the event loop, in ms and in bytes of messages; the rest waits for later turns. */
	readonly turnMsMax: number;
	readonly turnBytesMax: number;
	/**
	 * Messages of one WebSocket that were read and wait for a turn. Beyond, it is closed as `busy`: reading stops with the first that waits, and
	 * one read of a socket gives at most half a megabyte.
	 */
	readonly heldBytesMax: number;
	readonly heldMessagesMax: number;
	/** Newest entries kept encoded in memory for each live room, for subscribers a moment behind; others read ranges of the log. */
	readonly ringEntriesMax: number;
	/** Rooms with more subscribers than this get no presence and typing. */
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
