// A token bucket in one number, for every session: the time at which it will be full again (the generic cell rate algorithm, ITU-T I.371).
// It can be overdrawn.
import type { Rate } from "./bucket.ts";

/** Takes one token of a bucket that is full at `fullAtMs` (monotonic; 0: now); returns when it is full after that. */
export function take(fullAtMs: number, nowMs: number, rate: Rate): number {
	return Math.max(fullAtMs, nowMs) + 1_000 / rate.perSecond;
}

/** For how many ms the bucket stays overdrawn; 0 or less: it is not. */
export function owedMs(fullAtMs: number, nowMs: number, rate: Rate): number {
	return fullAtMs - nowMs - (rate.burst * 1_000) / rate.perSecond;
}
