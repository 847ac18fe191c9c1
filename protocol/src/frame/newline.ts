// One frame a line, for text: JSON by `nc`, scripts and people. A line ends with \n or \r\n; neither belongs to the body, so a
// body holds no \n and does not end in \r.
import type { FrameEvent, Framer } from "./framer.ts";
import { Gather } from "./gather.ts";

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
	private readonly gather = new Gather();
	private error: FrameEvent | undefined;

	constructor(bytesMax: number) {
		this.bytesMax = bytesMax;
	}

	push(chunk: Uint8Array): void {
		if (this.error === undefined) this.gather.push(chunk);
	}

	keep(more?: Uint8Array): void {
		if (this.error === undefined) this.gather.keep(more);
	}

	next(): FrameEvent | undefined {
		if (this.error !== undefined) return this.error;
		const { gather } = this;
		const end = gather.indexInChunk(LF);
		const lineBytes = end < 0 ? gather.bytes : gather.heldBytes + end;
		// One more than the limit may be the \r of a line of full length.
		if (lineBytes > this.bytesMax + 1) return this.fail();
		if (end < 0) {
			gather.peek(this.bytesMax + 2);
			return undefined;
		}
		const line = gather.peek(lineBytes + 1);
		if (line === undefined) return undefined;
		gather.consume(lineBytes + 1);
		const body = line.subarray(0, line[lineBytes - 1] === CR ? lineBytes - 1 : lineBytes);
		return body.length > this.bytesMax ? this.fail() : { kind: "frame", body };
	}

	get midFrame(): boolean {
		return this.error === undefined && this.gather.bytes > 0;
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
		this.gather.clear();
		this.error = { kind: "error", code: "too_large", message: `a line is longer than the limit of ${this.bytesMax} bytes` };
		return this.error;
	}
}
