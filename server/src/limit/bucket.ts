// A token bucket: refills by `perSecond`, holds at most `burst`, each request takes some. Without a timer: each call computes the refill
// from the monotonic clock.
import type { Clock } from "../base/clock.ts";

export interface Rate {
	/** Tokens refilled each second; above 0. */
	readonly perSecond: number;
	/** The bucket's capacity: what may be done at once when it is full. At least 1. */
	readonly burst: number;
}

/** Tolerance for sums of fractions: without it, a wait that was returned could prove too short by a millionth. */
const ROUNDING = 1e-6;

export class Bucket {
	readonly #rate: Rate;
	readonly #clock: Pick<Clock, "monotonic">;
	#tokens: number;
	#asOfMs: number;

	/** A full bucket. Throws `RangeError` for a rate that lets nothing through. */
	constructor(rate: Rate, clock: Pick<Clock, "monotonic">) {
		if (!(rate.perSecond > 0 && rate.burst >= 1)) throw new RangeError("a rate needs perSecond > 0 and burst ≥ 1");
		this.#rate = rate;
		this.#clock = clock;
		this.#tokens = rate.burst;
		this.#asOfMs = clock.monotonic();
	}

	/**
	 * Takes `cost` tokens and returns 0, or takes nothing and returns the whole milliseconds (at least 1) after which the same call would succeed
	 * if no other call takes tokens in between. A cost above the burst counts as the burst: it succeeds when the bucket is full, rather than never.
	 */
	take(cost = 1): number {
		const due = Math.min(cost, this.#rate.burst);
		this.#refill();
		const missing = due - this.#tokens;
		if (missing <= ROUNDING) {
			this.#tokens = Math.max(0, -missing);
			return 0;
		}
		return Math.max(1, Math.ceil((missing / this.#rate.perSecond) * 1000 - ROUNDING));
	}

	/** What `take` would return, without taking. */
	waitMs(cost = 1): number {
		const waitMs = this.take(cost);
		if (waitMs === 0) this.giveBack(cost);
		return waitMs;
	}

	/**
	 * Takes `cost` tokens (below 0: gives them back) whether or not they are there, for work whose cost is known only afterwards: the debt is
	 * refilled before anything else passes.
	 */
	spend(cost: number): void {
		this.#refill();
		this.#tokens = Math.min(this.#rate.burst, this.#tokens - cost);
	}

	/** Gives tokens back that need not have been taken; never above the burst. */
	giveBack(cost = 1): void {
		this.#tokens = Math.min(this.#rate.burst, this.#tokens + Math.min(cost, this.#rate.burst));
	}

	/** Is it full, and so the same as a new bucket? */
	isFull(): boolean {
		this.#refill();
		return this.#tokens >= this.#rate.burst;
	}

	#refill(): void {
		const nowMs = this.#clock.monotonic();
		const flowedIn = ((nowMs - this.#asOfMs) / 1000) * this.#rate.perSecond;
		this.#tokens = Math.min(this.#rate.burst, this.#tokens + Math.max(0, flowedIn));
		this.#asOfMs = nowMs;
	}
}
