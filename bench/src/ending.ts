// What has to be ended when the bench ends, also when it is interrupted: servers and folders outlive the process otherwise.

type End = () => Promise<unknown>;

const open = new Set<End>();

/** Has `end` called if the bench is interrupted before `done` was called. */
export function endLater(end: End): { done(): void } {
	open.add(end);
	return { done: () => void open.delete(end) };
}

/** Ends everything on SIGINT and SIGTERM, then this process, as a failed run. */
export function endOnSignals(): void {
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.once(signal, () => void Promise.allSettled([...open].map((end) => end())).then(() => process.exit(130)));
}
