// Back-off against guessing: after some failures each further try has to wait, twice as long as the one before. A try counts as failed from its
// start, so that concurrent tries do not all count as the first; success clears the count.
import type { Clock } from "../base/clock.ts";

export interface FailureRule {
	/** Failures in a row without a wait. */
	readonly free: number;
	/** The wait after the next one, and the longest, in ms. */
	readonly waitMs: number;
	readonly waitMaxMs: number;
	/** Failures are forgotten this long after the end of the newest one's wait, in ms. */
	readonly forgetMs: number;
}

interface Tally {
	readonly count: number;
	readonly openFromMs: number;
	readonly forgottenFromMs: number;
}

export class Failures {
	readonly #rule: FailureRule;
	readonly #clock: Pick<Clock, "monotonic">;
	readonly #keysMax: number;
	/** In order of the newest try. */
	readonly #byKey = new Map<string, Tally>();

	/** `keysMax`: most keys remembered; the least recently tried is forgotten first. */
	constructor(rule: FailureRule, clock: Pick<Clock, "monotonic">, keysMax = 100_000) {
		this.#rule = rule;
		this.#clock = clock;
		this.#keysMax = keysMax;
	}

	/** Begins a try and returns 0: it counts as failed until `succeeded`. Or returns the ms to wait; then it does not count. */
	begin(key: string): number {
		const nowMs = this.#clock.monotonic();
		this.#sweep(nowMs);
		const before = this.#byKey.get(key);
		const known = before !== undefined && before.forgottenFromMs > nowMs ? before : undefined;
		if (known !== undefined && known.openFromMs > nowMs) return Math.ceil(known.openFromMs - nowMs);
		const count = (known?.count ?? 0) + 1;
		const openFromMs = nowMs + this.#waitAfter(count);
		this.#byKey.delete(key);
		this.#byKey.set(key, { count, openFromMs, forgottenFromMs: openFromMs + this.#rule.forgetMs });
		return 0;
	}

	/** The try succeeded: forgets all failures of the key. */
	succeeded(key: string): void {
		this.#byKey.delete(key);
	}

	/** The try has no result (the server was busy): it is not counted, those before it still are. */
	undecided(key: string): void {
		const tally = this.#byKey.get(key);
		if (tally === undefined) return;
		if (tally.count <= 1) this.#byKey.delete(key);
		else this.#byKey.set(key, { ...tally, count: tally.count - 1, openFromMs: this.#clock.monotonic() });
	}

	/** Keys remembered now, for metrics. */
	get size(): number {
		return this.#byKey.size;
	}

	#waitAfter(count: number): number {
		const beyond = count - this.#rule.free;
		return beyond <= 0 ? 0 : Math.min(this.#rule.waitMaxMs, this.#rule.waitMs * 2 ** (beyond - 1));
	}

	#sweep(nowMs: number): void {
		let looked = 0;
		for (const [key, tally] of this.#byKey) {
			const isOver = tally.forgottenFromMs <= nowMs || this.#byKey.size >= this.#keysMax;
			if (!isOver || looked++ === 2) return;
			this.#byKey.delete(key);
		}
	}
}
