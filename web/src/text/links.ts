// Finds web addresses in messages. Everything else stays text, and so does what looks like a link but could mislead.
//
// One regular expression without nested repetition, so the time is linear in the text; then each candidate must parse as a URL.

/** A part of a message: plain text, or text that is also the address `href`. */
export type Piece = { readonly text: string; readonly href?: string };

/**
 * Splits `text` into parts whose texts, joined, are `text` again, character for character. Only `http:` and `https:` become
 * links; an address with a user name in it (`https://bank.example@evil.example`) does not.
 */
export function piecesOf(text: string): readonly Piece[] {
	const pieces: Piece[] = [];
	let end = 0;
	for (const match of text.matchAll(CANDIDATE)) {
		const address = withoutTail(match[0]);
		const href = hrefOf(address);
		if (href === undefined) continue;
		if (match.index > end) pieces.push({ text: text.slice(end, match.index) });
		pieces.push({ text: address, href });
		end = match.index + address.length;
	}
	if (end < text.length) pieces.push({ text: text.slice(end) });
	return pieces;
}

// Up to white space, quotes, angle brackets, controls, and characters that reorder text or are invisible.
const CANDIDATE = /\bhttps?:\/\/(?![/\\])[^\s"'<>`\p{Cc}\p{Cf}]+/giu;

/** Punctuation at the end is not part of an address; a closing bracket is, if it was opened in it. */
function withoutTail(candidate: string): string {
	const left = new Map<string, number>();
	for (const character of candidate) left.set(character, (left.get(character) ?? 0) + 1);
	let end = candidate.length;
	for (; end > 0; end--) {
		const last = candidate.charAt(end - 1);
		const opening = BRACKETS[last];
		const closing = left.get(last) ?? 0;
		if (opening === undefined ? !ENDINGS.includes(last) : closing <= (left.get(opening) ?? 0)) break;
		left.set(last, closing - 1);
	}
	return candidate.slice(0, end);
}

const BRACKETS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
const ENDINGS = ".,;:!?…*_~";

function hrefOf(address: string): string | undefined {
	if (!URL.canParse(address)) return undefined;
	const url = new URL(address);
	const plain = (url.protocol === "http:" || url.protocol === "https:") && url.username === "" && url.password === "";
	return plain && url.hostname !== "" ? url.href : undefined;
}
