// Untrusted text for terminals and line-based readers: characters that could act on either are escaped.

/** C0 and C1 controls, line and paragraph separators, unpaired surrogates, and all that changes the direction of text. */
const ACTING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** `text` on one line, with every acting character as its escape: ESC as `\u001b`, a line feed as `\n`. */
export function escapeControls(text: string): string {
	return text.replace(ACTING, (found) => SHORT[found] ?? `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
