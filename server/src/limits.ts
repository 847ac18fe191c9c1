// The server's own limits, beside those of the wire; one object for both. How they relate is asserted at the start.
import { checkedLimits, LIMITS, type Limits } from "@verbatim/protocol";
import type { OutboxLimits } from "./session/outbox.ts";

export interface ServerLimits extends Limits, OutboxLimits {
	/** Sends of one user: a person types less, a script says so in the configuration. */
	readonly sendsPerSecond: number;
	readonly sendsBurst: number;
	/** All other commands of one user: opening a client asks for a few dozen at once. */
	readonly asksPerSecond: number;
	readonly asksBurst: number;
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
	must(limits.sendsPerSecond > 0 && limits.asksPerSecond > 0, "rates are above 0");
	must(limits.sendsBurst >= 1 && limits.asksBurst >= 1, "bursts are at least 1");
	return limits;
}

checkedServerLimits(SERVER_LIMITS);
