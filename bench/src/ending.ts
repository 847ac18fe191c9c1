// What has to be ended when the bench ends, also when it is interrupted: servers and folders outlive the process otherwise.

type End = () => Promise<unknown>;

const open = new Set<End>();
/** Once interrupted: until this process is ended. */
let ending: Promise<void> | undefined;

/** Has `end` called if the bench is interrupted before `done` was called. */
export function endLater(end: End): { done(): void } {
	open.add(end);
	return { done: () => void open.delete(end) };
}

/** Ends everything on SIGINT and SIGTERM, then this process, as a failed run. Heard twice (npm passes Ctrl+C on) it is done once. */
export function endOnSignals(): void {
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.on(signal, () => {
			ending ??= Promise.allSettled([...open].map((end) => end())).then(() => process.exit(130));
		});
}

/** What `work` gives. What breaks because its servers are being ended says nothing: the interruption decides how the run ends. */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (cause) {
		await ending;
		throw cause;
	}
}
