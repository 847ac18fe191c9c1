// Strict UTF-8: nothing is replaced or stripped. The runtime's defaults replace invalid bytes and surrogates by U+FFFD, and drop a U+FEFF
// at the start of a text; texts must be verbatim.

// Web standards that every runtime has, but not TypeScript's ES library.
declare const TextDecoder: new (
	label: string,
	options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => {
	encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number };
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** Whether the text has no unpaired surrogate, and so can be encoded. */
export function isWellFormed(text: string): boolean {
	return !UNPAIRED_SURROGATE.test(text);
}

/** The text of `bytes`. Throws `TypeError` if they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
	return decoder.decode(bytes);
}

/** Writes a well-formed text, up to the capacity of `into`; returns the number of bytes written. */
export function encodeUtf8Into(text: string, into: Uint8Array): number {
	return encoder.encodeInto(text, into).written;
}

/** Length of a well-formed text in bytes of UTF-8. */
export function utf8Bytes(text: string): number {
	let bytes = text.length;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (unit < 0x80) continue;
		// A surrogate pair is two units and four bytes: two per unit.
		bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
	}
	return bytes;
}
