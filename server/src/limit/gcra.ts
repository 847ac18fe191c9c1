// A token bucket in one number, for what every session has: the time at which it would be full again (the generic cell rate algorithm of
// ITU-T I.371). Tokens can be taken that are not there: then they are owed.
import type { Rate } from "./bucket.ts";

/** Takes one token of a bucket that is full at `fullAtMs` (monotonic; 0: it is), and gives when it is full after that. */
export function take(fullAtMs: number, nowMs: number, rate: Rate): number {
	return Math.max(fullAtMs, nowMs) + 1_000 / rate.perSecond;
}

/** For how long, in ms, tokens of the bucket are owed; 0 or less: none is. */
export function owedMs(fullAtMs: number, nowMs: number, rate: Rate): number {
	return fullAtMs - nowMs - (rate.burst * 1_000) / rate.perSecond;
}
