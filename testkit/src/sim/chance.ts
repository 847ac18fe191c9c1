// Seeded randomness in named streams: what one part takes does not change what another gets.
import { SeededRandom } from "../random.ts";

export class Chance extends SeededRandom {
	readonly seed: number;

	constructor(seed: number) {
		super(seed);
		this.seed = seed;
	}

	/** A stream of its own for `name`. The names are part of what a seed means: another name is another stream. */
	fork(name: string): Chance {
		let hash = 0x811c9dc5 ^ this.seed;
		for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
		return new Chance(Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d));
	}

	/** True with probability `p`. */
	hit(p: number): boolean {
		return p > 0 && this.float() < p;
	}

	between(low: number, high: number): number {
		return low + (high - low) * this.float();
	}

	pick<T>(among: readonly T[]): T {
		return among[this.below(among.length)] as T;
	}
}
