// Strict Protobuf decoding: checks each length against its frame and parent, each field against its wire type, each text as UTF-8. A
// duplicate field, or two fields of a oneof, are errors.

import type { FieldShape, Loose, LooseOneof, Schema } from "../schema.ts";
import { DecodeError } from "./codec.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Called for a field that is not in the schema. Throws, or returns to ignore it. `isBlock`: it may be a message. */
export type UnknownNumber = (schema: Schema, number: number, isBlock: boolean) => void;

/**
 * Reads all of `bytes` into `into`, a blank message. Throws `DecodeError`; what was read until then is in `into`. A list of more than
 * `listMax` elements is `too_large`: an empty element takes two bytes of a frame and makes an object.
 */
export function readProto(schema: Schema, bytes: Uint8Array, into: Loose, unknown: UnknownNumber, listMax: number): void {
	new Reader(bytes, unknown, listMax).message(schema, into, bytes.length);
}

const VARINT = 0;
const BIT64 = 1;
const LENGTH_DELIMITED = 2;
const BIT32 = 5;
/** The last five bytes of a negative number's varint. */
const SIGN_EXTENSION = [0xff, 0xff, 0xff, 0xff, 0x01];
/** Up to this length a loop over bytes is faster than a call into the runtime. */
const SHORT_TEXT_BYTES = 16;

class Reader {
	private readonly bytes: Uint8Array;
	private readonly unknown: UnknownNumber;
	private readonly listMax: number;
	private at = 0;

	constructor(bytes: Uint8Array, unknown: UnknownNumber, listMax: number) {
		this.bytes = bytes;
		this.unknown = unknown;
		this.listMax = listMax;
	}

	message(schema: Schema, into: Loose, end: number): void {
		/** Bit set of the fields seen. Fields of oneofs and lists are not in it; all others have numbers up to 31. */
		let seen = 0;
		while (this.at < end) {
			const tag = this.uint32(end);
			const number = tag >>> 3;
			const field = schema.byNumber[number];
			if (field === undefined) {
				if (number === 0) throw malformed(`${schema.typeName} has a field with number 0`);
				this.unknown(schema, number, (tag & 7) === LENGTH_DELIMITED);
				this.skip(tag & 7, end);
			} else {
				if ((tag & 7) !== wireTypeOf(field)) throw malformed(`${schema.typeName}.${field.name} has wire type ${tag & 7}`);
				if (field.oneof === undefined && !field.repeated) {
					if ((seen & (1 << number)) !== 0) throw malformed(`${schema.typeName}.${field.name} comes twice`);
					seen |= 1 << number;
				}
				this.field(schema, field, into, end);
			}
		}
	}

	private field(schema: Schema, field: FieldShape, into: Loose, end: number): void {
		const value = this.value(field, end);
		if (field.oneof !== undefined) {
			const oneof = into[field.oneof] as LooseOneof;
			if (oneof.case !== undefined) throw malformed(`${schema.typeName} has both ${oneof.case} and ${field.name}`);
			into[field.oneof] = { case: field.name, value };
		} else if (field.repeated) {
			const list = into[field.name] as unknown[];
			if (list.length >= this.listMax) throw new DecodeError("too_large", `${field.name} has more than ${this.listMax} elements`);
			list.push(value);
		} else {
			into[field.name] = value;
		}
	}

	private value(field: FieldShape, end: number): unknown {
		switch (field.kind) {
			case "string":
				return this.text(field, this.length(end));
			case "message": {
				const schema = field.message as Schema;
				const message = schema.blank() as unknown as Loose;
				const length = this.length(end);
				this.message(schema, message, this.at + length);
				return message;
			}
			case "uint32":
				return this.uint32(end);
			case "enum":
				return this.int32(end);
			case "bool":
				return this.bool(end);
			case "double":
				return this.double(end);
		}
	}

	/** A varint of at most 32 bits; a larger one is refused, not truncated. */
	private uint32(end: number): number {
		let value = 0;
		for (let shift = 0; shift < 35; shift += 7) {
			if (this.at >= end) throw malformed("the message ends within a number");
			const byte = this.bytes[this.at++] as number;
			if (shift === 28 && byte > 0x0f) break;
			value |= (byte & 0x7f) << shift;
			if (byte < 0x80) return value >>> 0;
		}
		throw malformed("a number has more than 32 bits");
	}

	private bool(end: number): boolean {
		const value = this.uint32(end);
		if (value > 1) throw malformed("a bool is neither 0 nor 1");
		return value === 1;
	}

	/** A varint of 31 bits, or of a negative number of 32 bits, whose sign is extended to 64. */
	private int32(end: number): number {
		let value = 0;
		for (let shift = 0; shift < 35; shift += 7) {
			if (this.at >= end) throw malformed("the message ends within a number");
			const byte = this.bytes[this.at++] as number;
			value |= (byte & 0x7f) << shift;
			if (byte < 0x80) {
				if (shift === 28 && byte > 0x07) break;
				return value;
			}
			if (shift === 28 && byte >= 0xf8) return this.signExtension(value, end);
		}
		throw malformed("an enum's number has more than 32 bits");
	}

	private signExtension(value: number, end: number): number {
		for (const extended of SIGN_EXTENSION) {
			if (this.at >= end) throw malformed("the message ends within a number");
			if (this.bytes[this.at++] !== extended) throw malformed("an enum's number has more than 32 bits");
		}
		return value;
	}

	private double(end: number): number {
		if (end - this.at < 8) throw malformed("the message ends within a number");
		const { buffer, byteOffset } = this.bytes;
		const value = new DataView(buffer, byteOffset + this.at, 8).getFloat64(0, true);
		this.at += 8;
		return value;
	}

	private length(end: number): number {
		const length = this.uint32(end);
		if (length > end - this.at) throw malformed("a length reaches beyond its message");
		return length;
	}

	private text(field: FieldShape, length: number): string {
		const start = this.at;
		const end = start + length;
		this.at = end;
		if (length <= SHORT_TEXT_BYTES) {
			const text = this.ascii(start, end);
			if (text !== undefined) return text;
		}
		try {
			return decodeUtf8(this.bytes.subarray(start, end));
		} catch (cause) {
			throw new DecodeError("bad_utf8", `${field.name} is not UTF-8`, { cause });
		}
	}

	private ascii(start: number, end: number): string | undefined {
		let text = "";
		for (let i = start; i < end; i++) {
			const byte = this.bytes[i] as number;
			if (byte > 0x7f) return undefined;
			text += String.fromCharCode(byte);
		}
		return text;
	}

	/** Of 64 bits: a later version of the schema may have such. */
	private skipVarint(end: number): void {
		for (let i = 0; i < 10; i++) {
			if (this.at >= end) throw malformed("the message ends within a number");
			const byte = this.bytes[this.at++] as number;
			if (i === 9 && byte > 1) break;
			if (byte < 0x80) return;
		}
		throw malformed("a number has more than 64 bits");
	}

	private skip(wireType: number, end: number): void {
		if (wireType === VARINT) {
			this.skipVarint(end);
			return;
		}
		const length = wireType === BIT64 ? 8 : wireType === BIT32 ? 4 : wireType === LENGTH_DELIMITED ? this.length(end) : -1;
		if (length < 0) throw malformed(`wire type ${wireType} is not used in this schema`);
		if (length > end - this.at) throw malformed("a field reaches beyond its message");
		this.at += length;
	}
}

function wireTypeOf(field: FieldShape): number {
	if (field.kind === "string" || field.kind === "message") return LENGTH_DELIMITED;
	return field.kind === "double" ? BIT64 : VARINT;
}

function malformed(message: string): DecodeError {
	return new DecodeError("malformed", message);
}
