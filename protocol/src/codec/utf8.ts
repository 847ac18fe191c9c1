// Text as UTF-8, strictly: nothing is replaced, nothing is stripped. The runtime's defaults would put U+FFFD where a byte or a
// surrogate is wrong, and swallow a U+FEFF at the start of a text; then it would no longer be word for word.

// Web standards that every runtime has, and the language's own library does not name.
declare const TextDecoder: new (
	label: string,
	options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => {
	encode(text: string): Uint8Array;
	encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number };
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** Has the text no unpaired surrogate, so that UTF-8 can carry it? */
export function isWellFormed(text: string): boolean {
	return !UNPAIRED_SURROGATE.test(text);
}

/** The text of `bytes`. Throws `TypeError` where they are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
	return decoder.decode(bytes);
}

/** The bytes of a well-formed text. */
export function encodeUtf8(text: string): Uint8Array {
	return encoder.encode(text);
}

/** Writes a well-formed text, as far as `into` has room, and gives the bytes written. */
export function encodeUtf8Into(text: string, into: Uint8Array): number {
	return encoder.encodeInto(text, into).written;
}

/** How many bytes a well-formed text takes. */
export function utf8Bytes(text: string): number {
	let bytes = text.length;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (unit < 0x80) continue;
		// A pair is two units and four bytes: two for each.
		bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
	}
	return bytes;
}
