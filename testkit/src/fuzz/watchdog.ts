// Detects inputs on which the code does not return. Each input is copied into shared memory; a second thread reports one that takes too
// long, adds it to the corpus and kills the process.

/** Far above the time of any input. */
export const STUCK_MS = 30_000;

/** Layout in 32-bit words: count of begins and ends, target's index, input's length. The input's bytes follow. */
export const SHARED = { count: 0, target: 1, length: 2, headBytes: 12, bytesMax: 16_384 } as const;

export interface Watched {
	begin(input: Uint8Array): void;
	end(): void;
}

export class Watchdog {
	private readonly words: Int32Array;
	private readonly bytes: Uint8Array;
	private readonly worker: Worker;

	/** `targets`: their names. */
	constructor(targets: readonly string[]) {
		const shared = new SharedArrayBuffer(SHARED.headBytes + SHARED.bytesMax);
		this.words = new Int32Array(shared, 0, SHARED.headBytes / 4);
		this.bytes = new Uint8Array(shared, SHARED.headBytes);
		this.worker = new Worker(new URL("watchdog-thread.ts", import.meta.url).href);
		this.worker.postMessage({ shared, targets });
	}

	/** For the inputs of the target with this index. */
	over(target: number): Watched {
		const { words, bytes } = this;
		return {
			begin(input) {
				words[SHARED.target] = target;
				words[SHARED.length] = Math.min(input.length, SHARED.bytesMax);
				bytes.set(input.subarray(0, SHARED.bytesMax));
				Atomics.add(words, SHARED.count, 1);
			},
			end: () => void Atomics.add(words, SHARED.count, 1),
		};
	}

	stop(): void {
		this.worker.terminate();
	}
}
