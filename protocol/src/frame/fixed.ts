// Frames of a fixed length, for example records of devices. No padding: a sender that pads includes the padding in the body.

import { ChunkBuffer } from "./chunk-buffer.ts";
import type { FrameEvent, Framer } from "./framer.ts";

export interface FixedOptions {
	/** Length of every body, in bytes; at least 1. */
	readonly bytes: number;
}

export function fixedFramer({ bytes }: FixedOptions): Framer {
	if (!Number.isInteger(bytes) || bytes < 1) throw new RangeError(`a fixed frame of ${bytes} bytes; at least 1 is needed`);
	return new FixedFramer(bytes);
}

class FixedFramer implements Framer {
	private readonly bytes: number;
	private readonly buffer = new ChunkBuffer();

	constructor(bytes: number) {
		this.bytes = bytes;
	}

	push(chunk: Uint8Array): void {
		this.buffer.push(chunk);
	}

	keep(more?: Uint8Array): void {
		this.buffer.keep(more);
	}

	next(): FrameEvent | undefined {
		const body = this.buffer.peek(this.bytes);
		if (body === undefined) return undefined;
		this.buffer.consume(this.bytes);
		return { kind: "frame", body };
	}

	get midFrame(): boolean {
		return this.buffer.bytes > 0;
	}

	encode(body: Uint8Array): Uint8Array {
		if (body.length !== this.bytes) throw new RangeError(`a body of ${body.length} bytes in frames of ${this.bytes}`);
		return body.slice();
	}
}
