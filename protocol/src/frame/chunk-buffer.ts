// Buffers incomplete frames. A frame that is whole in the last chunk is returned as a view, without a copy; only the partial frame at a
// chunk's end is copied. The buffer grows by doubling with the bytes received, never by the length that a header claims: a peer that
// claims a megabyte and sends one byte costs a few hundred bytes.

const EMPTY = new Uint8Array(0);
const HOLD_BYTES_MIN = 256;

export class ChunkBuffer {
	private chunk: Uint8Array = EMPTY;
	private at = 0;
	private hold: Uint8Array = EMPTY;
	private holdBytes = 0;

	/** Takes the next chunk. The previous one must be consumed: at most one is referenced. */
	push(chunk: Uint8Array): void {
		if (this.at < this.chunk.length) throw new Error("push before next() has given undefined");
		this.chunk = chunk;
		this.at = 0;
	}

	/** The chunk's buffer becomes invalid: copies its unconsumed bytes, and `more` after them. */
	keep(more: Uint8Array = EMPTY): void {
		const rest = this.chunk.subarray(this.at);
		const kept = new Uint8Array(rest.length + more.length);
		kept.set(rest);
		kept.set(more, rest.length);
		this.chunk = kept;
		this.at = 0;
	}

	/** Unconsumed bytes. */
	get bytes(): number {
		return this.holdBytes + this.chunk.length - this.at;
	}

	/** Unconsumed bytes copied from earlier chunks. */
	get heldBytes(): number {
		return this.holdBytes;
	}

	/** Index of the first `byte` in the chunk, from its first unconsumed byte; -1 if there is none. */
	indexInChunk(byte: number): number {
		const found = this.chunk.indexOf(byte, this.at);
		return found < 0 ? -1 : found - this.at;
	}

	/**
	 * The first `count` bytes; undefined if they have not all arrived, and then the chunk is copied and consumed. The view is valid until
	 * the next `push`.
	 */
	peek(count: number): Uint8Array | undefined {
		if (this.holdBytes === 0 && this.chunk.length - this.at >= count) return this.chunk.subarray(this.at, this.at + count);
		const taken = Math.min(count - this.holdBytes, this.chunk.length - this.at);
		if (taken > 0) {
			this.reserve(this.holdBytes + taken, count);
			this.hold.set(this.chunk.subarray(this.at, this.at + taken), this.holdBytes);
			this.holdBytes += taken;
			this.at += taken;
		}
		if (this.holdBytes >= count) return this.hold.subarray(0, count);
		this.chunk = EMPTY;
		this.at = 0;
		return undefined;
	}

	/** Drops the first `count` bytes, which the last `peek` has returned. */
	consume(count: number): void {
		if (this.holdBytes === 0) {
			this.at += count;
		} else {
			// A view of it was returned: the next frame gets a new buffer.
			this.hold = EMPTY;
			this.holdBytes = 0;
		}
		if (this.at === this.chunk.length) {
			this.chunk = EMPTY;
			this.at = 0;
		}
	}

	/** Releases all buffers. */
	clear(): void {
		this.chunk = EMPTY;
		this.at = 0;
		this.hold = EMPTY;
		this.holdBytes = 0;
	}

	private reserve(bytes: number, bytesMax: number): void {
		if (bytes <= this.hold.length) return;
		const grown = new Uint8Array(Math.min(bytesMax, Math.max(bytes, this.hold.length * 2, HOLD_BYTES_MIN)));
		grown.set(this.hold.subarray(0, this.holdBytes));
		this.hold = grown;
	}
}
