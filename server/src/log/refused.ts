// Sends that were refused for good. A cid is answered once: a copy of such a send, over whatever connection or node it comes and however
// late, is given the same refusal and is not carried out. A store keeps these for a while (docs/decisions/a-cid-is-answered-once.md).
import type { ErrorCode } from "@verbatim/protocol";

export interface RefusedSend {
	readonly sender: string;
	readonly cid: string;
	readonly code: ErrorCode;
	readonly atMs: number;
}

export interface RefusedLimits {
	/** Refused sends that are kept; of more, the oldest are dropped. */
	readonly refusedSendsMax: number;
	/** For how long they are kept. */
	readonly refusedSendsMs: number;
}

/**
 * An hour is longer than a connection that its client has given up can bring anything. The number is what one user can have refused in an
 * hour, and more: 20 MB in memory, 8 MB on the disk.
 */
export const REFUSED_LIMITS: RefusedLimits = { refusedSendsMax: 65_536, refusedSendsMs: 3_600_000 };

/** The refused sends of a store, by `pair(sender, cid)`, in the order in which they were refused. */
export type RefusedSends = Map<string, RefusedSend>;

/** Drops those that are too old at `nowMs` and those that are too many, the oldest first. Returns how many. */
export function prune(sends: RefusedSends, nowMs: number, { refusedSendsMax, refusedSendsMs }: RefusedLimits): number {
	let dropped = 0;
	for (const [key, { atMs }] of sends) {
		if (atMs >= nowMs - refusedSendsMs && sends.size <= refusedSendsMax) break;
		sends.delete(key);
		dropped++;
	}
	return dropped;
}
