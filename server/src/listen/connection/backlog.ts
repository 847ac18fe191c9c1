// What was written to a TCP connection and not yet taken by the kernel: chunks in order, handed over in as few calls as fit.

/** Small writes are put together here: a socket takes them in one call, so one buffer serves all. */
const scratch = new Uint8Array(64 * 1024);

/** Where the bytes go: returns how many the kernel took, below 0 when the socket is gone. */
export interface Sink {
	write(bytes: Uint8Array): number;
}

export class Backlog {
	private readonly chunks: Uint8Array[] = [];
	/** In all chunks together. */
	bytes = 0;

	/** `chunk` is not changed afterwards. */
	add(chunk: Uint8Array): void {
		this.chunks.push(chunk);
		this.bytes += chunk.length;
	}

	/** Hands over as much as is taken. */
	flush(sink: Sink): void {
		while (this.bytes > 0) {
			const whole = together(this.nextBatch());
			const taken = Math.max(0, sink.write(whole));
			this.dropFirst(taken);
			if (taken < whole.length) return;
		}
	}

	/** The first chunks that fit into one write. */
	private nextBatch(): Uint8Array[] {
		let bytes = 0;
		let count = 0;
		for (const chunk of this.chunks) {
			bytes += chunk.length;
			if (count > 0 && bytes > scratch.length) break;
			count++;
		}
		return this.chunks.slice(0, count);
	}

	private dropFirst(bytes: number): void {
		this.bytes -= bytes;
		let whole = 0;
		let left = bytes;
		for (const chunk of this.chunks) {
			if (chunk.length > left) break;
			left -= chunk.length;
			whole++;
		}
		if (whole > 0) this.chunks.splice(0, whole);
		const first = this.chunks[0];
		if (first !== undefined && left > 0) this.chunks[0] = first.subarray(left);
	}
}

/** Hands `chunks` over in one call and returns what was not taken, in memory of its own; undefined if nothing was left. */
export function handOver(chunks: readonly Uint8Array[], sink: Sink): Uint8Array | undefined {
	const whole = together(chunks);
	const taken = Math.max(0, sink.write(whole));
	if (taken === whole.length) return undefined;
	const rest = whole.subarray(taken);
	return whole.buffer === scratch.buffer ? rest.slice() : rest;
}

/** The chunks as one: itself, the shared scratch (valid until the next call), or a new buffer. */
function together(chunks: readonly Uint8Array[]): Uint8Array {
	const [only] = chunks;
	if (only !== undefined && chunks.length === 1) return only;
	let bytes = 0;
	for (const chunk of chunks) bytes += chunk.length;
	const whole = bytes <= scratch.length ? scratch.subarray(0, bytes) : new Uint8Array(bytes);
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.length;
	}
	return whole;
}
