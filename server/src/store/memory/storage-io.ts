// I/O of the memory store: when a batch is durable, whether it can be at all, and how long a read
// takes. Tests inject faults; a simulator brings its own.
import type { Clock } from "../../base/clock.ts";
import type { BatchResult } from "../batches.ts";
import type { Draft } from "../store.ts";

export interface StorageIo {
	/**
	 * Makes a batch durable: calls `carryOut` once, at the moment from which it would survive a crash and can be read, and
	 * resolves with what that gave, then or later. Or it calls nothing and resolves with an error: nothing of it is written.
	 */
	commit(drafts: readonly Draft[], carryOut: () => BatchResult): Promise<BatchResult>;
	/** Calls `look` at the moment as of which a read answers, and resolves with what that gave, then or later. */
	read<T>(look: () => T): Promise<T>;
	/** Would a commit be tried? */
	readonly healthy: boolean;
}

/** What can go wrong with a disk, on demand. */
export interface MemoryFaults {
	/** The next `count` commits are refused: all their drafts get `unavailable`, nothing of them is written. */
	failCommits(count: number): void;
	/** Each commit takes this long from now on; 0: until the end of the turn. Nothing of it is to be read before. */
	delayCommits(ms: number): void;
	/** Each answer of a read comes this late from now on, as it was when asked. */
	delayReads(ms: number): void;
}

/** I/O that works, except as its faults say. */
export function faultableIo(clock: Pick<Clock, "after" | "soon">): StorageIo & { readonly faults: MemoryFaults } {
	let failing = 0;
	let commitDelayMs = 0;
	let readDelayMs = 0;
	const wait = (ms: number): Promise<void> =>
		new Promise((resolve) => {
			if (ms > 0) clock.after(ms, resolve);
			else clock.soon(resolve);
		});
	return {
		faults: {
			failCommits(count) {
				failing = count;
			},
			delayCommits(ms) {
				commitDelayMs = ms;
			},
			delayReads(ms) {
				readDelayMs = ms;
			},
		},
		async commit(_drafts, carryOut) {
			await wait(commitDelayMs);
			if (failing === 0) return carryOut();
			failing--;
			return { error: "the disk was told to fail" };
		},
		async read(look) {
			const answer = look();
			if (readDelayMs > 0) await wait(readDelayMs);
			return answer;
		},
		get healthy() {
			return failing === 0;
		},
	};
}
