// Messages as they stand in the database, written and read by hand: they are nearly all there is, and walking the schema for each
// costs more than storing it. The bytes are those of protobuf (bodies.ts). Nothing is imported here, so that the reader's thread
// starts without loading the schema.

/** Tags of `Entry.message` and of `MessageBody.text`: field number × 8 + 2 (bytes that tell their length). */
const MESSAGE_TAG = 10 * 8 + 2;
const TEXT_TAG = 1 * 8 + 2;

/** `Entry { message: MessageBody { text } }` and nothing else. */
export function encodeText(text: string): Uint8Array {
	const length = Buffer.byteLength(text);
	if (length === 0) return Uint8Array.of(MESSAGE_TAG, 0);
	const inner = 1 + lengthBytes(length) + length;
	const bytes = Buffer.allocUnsafe(1 + lengthBytes(inner) + inner);
	bytes[0] = MESSAGE_TAG;
	let at = writeLength(bytes, 1, inner);
	bytes[at++] = TEXT_TAG;
	at = writeLength(bytes, at, length);
	bytes.write(text, at, "utf8");
	return bytes;
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

function lengthBytes(length: number): number {
	let count = 1;
	for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) count++;
	return count;
}

function writeLength(bytes: Buffer, start: number, length: number): number {
	let at = start;
	let rest = length;
	while (rest > 127) {
		bytes[at++] = (rest % 128) | 128;
		rest = Math.floor(rest / 128);
	}
	bytes[at++] = rest;
	return at;
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
