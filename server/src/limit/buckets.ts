// Token buckets by key (an address, a user), bounded in number. A full bucket is the same as no bucket and is swept out: each call looks at a
// few keys, without a timer. When the map is full of buckets in use, the least recently used is dropped: an attacker with many addresses is
// forgotten only after as many requests as the map has places.
import type { Clock } from "../base/clock.ts";
import { Bucket, type Rate } from "./bucket.ts";

/** Keys that each call sweeps: with two, the map shrinks faster than calls can fill it. */
const SWEPT_PER_CALL = 2;

export class Buckets {
	readonly #rate: Rate;
	readonly #clock: Pick<Clock, "monotonic">;
	readonly #keysMax: number;
	/** In order of last use: the first key is the least recently used. */
	readonly #byKey = new Map<string, Bucket>();

	/** `keysMax`: most keys remembered at once. */
	constructor(rate: Rate, clock: Pick<Clock, "monotonic">, keysMax = 100_000) {
		this.#rate = rate;
		this.#clock = clock;
		this.#keysMax = keysMax;
	}

	/** As `Bucket.take`, of the bucket of `key`. */
	take(key: string, cost = 1): number {
		return this.#used(key).take(cost);
	}

	/** As `Bucket.waitMs`; does not add an unknown key. */
	waitMs(key: string, cost = 1): number {
		return this.#byKey.get(key)?.waitMs(cost) ?? 0;
	}

	/** As `Bucket.spend`, of the bucket of `key`. */
	spend(key: string, cost: number): void {
		this.#used(key).spend(cost);
	}

	/** As `Bucket.giveBack`. */
	giveBack(key: string, cost = 1): void {
		this.#byKey.get(key)?.giveBack(cost);
	}

	/** Forgets what `key` has taken. */
	forget(key: string): void {
		this.#byKey.delete(key);
	}

	/** Keys remembered now, for metrics. */
	get size(): number {
		return this.#byKey.size;
	}

	#used(key: string): Bucket {
		this.#sweep();
		const bucket = this.#byKey.get(key) ?? new Bucket(this.#rate, this.#clock);
		this.#byKey.delete(key);
		this.#byKey.set(key, bucket);
		if (this.#byKey.size > this.#keysMax) this.#dropOldest();
		return bucket;
	}

	#sweep(): void {
		let looked = 0;
		for (const [key, bucket] of this.#byKey) {
			if (looked++ === SWEPT_PER_CALL || !bucket.isFull()) return;
			this.#byKey.delete(key);
		}
	}

	#dropOldest(): void {
		for (const key of this.#byKey.keys()) {
			this.#byKey.delete(key);
			return;
		}
	}
}
