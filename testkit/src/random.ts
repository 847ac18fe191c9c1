// Seeded randomness (mulberry32): the same seed gives the same run.
export class SeededRandom {
	private state: number;

	constructor(seed: number) {
		this.state = seed >>> 0;
	}

	readonly float = (): number => {
		this.state = (this.state + 0x6d2b79f5) >>> 0;
		let t = this.state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
	};

	readonly bytes = (count: number): Uint8Array => {
		const bytes = new Uint8Array(count);
		for (let i = 0; i < count; i++) bytes[i] = Math.floor(this.float() * 256);
		return bytes;
	};

	/** A whole number from 0 to `below` − 1. */
	readonly below = (below: number): number => Math.floor(this.float() * below);
}
