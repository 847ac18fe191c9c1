// Writes messages as Protobuf into a shared scratch buffer. An embedded message is written in place, after one byte for its length, and
// moved in the rare case that the length needs more bytes.

import type { FieldShape, Loose, LooseOneof, Schema } from "../schema.ts";
import { EncodeError } from "./codec.ts";
import { encodingsOf } from "./shared-lists.ts";
import { encodeUtf8Into, isWellFormed } from "./utf8.ts";

/** `message` as Protobuf: the fields of the library's `toBinary`; a oneof is at the position of its smallest number. */
export function writeProto(schema: Schema, message: Loose): Uint8Array {
	at = 0;
	writeMessage(schema, message);
	const bytes = scratch.slice(0, at);
	if (scratch.length > SCRATCH_BYTES_KEPT) useScratch(new Uint8Array(SCRATCH_BYTES_KEPT));
	return bytes;
}

const VARINT = 0;
const BIT64 = 1;
const LENGTH_DELIMITED = 2;
/** Room for a tag and a varint of 32 bits, or a double. */
const SCALAR_BYTES_MAX = 16;
/** Scratch kept between messages: enough for a page. A larger buffer is released. */
const SCRATCH_BYTES_KEPT = 256 * 1024;
/** Up to this length a loop over UTF-16 units is faster than a call into the runtime. */
const SHORT_TEXT_UNITS = 48;

let scratch = new Uint8Array(SCRATCH_BYTES_KEPT);
let view = new DataView(scratch.buffer);
let at = 0;

function writeMessage(schema: Schema, message: Loose): void {
	for (const member of schema.members) {
		if (member.field !== undefined) {
			writeField(member.field, message[member.field.name]);
			continue;
		}
		const { case: name, value } = message[member.oneof] as LooseOneof;
		if (name === undefined) continue;
		const chosen = member.cases.get(name);
		if (chosen === undefined) throw new EncodeError("malformed", `${schema.typeName} has no ${member.oneof} called ${name}`);
		writeValue(chosen, value);
	}
}

/** A field outside a oneof is omitted if it has its zero value. */
function writeField(field: FieldShape, value: unknown): void {
	if (field.repeated) {
		writeList(field, value as unknown[]);
	} else if (value !== undefined && value !== 0 && value !== "" && value !== false) {
		writeValue(field, value);
	} else if (Object.is(value, -0)) {
		writeValue(field, value);
	}
}

function writeList(field: FieldShape, list: readonly unknown[]): void {
	const encodings = encodingsOf(list);
	const known = encodings?.proto;
	if (known !== undefined) {
		reserve(known.length);
		scratch.set(known, at);
		at += known.length;
		return;
	}
	const start = at;
	for (const item of list) writeValue(field, item);
	if (encodings !== undefined) encodings.proto = scratch.slice(start, at);
}

function writeValue(field: FieldShape, value: unknown): void {
	reserve(SCALAR_BYTES_MAX);
	switch (field.kind) {
		case "string":
			if (typeof value !== "string") return wrong(field, value);
			writeVarint((field.number << 3) | LENGTH_DELIMITED);
			return writeText(field, value);
		case "message": {
			if (typeof value !== "object" || value === null || field.message === undefined) return wrong(field, value);
			writeVarint((field.number << 3) | LENGTH_DELIMITED);
			const start = at++;
			writeMessage(field.message, value as Loose);
			return closeLength(start);
		}
		case "uint32":
			if (typeof value !== "number" || value >>> 0 !== value) return wrong(field, value);
			writeVarint((field.number << 3) | VARINT);
			return writeVarint(value);
		case "enum":
			if (typeof value !== "number" || (value | 0) !== value) return wrong(field, value);
			writeVarint((field.number << 3) | VARINT);
			return value < 0 ? writeNegative(value) : writeVarint(value);
		case "bool":
			if (typeof value !== "boolean") return wrong(field, value);
			writeVarint((field.number << 3) | VARINT);
			scratch[at++] = value ? 1 : 0;
			return;
		case "double":
			if (typeof value !== "number") return wrong(field, value);
			writeVarint((field.number << 3) | BIT64);
			view.setFloat64(at, value, true);
			at += 8;
			return;
	}
}

function writeVarint(value: number): void {
	let rest = value >>> 0;
	while (rest > 0x7f) {
		scratch[at++] = (rest & 0x7f) | 0x80;
		rest >>>= 7;
	}
	scratch[at++] = rest;
}

/** Protobuf extends the sign of an enum to 64 bits. */
function writeNegative(value: number): void {
	for (let i = 0; i < 4; i++) scratch[at++] = ((value >> (7 * i)) & 0x7f) | 0x80;
	scratch[at++] = ((value >> 28) & 0x0f) | 0xf0;
	for (let i = 0; i < 4; i++) scratch[at++] = 0xff;
	scratch[at++] = 1;
}

function writeText(field: FieldShape, text: string): void {
	reserve(text.length * 3 + SCALAR_BYTES_MAX);
	const start = at++;
	if (text.length > SHORT_TEXT_UNITS || !writeAscii(text)) {
		if (!isWellFormed(text)) throw new EncodeError("bad_utf8", `${field.name} holds an unpaired surrogate`);
		at = start + 1;
		at += encodeUtf8Into(text, scratch.subarray(at));
	}
	closeLength(start);
}

/** Writes until the first unit that is not ASCII. */
function writeAscii(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (unit > 0x7f) return false;
		scratch[at++] = unit;
	}
	return true;
}

/** Writes the length of the bytes since `start` at `start`, where one byte was reserved for it. */
function closeLength(start: number): void {
	const length = at - start - 1;
	if (length < 0x80) {
		scratch[start] = length;
		return;
	}
	const more = length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : length < 0x1000_0000 ? 3 : 4;
	reserve(more);
	scratch.copyWithin(start + 1 + more, start + 1, at);
	const end = at + more;
	at = start;
	writeVarint(length);
	at = end;
}

function reserve(bytes: number): void {
	if (at + bytes <= scratch.length) return;
	const grown = new Uint8Array(Math.max(scratch.length * 2, at + bytes));
	grown.set(scratch.subarray(0, at));
	useScratch(grown);
}

function useScratch(bytes: Uint8Array<ArrayBuffer>): void {
	scratch = bytes;
	view = new DataView(bytes.buffer);
}

function wrong(field: FieldShape, value: unknown): never {
	throw new EncodeError("malformed", `${field.name} is no ${field.kind}: ${String(value)}`);
}
