// A lock between the tabs of an origin, by Web Locks. The browser releases the locks of a tab that is closed.

/** After this wait the holder is assumed to hang: the log-in goes on without the lock, and the server decides. */
const WAIT_MS = 5_000;

/**
 * Acquires the lock `name`; resolves with the function that releases it. After 5 s, and without Web Locks (they need HTTPS), resolves
 * without the lock. Rejects with the reason of `signal`.
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
