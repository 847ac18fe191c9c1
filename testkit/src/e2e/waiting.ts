// Waiting for conditions: woken by events, with an error that describes what did not happen in time.

/** Default timeout, for a busy machine. */
export const PATIENCE_MS = 20_000;

/** A condition variable: `until` is re-evaluated at each `wake`. */
export class Waiting {
	private resume: Array<() => void> = [];

	/** Call after a change. */
	wake(): void {
		for (const resume of this.resume.splice(0)) resume();
	}

	/** Resolves when `holds`; rejects with `what` on a timeout, and at once if `holds` throws. */
	async until(holds: () => boolean, what: () => string, withinMs = PATIENCE_MS): Promise<void> {
		const endMs = performance.now() + withinMs;
		while (!holds()) {
			const leftMs = endMs - performance.now();
			if (leftMs <= 0) throw new Error(`not within ${withinMs / 1_000} s: ${what()}`);
			await this.change(leftMs);
		}
	}

	private change(withinMs: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, withinMs);
			this.resume.push(() => {
				clearTimeout(timer);
				resolve();
			});
		});
	}
}

/** Polls `ask` until it returns something other than undefined. */
export async function eventually<T>(ask: () => Promise<T | undefined>, what: () => string, withinMs = PATIENCE_MS): Promise<T> {
	const endMs = performance.now() + withinMs;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (performance.now() > endMs) throw new Error(`not within ${withinMs / 1_000} s: ${what()}`);
		await Bun.sleep(20);
	}
}
