// Splits bytes into lines on demand. A line ends with \n, \r\n or telnet's \r\0. One that is longer than the limit is dropped up to its end and
// reported once.
import { TelnetFilter } from "./telnet.ts";

export type LineEvent =
	| { readonly kind: "line"; readonly text: string }
	| { readonly kind: "wrong"; readonly code: "too_large" | "bad_utf8"; readonly message: string };

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);
/** Without state between lines, hence shared. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class LineReader {
	private readonly bytesMax: number;
	private readonly telnet = new TelnetFilter();
	private buffer: Uint8Array = EMPTY;
	private start = 0;
	private end = 0;
	/** Bytes from `start` that contain no end of a line. */
	private searched = 0;
	private skipping = false;
	private ended = false;

	/** `bytesMax`: longest line, its end excluded. */
	constructor(bytesMax: number) {
		this.bytesMax = bytesMax;
	}

	/** Bytes that wait. */
	get bytes(): number {
		return this.end - this.start;
	}

	push(chunk: Uint8Array): void {
		this.append(this.telnet.filter(chunk));
	}

	/** The end of input: a rest without an end is the last line. */
	finish(): void {
		this.append(this.telnet.finish());
		this.ended = true;
	}

	/** The next line; undefined until more has come. */
	next(): LineEvent | undefined {
		for (;;) {
			const found = this.findEnd();
			if (found === undefined) {
				// One byte more is allowed: a \r may be the first half of the end.
				if (this.bytes > this.bytesMax + 1) return this.overlong();
				if (!this.ended || this.bytes === 0) return undefined;
			}
			const at = found?.at ?? this.end;
			const line = this.buffer.subarray(this.start, at);
			this.advance(found === undefined ? this.end : at + found.bytes);
			// For \r\0 the \r is already removed; another one belongs to the line.
			if (!this.skipping) return this.decode(found?.bytes === 2 ? line : withoutCr(line));
			this.skipping = false;
		}
	}

	private decode(line: Uint8Array): LineEvent {
		if (line.length > this.bytesMax) return this.tooLarge();
		try {
			return { kind: "line", text: utf8.decode(line) };
		} catch {
			return { kind: "wrong", code: "bad_utf8", message: "a line must be UTF-8; this one was dropped" };
		}
	}

	/** The line is too long and has no end yet: discards it, reports it once, and continues after its end. */
	private overlong(): LineEvent | undefined {
		// A last \r may be half of the end.
		this.advance(this.buffer[this.end - 1] === CR ? this.end - 1 : this.end);
		if (this.skipping) return undefined;
		this.skipping = true;
		return this.tooLarge();
	}

	private tooLarge(): LineEvent {
		return { kind: "wrong", code: "too_large", message: `a line has at most ${this.bytesMax} bytes; this one was dropped` };
	}

	private findEnd(): { readonly at: number; readonly bytes: number } | undefined {
		for (let at = this.start + this.searched; at < this.end; at++) {
			const byte = this.buffer[at];
			if (byte === LF) return { at, bytes: 1 };
			if (byte === CR && this.buffer[at + 1] === 0 && at + 1 < this.end) return { at, bytes: 2 };
		}
		// The last byte is searched again: it may be the \r before a \0.
		this.searched = Math.max(0, this.bytes - 1);
		return undefined;
	}

	private advance(to: number): void {
		this.start = to;
		this.searched = 0;
		if (this.start < this.end) return;
		this.start = 0;
		this.end = 0;
		this.buffer = EMPTY;
	}

	private append(text: Uint8Array): void {
		this.reserve(text.length);
		this.buffer.set(text, this.end);
		this.end += text.length;
	}

	private reserve(bytes: number): void {
		if (this.end + bytes <= this.buffer.length) return;
		const kept = this.bytes;
		const room = kept + bytes <= this.buffer.length ? this.buffer : new Uint8Array(Math.max(kept + bytes, kept * 2));
		room.set(this.buffer.subarray(this.start, this.end));
		this.buffer = room;
		this.start = 0;
		this.end = kept;
	}
}

/** Removes the \r of \r\n, or of an end that was cut off. */
function withoutCr(line: Uint8Array): Uint8Array {
	return line[line.length - 1] === CR ? line.subarray(0, -1) : line;
}
