/** Redis answers, and cannot be used; the message says why and what to do. */
export class BusOpenError extends Error {
	constructor(message: string, cause?: unknown) {
		super(message, { cause });
		this.name = "BusOpenError";
	}
}
