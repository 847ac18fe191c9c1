// The write buffer of a TCP connection: chunks that the kernel has not taken, written in order and in few calls.

/** Small chunks are joined here for one write. Shared by all connections: its contents are needed only during the call. */
const scratch = new Uint8Array(64 * 1024);

export interface Sink {
	/** Returns how many bytes the kernel took; below 0 if the socket is closed. */
	write(bytes: Uint8Array): number;
}

export class Backlog {
	private readonly chunks: Uint8Array[] = [];
	/** Total size of the chunks. */
	bytes = 0;

	/** `chunk` is not changed afterwards. */
	add(chunk: Uint8Array): void {
		this.chunks.push(chunk);
		this.bytes += chunk.length;
	}

	/** Writes as much as the kernel takes. */
	flush(sink: Sink): void {
		while (this.bytes > 0) {
			const whole = joined(this.nextBatch());
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

/** Writes `chunks` in one call and returns a copy of what was not taken; undefined if all was. */
export function writeOnce(chunks: readonly Uint8Array[], sink: Sink): Uint8Array | undefined {
	const whole = joined(chunks);
	const taken = Math.max(0, sink.write(whole));
	if (taken === whole.length) return undefined;
	const rest = whole.subarray(taken);
	return whole.buffer === scratch.buffer ? rest.slice() : rest;
}

/** The chunks joined: the only chunk itself, the shared scratch (valid until the next call), or a new buffer. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
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
