// Bytes that wait for the rest of their frame. What lies whole in the chunk last pushed is given as a view of it, without a
// copy; only the piece of a frame that a chunk ends in is held. The hold grows with what has arrived, at most doubling, never
// with what a header claims: a peer that promises a megabyte and sends a byte costs a few hundred bytes.

const EMPTY = new Uint8Array(0);
const HOLD_BYTES_MIN = 256;

export class Gather {
	private chunk: Uint8Array = EMPTY;
	private at = 0;
	private hold: Uint8Array = EMPTY;
	private holdBytes = 0;

	/** Takes the next chunk. The one before must have been used up, so that no more than one is ever kept alive. */
	push(chunk: Uint8Array): void {
		if (this.at < this.chunk.length) throw new Error("push before next() has given undefined");
		this.chunk = chunk;
		this.at = 0;
	}

	/** The chunk stays valid no longer: what was not consumed of it is copied, and `more` behind it. */
	keep(more: Uint8Array = EMPTY): void {
		const rest = this.chunk.subarray(this.at);
		const kept = new Uint8Array(rest.length + more.length);
		kept.set(rest);
		kept.set(more, rest.length);
		this.chunk = kept;
		this.at = 0;
	}

	/** Bytes there and not consumed. */
	get bytes(): number {
		return this.holdBytes + this.chunk.length - this.at;
	}

	/** Bytes held from earlier chunks; all others lie in the chunk. */
	get heldBytes(): number {
		return this.holdBytes;
	}

	/** Where `byte` first stands in the chunk, counted from its first byte not consumed; -1 if nowhere. */
	indexInChunk(byte: number): number {
		const found = this.chunk.indexOf(byte, this.at);
		return found < 0 ? -1 : found - this.at;
	}

	/**
	 * The first `count` bytes, or undefined if they have not all arrived: then the chunk is used up and nothing of it is kept
	 * but a copy of those bytes. The view is valid until the next `push`.
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

	/** Drops the first `count` bytes: those that the last `peek` has given. */
	consume(count: number): void {
		if (this.holdBytes === 0) {
			this.at += count;
		} else {
			// Given away as a view: the next frame gets memory of its own.
			this.hold = EMPTY;
			this.holdBytes = 0;
		}
		if (this.at === this.chunk.length) {
			this.chunk = EMPTY;
			this.at = 0;
		}
	}

	/** Lets go of everything. */
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
