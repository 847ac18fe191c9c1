// Waiting for what another process will say or do: woken by each event, and loud about what has not come in time.

/** Longer than anything that works takes, even on a machine that is busy with other things. */
export const PATIENCE_MS = 20_000;

/** Conditions that depend on nothing but what is looked at, woken by whoever changes it. */
export class Waiting {
	private resume: Array<() => void> = [];

	/** Something has changed. */
	wake(): void {
		for (const resume of this.resume.splice(0)) resume();
	}

	/** Resolves when `holds`; rejects with `what` when it does not come to that in time. `holds` may throw: then it rejects at once. */
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

/** For what tells nobody of its changes: asks again and again until `ask` gives something else than undefined. */
export async function eventually<T>(ask: () => Promise<T | undefined>, what: () => string, withinMs = PATIENCE_MS): Promise<T> {
	const endMs = performance.now() + withinMs;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (performance.now() > endMs) throw new Error(`not within ${withinMs / 1_000} s: ${what()}`);
		await Bun.sleep(20);
	}
}
