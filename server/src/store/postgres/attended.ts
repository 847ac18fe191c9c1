/** The promise itself. Whoever is to wait for it may fail before that: its own failure is then of no more interest, and no unhandled one. */
export function attended<T>(promise: Promise<T>): Promise<T> {
	promise.catch(() => {});
	return promise;
}
