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
	/** Refused sends that are kept; of more, some are dropped. */
	readonly refusedSendsMax: number;
	/** For how long they are the answer. */
	readonly refusedSendsMs: number;
}

/**
 * An hour is longer than a connection that its client has given up can bring anything. The number leaves each of 1,800 users its newest 36, or 256
 * its newest 256: 20 MB in memory, 8 MB on the disk.
 */
export const REFUSED_LIMITS: RefusedLimits = { refusedSendsMax: 65_536, refusedSendsMs: 3_600_000 };

/** Refused sends by `pair(sender, cid)`, in the order in which they were refused. */
export type RefusedSends<S extends RefusedSend = RefusedSend> = Map<string, S>;

/** Is it the answer still? One that seems to come from far ahead was stamped by a clock that has been put right since. */
export function isKept({ atMs }: RefusedSend, nowMs: number, { refusedSendsMs }: Pick<RefusedLimits, "refusedSendsMs">): boolean {
	return Math.abs(nowMs - atMs) <= refusedSendsMs;
}

/** How many are left once they were too many: some fewer than there may be, so that this is seldom done. */
export function keptAfterPruning({ refusedSendsMax }: Pick<RefusedLimits, "refusedSendsMax">): number {
	return refusedSendsMax - Math.floor(refusedSendsMax / 64);
}

/**
 * If they are too many at `nowMs`, drops those that are no answer any more, and of the others the oldest of whoever has most, until there is room
 * again: whoever floods loses its own. Returns what was dropped.
 */
export function prune<S extends RefusedSend>(sends: RefusedSends<S>, nowMs: number, limits: RefusedLimits): S[] {
	if (sends.size <= limits.refusedSendsMax) return [];
	// By place among the sender's own, its newest first.
	const places: string[][] = [];
	const counts = new Map<string, number>();
	let drop = sends.size - keptAfterPruning(limits);
	const dropped: S[] = [];
	for (const [key, send] of [...sends].reverse()) {
		const place = counts.get(send.sender) ?? 0;
		counts.set(send.sender, place + 1);
		if (isKept(send, nowMs, limits)) {
			places[place] ??= [];
			places[place].push(key);
		} else {
			sends.delete(key);
			dropped.push(send);
			drop--;
		}
	}
	for (const keys of places.reverse()) {
		for (const key of keys?.reverse() ?? []) {
			if (drop-- <= 0) return dropped;
			dropped.push(sends.get(key) as S);
			sends.delete(key);
		}
	}
	return dropped;
}
