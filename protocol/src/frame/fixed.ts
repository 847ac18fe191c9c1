// Frames of one length, agreed beforehand: records of devices, test rigs. Nothing is padded: what fills a frame up, if
// anything, is the sender's matter, and belongs to the body.
import type { FrameEvent, Framer } from "./framer.ts";
import { Gather } from "./gather.ts";

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
	private readonly gather = new Gather();

	constructor(bytes: number) {
		this.bytes = bytes;
	}

	push(chunk: Uint8Array): void {
		this.gather.push(chunk);
	}

	keep(more?: Uint8Array): void {
		this.gather.keep(more);
	}

	next(): FrameEvent | undefined {
		const body = this.gather.peek(this.bytes);
		if (body === undefined) return undefined;
		this.gather.consume(this.bytes);
		return { kind: "frame", body };
	}

	get midFrame(): boolean {
		return this.gather.bytes > 0;
	}

	encode(body: Uint8Array): Uint8Array {
		if (body.length !== this.bytes) throw new RangeError(`a body of ${body.length} bytes in frames of ${this.bytes}`);
		return body.slice();
	}
}
