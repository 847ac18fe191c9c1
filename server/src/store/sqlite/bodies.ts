// The bodies of entries as they stand in the database: the protobuf of an `Entry` that has nothing but its body, so that fields
// and kinds of later versions are kept. Messages, nearly all there is, are written and read by hand: `toBinary` walks the schema
// for each, which costs more than storing it.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Entry, EntrySchema } from "@verbatim/protocol";

/** The body's field number in the schema, and its bytes. */
export interface StoredBody {
	readonly kind: number;
	readonly bytes: Uint8Array;
}

/** Tags of `Entry.message` and of `MessageBody.text`: field number × 8 + 2 (bytes that tell their length). */
const MESSAGE_TAG = 10 * 8 + 2;
const TEXT_TAG = 1 * 8 + 2;

export function encodeBody(entry: Entry): StoredBody {
	const { body } = entry;
	if (body.case === "message" && body.value.$unknown === undefined) return { kind: 10, bytes: encodeText(body.value.text) };
	const bytes = toBinary(EntrySchema, { $typeName: entry.$typeName, seq: 0, atMs: 0, cid: "", body });
	return { kind: EntrySchema.fields.find(({ localName }) => localName === body.case)?.number ?? 0, bytes };
}

export function decodeBody(bytes: Uint8Array): Entry["body"] {
	return fromBinary(EntrySchema, bytes).body;
}

/** The text of a message and its length in bytes; undefined for bodies of another kind or with more in them. */
export function textOf(bytes: Uint8Array): { readonly text: string; readonly textBytes: number } | undefined {
	if (bytes[0] !== MESSAGE_TAG) return undefined;
	const inner = readLength(bytes, 1);
	if (inner.length !== bytes.length - inner.at) return undefined;
	if (inner.length === 0) return { text: "", textBytes: 0 };
	if (bytes[inner.at] !== TEXT_TAG) return undefined;
	const { at, length } = readLength(bytes, inner.at + 1);
	if (length !== bytes.length - at) return undefined;
	return { text: Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("utf8"), textBytes: length };
}

function encodeText(text: string): Uint8Array {
	const length = Buffer.byteLength(text);
	if (length === 0) return Uint8Array.of(MESSAGE_TAG, 0);
	const inner = 1 + lengthBytes(length) + length;
	const bytes = Buffer.allocUnsafe(1 + lengthBytes(inner) + inner);
	let at = bytes.writeUInt8(MESSAGE_TAG, 0);
	at = writeLength(bytes, at, inner);
	at = bytes.writeUInt8(TEXT_TAG, at);
	at = writeLength(bytes, at, length);
	bytes.write(text, at, "utf8");
	return bytes;
}

function lengthBytes(length: number): number {
	let count = 1;
	for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) count++;
	return count;
}

function writeLength(bytes: Buffer, start: number, length: number): number {
	let at = start;
	let rest = length;
	while (rest > 127) {
		at = bytes.writeUInt8((rest % 128) | 128, at);
		rest = Math.floor(rest / 128);
	}
	return bytes.writeUInt8(rest, at);
}

function readLength(bytes: Uint8Array, start: number): { readonly at: number; readonly length: number } {
	let at = start;
	let length = 0;
	for (let factor = 1; at < bytes.length; factor *= 128) {
		const byte = bytes[at++] ?? 0;
		length += (byte & 127) * factor;
		if (byte < 128) break;
	}
	return { at, length };
}
