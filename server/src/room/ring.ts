// The newest entries of a room, as the pushes that carried them, encodings included: a subscriber slightly behind is served from
// here, without the store and without encoding again.
import type { EntriesPush } from "./push.ts";

const NONE: EntriesPush[] = [];

export class Ring {
	private readonly entriesMax: number;
	private pushes = NONE;
	private entries = 0;

	constructor(entriesMax: number) {
		this.entriesMax = entriesMax;
	}

	/** `push` continues the ring: its first seq is one past the last. */
	add(push: EntriesPush): void {
		if (this.pushes === NONE) this.pushes = [push];
		else this.pushes.push(push);
		this.entries += push.count;
		let drop = 0;
		while (drop < this.pushes.length - 1 && this.entries > this.entriesMax) {
			this.entries -= this.pushes[drop]?.count ?? 0;
			drop++;
		}
		if (drop > 0) this.pushes = this.pushes.slice(drop);
	}

	clear(): void {
		this.pushes = NONE;
		this.entries = 0;
	}

	/** The push that begins right after `seq`; undefined: it is only in the store. */
	after(seq: number): EntriesPush | undefined {
		let low = 0;
		let high = this.pushes.length - 1;
		while (low <= high) {
			const middle = (low + high) >> 1;
			const push = this.pushes[middle] as EntriesPush;
			if (push.from === seq + 1) return push;
			if (push.from <= seq) low = middle + 1;
			else high = middle - 1;
		}
		return undefined;
	}
}
