// Length-prefixed frames, the default on TCP.
//
//     without check   u32 length │ body
//     with check      u32 length │ u32 CRC-32C of the four length bytes │ body │ u32 CRC-32C of the body
//
// Numbers are big-endian; `length` is that of the body. The length has its own check because it locates the next frame: with one check
// over both, a flipped bit in the length would be detected only after waiting for bytes that may never come. A damaged body costs one
// frame; a damaged length is detected at once and ends the stream, and the client resumes on a new connection.

import { ChunkBuffer } from "./chunk-buffer.ts";
import { crc32c } from "./crc32c.ts";
import type { FrameEvent, Framer } from "./framer.ts";

export interface LengthOptions {
	/** Longest body, in bytes, both ways. */
	readonly bytesMax: number;
	/** Write and verify checks. */
	readonly crc: boolean;
}

export function lengthFramer(options: LengthOptions): Framer {
	return new LengthFramer(options);
}

/** Bytes that a length frame adds to its body. */
export function lengthOverheadBytes(crc: boolean): number {
	return crc ? 12 : 4;
}

class LengthFramer implements Framer {
	private readonly bytesMax: number;
	private readonly crc: boolean;
	private readonly headBytes: number;
	private readonly tailBytes: number;
	private readonly buffer = new ChunkBuffer();
	/** Body length of the current frame; undefined until its header is complete and verified. */
	private bodyBytes: number | undefined;
	private error: FrameEvent | undefined;

	constructor({ bytesMax, crc }: LengthOptions) {
		this.bytesMax = bytesMax;
		this.crc = crc;
		this.headBytes = crc ? 8 : 4;
		this.tailBytes = crc ? 4 : 0;
	}

	push(chunk: Uint8Array): void {
		if (this.error === undefined) this.buffer.push(chunk);
	}

	keep(more?: Uint8Array): void {
		if (this.error === undefined) this.buffer.keep(more);
	}

	next(): FrameEvent | undefined {
		if (this.error !== undefined) return this.error;
		if (this.bodyBytes === undefined) {
			const head = this.buffer.peek(this.headBytes);
			if (head === undefined) return undefined;
			const length = readU32(head, 0);
			if (this.crc && crc32c(head.subarray(0, 4)) !== readU32(head, 4)) {
				return this.fail("damaged", "the length of a frame was damaged on its way");
			}
			if (length > this.bytesMax) {
				return this.fail("too_large", `a frame of ${length} bytes is announced; the limit is ${this.bytesMax}`);
			}
			this.bodyBytes = length;
		}
		const frameBytes = this.headBytes + this.bodyBytes + this.tailBytes;
		const frame = this.buffer.peek(frameBytes);
		if (frame === undefined) return undefined;
		const bodyEnd = frameBytes - this.tailBytes;
		const body = frame.subarray(this.headBytes, bodyEnd);
		const sound = !this.crc || crc32c(body) === readU32(frame, bodyEnd);
		this.buffer.consume(frameBytes);
		this.bodyBytes = undefined;
		return sound ? { kind: "frame", body } : { kind: "damaged" };
	}

	get midFrame(): boolean {
		return this.error === undefined && this.buffer.bytes > 0;
	}

	encode(body: Uint8Array): Uint8Array {
		if (body.length > this.bytesMax) throw new RangeError(`a frame of ${body.length} bytes; the limit is ${this.bytesMax}`);
		const frame = new Uint8Array(this.headBytes + body.length + this.tailBytes);
		writeU32(frame, 0, body.length);
		frame.set(body, this.headBytes);
		if (this.crc) {
			writeU32(frame, 4, crc32c(frame.subarray(0, 4)));
			writeU32(frame, this.headBytes + body.length, crc32c(body));
		}
		return frame;
	}

	private fail(code: "too_large" | "damaged", message: string): FrameEvent {
		this.buffer.clear();
		this.error = { kind: "error", code, message };
		return this.error;
	}
}

function readU32(bytes: Uint8Array, at: number): number {
	const byte = (i: number): number => bytes[at + i] as number;
	return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >>> 24;
	bytes[at + 1] = value >>> 16;
	bytes[at + 2] = value >>> 8;
	bytes[at + 3] = value;
}
