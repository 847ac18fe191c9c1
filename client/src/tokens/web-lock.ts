// A lock between the tabs of an origin, by Web Locks. A tab that dies gives its locks back.

/** Whoever holds it for longer hangs: the hello goes on without it, and the server decides. */
const WAIT_MS = 5_000;

/**
 * Resolves, once this tab holds the lock `name`, with what gives it back; after 5 s, and where there are no locks (they need HTTPS), all the
 * same. Rejects with the reason of `signal`.
 */
export async function webLock(name: string, signal?: AbortSignal): Promise<() => Promise<void>> {
	const locks = typeof navigator === "undefined" ? undefined : (navigator.locks as LockManager | undefined);
	signal?.throwIfAborted();
	if (locks === undefined) return unguarded;
	const stop = new AbortController();
	const onAbort = (): void => stop.abort(signal?.reason);
	signal?.addEventListener("abort", onAbort);
	const timer = setTimeout(() => stop.abort(), WAIT_MS);
	try {
		return await new Promise((resolve, reject) => {
			const hold = (): Promise<void> => new Promise((release) => resolve(async () => release()));
			locks.request(name, { signal: stop.signal }, hold).catch(reject);
		});
	} catch {
		signal?.throwIfAborted();
		return unguarded;
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener("abort", onAbort);
	}
}

async function unguarded(): Promise<void> {}
