/** Marks a rejection as handled: the caller may fail before it awaits this promise. */
export function attended<T>(promise: Promise<T>): Promise<T> {
	promise.catch(() => {});
	return promise;
}
