// Contract of a framer: bytes in, events out. No sockets, no clock.

export type FrameEvent =
	/** One whole frame. `body` is a view that is valid until the next call to `push`. */
	| { readonly kind: "frame"; readonly body: Uint8Array }
	/** A whole frame with a wrong checksum: dropped; the stream continues with the next one. */
	| { readonly kind: "damaged" }
	/**
	 * The stream cannot be decoded any further; close it with this code. `too_large`: the peer's mistake. `damaged`: a corrupt length, so
	 * that the start of the next frame is unknown; reconnect.
	 */
	| { readonly kind: "error"; readonly code: "too_large" | "damaged"; readonly message: string };

/**
 * Splits a byte stream into frames. `push` takes a chunk of any size; `next` returns one event, or undefined when it needs more, and
 * only then may the next chunk be pushed. An error is final: further calls return it again. Holds at most one frame of maximum size with
 * its header, beside the last chunk.
 */
export interface Framer {
	push(chunk: Uint8Array): void;
	next(): FrameEvent | undefined;
	/**
	 * Copies the rest of the last chunk, and `more` bytes that followed it, so that `next` can be called after their buffers are invalid. For
	 * a reader that pauses before `next` has returned undefined, when `push` is not allowed.
	 */
	keep(more?: Uint8Array): void;
	/** Whether a frame is incomplete: the deadline per frame applies. */
	readonly midFrame: boolean;
	/** `body` as one frame. Throws `RangeError` for a body that this framing cannot carry. */
	encode(body: Uint8Array): Uint8Array;
}
