// The steps of an end: one that fails does not keep the others from being taken.

/** Runs `steps` one after the other, whatever they throw or reject with; returns that. */
export async function runAll(steps: Iterable<() => unknown>): Promise<readonly unknown[]> {
	const failed: unknown[] = [];
	for (const step of steps) {
		try {
			await step();
		} catch (cause) {
			failed.push(cause);
		}
	}
	return failed;
}
