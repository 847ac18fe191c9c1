// The contract of a framer: bytes in, events out. It knows no sockets and no clock.

export type FrameEvent =
	/** One whole frame. `body` is a view that is valid until the next call to `push`. */
	| { readonly kind: "frame"; readonly body: Uint8Array }
	/** A whole frame whose check failed: dropped; the stream goes on with the next. */
	| { readonly kind: "damaged" }
	/**
	 * The stream cannot be read any further; close it with the code of this name: `too_large` is the peer's mistake, `damaged`
	 * is the way's (nobody can tell where the next frame begins), and a new connection goes on.
	 */
	| { readonly kind: "error"; readonly code: "too_large" | "damaged"; readonly message: string };

/**
 * Cuts a byte stream into frames. `push` takes a chunk of any size, `next` gives one event, or undefined when it needs more;
 * only then may the next chunk be pushed. After an error every further call gives the same error. It never holds more than one frame of the maximum and its header,
 * beside the chunk last pushed.
 */
export interface Framer {
	push(chunk: Uint8Array): void;
	next(): FrameEvent | undefined;
	/**
	 * Copies what is left of the chunk last pushed, and `more` that came behind it, so that `next` can be called when they are not valid any
	 * more. A chunk may be pushed only when `next` has given undefined; until then what comes is kept.
	 */
	keep(more?: Uint8Array): void;
	/** Is a frame begun and not yet whole? The deadline per frame runs while it is. */
	readonly midFrame: boolean;
	/** The bytes that carry `body` as one frame. Throws `RangeError` for a body that this framing cannot carry. */
	encode(body: Uint8Array): Uint8Array;
}
