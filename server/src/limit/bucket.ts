// A token bucket: `ratePerSecond` tokens flow in, at most `burst` lie in it, each act takes some. It needs no timer: what has
// flowed in is reckoned from the monotonic clock when somebody asks.
import type { Clock } from "../base/clock.ts";

export interface Rate {
	/** Tokens that flow in each second; above 0. */
	readonly perSecond: number;
	/** Most tokens that can lie in the bucket: what may be done at once after a rest. At least 1. */
	readonly burst: number;
}

/** What adding up fractions of tokens may lose: without it, a wait that was named could be short by a millionth. */
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
	 * Takes `cost` tokens and gives 0, or takes nothing and gives the milliseconds (whole, at least 1) after which the same
	 * call would succeed if nobody else takes in between. A cost above the burst counts as the burst: it passes when the
	 * bucket is full, rather than never.
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

	/** What `take` would give, without taking. */
	waitMs(cost = 1): number {
		const waitMs = this.take(cost);
		if (waitMs === 0) this.giveBack(cost);
		return waitMs;
	}

	/**
	 * Takes `cost` tokens (below 0: gives them back), be they there or not, for what is as dear as it turns out to be: what is missing has
	 * to flow in before anything else is let through.
	 */
	spend(cost: number): void {
		this.#refill();
		this.#tokens = Math.min(this.#rate.burst, this.#tokens - cost);
	}

	/** Puts tokens back that were taken for an act that did not count after all; never above the burst. */
	giveBack(cost = 1): void {
		this.#tokens = Math.min(this.#rate.burst, this.#tokens + Math.min(cost, this.#rate.burst));
	}

	/** Nothing has been taken for so long that a new bucket would be the same. */
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
