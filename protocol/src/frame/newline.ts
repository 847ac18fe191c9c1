// One frame per line, for JSON from `nc` and scripts. A line ends with \n or \r\n, which are not part of the body: a body contains no \n
// and does not end in \r.

import { ChunkBuffer } from "./chunk-buffer.ts";
import type { FrameEvent, Framer } from "./framer.ts";

const LF = 0x0a;
const CR = 0x0d;

export interface NewlineOptions {
	/** Longest body, in bytes, without the line's end. */
	readonly bytesMax: number;
}

export function newlineFramer(options: NewlineOptions): Framer {
	return new NewlineFramer(options.bytesMax);
}

class NewlineFramer implements Framer {
	private readonly bytesMax: number;
	private readonly buffer = new ChunkBuffer();
	private error: FrameEvent | undefined;

	constructor(bytesMax: number) {
		this.bytesMax = bytesMax;
	}

	push(chunk: Uint8Array): void {
		if (this.error === undefined) this.buffer.push(chunk);
	}

	keep(more?: Uint8Array): void {
		if (this.error === undefined) this.buffer.keep(more);
	}

	next(): FrameEvent | undefined {
		if (this.error !== undefined) return this.error;
		const { buffer } = this;
		const end = buffer.indexInChunk(LF);
		const lineBytes = end < 0 ? buffer.bytes : buffer.heldBytes + end;
		// One byte more than the limit may be the \r of a line of maximum length.
		if (lineBytes > this.bytesMax + 1) return this.fail();
		if (end < 0) {
			buffer.peek(this.bytesMax + 2);
			return undefined;
		}
		const line = buffer.peek(lineBytes + 1);
		if (line === undefined) return undefined;
		buffer.consume(lineBytes + 1);
		const body = line.subarray(0, line[lineBytes - 1] === CR ? lineBytes - 1 : lineBytes);
		return body.length > this.bytesMax ? this.fail() : { kind: "frame", body };
	}

	get midFrame(): boolean {
		return this.error === undefined && this.buffer.bytes > 0;
	}

	encode(body: Uint8Array): Uint8Array {
		if (body.length > this.bytesMax) throw new RangeError(`a line of ${body.length} bytes; the limit is ${this.bytesMax}`);
		if (body.includes(LF)) throw new RangeError("a line cannot hold a line feed");
		if (body[body.length - 1] === CR) throw new RangeError("a line cannot end in a carriage return");
		const line = new Uint8Array(body.length + 1);
		line.set(body);
		line[body.length] = LF;
		return line;
	}

	private fail(): FrameEvent {
		this.buffer.clear();
		this.error = { kind: "error", code: "too_large", message: `a line is longer than the limit of ${this.bytesMax} bytes` };
		return this.error;
	}
}
