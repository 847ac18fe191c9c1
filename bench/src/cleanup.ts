// Clean-up on exit and on interruption: servers and folders would outlive the process otherwise.

type CleanupTask = () => Promise<unknown>;

const registered = new Set<CleanupTask>();
/** Set once interrupted. */
let running: Promise<void> | undefined;

/** Runs the task if the bench is interrupted before `done` is called. */
export function registerCleanup(cleanUp: CleanupTask): { done(): void } {
	registered.add(cleanUp);
	return { done: () => void registered.delete(cleanUp) };
}

/** On SIGINT and SIGTERM: runs all tasks, then exits as a failed run. Once only: npm forwards Ctrl+C, so it may arrive twice. */
export function cleanUpOnSignals(): void {
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.on(signal, () => {
			running ??= Promise.allSettled([...registered].map((cleanUp) => cleanUp())).then(() => process.exit(130));
		});
}

/** The result of `work`. Errors during an interruption are ignored: they come from the servers being stopped. */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (cause) {
		await running;
		throw cause;
	}
}
