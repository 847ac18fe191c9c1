// PRECIS (RFC 8264, RFC 8265): the characters of names, and their normal form. The derived property of a character is computed by the steps
// of RFC 8264 section 8 from the runtime's Unicode tables, as the RFC recommends, not from a table of one Unicode version.
//
// Stricter than the profile: join controls (zero width) are refused in every context.
import { bidiProblem } from "./bidi.ts";

/**
 * Enforces UsernameCasePreserved (RFC 8265 section 3.4) on `input`: width-mapped, NFC, case preserved; or says why it is not a user name.
 * Allows all ASCII punctuation; name.ts restricts it.
 */
export function enforceUsername(
	input: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string } {
	const widthMapped = mapWidth(input);
	const text = widthMapped.normalize("NFC");
	// Also checks the result: composition may change a letter that its neighbour's context rule needs (l·l with an accent).
	const problem = charProblem(widthMapped) ?? charProblem(text) ?? bidiProblem(text);
	return problem === undefined ? { ok: true, text } : { ok: false, why: problem };
}

/** The first disallowed character of `text`, as a message. */
function charProblem(text: string): string | undefined {
	const points = [...text];
	for (const [at, point] of points.entries()) {
		if (!isIdentifierChar(point)) return `${printable(point)} is not allowed in a name`;
		if (!fitsContext(points, at)) return `${printable(point)} is not allowed in a name at this place`;
	}
	return undefined;
}

/** Whether a code point, given as a string, is PVALID or CONTEXTO in the IdentifierClass. */
export function isIdentifierChar(point: string): boolean {
	if (EXCEPTIONS_VALID.test(point) || CONTEXT_DEPENDENT.test(point)) return true;
	if (EXCEPTIONS_DISALLOWED.test(point)) return false;
	if (ASCII_PRINTABLE.test(point)) return true;
	if (OLD_HANGUL_JAMO.test(point) || IGNORABLE.test(point)) return false;
	if (point.normalize("NFKC") !== point) return false;
	return LETTER_OR_DIGIT.test(point);
}

// The categories of RFC 8264 section 9, by its names. All other characters (unassigned, controls, spaces, symbols, punctuation, other letters
// and digits) are disallowed in identifiers.
const EXCEPTIONS_VALID = /^[\u00DF\u03C2\u06FD\u06FE\u0F0B\u3007]$/u;
const EXCEPTIONS_DISALLOWED = /^[\u0640\u07FA\u302E\u302F\u3031-\u3035\u303B]$/u;
const CONTEXT_DEPENDENT = /^[\u00B7\u0375\u05F3\u05F4\u30FB\u0660-\u0669\u06F0-\u06F9]$/u;
const ASCII_PRINTABLE = /^[\x21-\x7E]$/u;
const OLD_HANGUL_JAMO = /^[\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7C6\uD7CB-\uD7FB]$/u;
const IGNORABLE = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u;
const LETTER_OR_DIGIT = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u;

/** Maps fullwidth and halfwidth characters to their decomposition mappings (RFC 8265 section 3.3.1). */
function mapWidth(text: string): string {
	return text.replace(/[\u3000\uFF01-\uFFEE]/gu, (point) => point.normalize("NFKC"));
}

/** The contextual rules of RFC 5892 appendix A. */
function fitsContext(points: readonly string[], at: number): boolean {
	const point = points[at] ?? "";
	if (!CONTEXT_DEPENDENT.test(point)) return true;
	const before = points[at - 1] ?? "";
	const after = points[at + 1] ?? "";
	switch (point) {
		case "\u00B7":
			return before === "l" && after === "l";
		case "\u0375":
			return /^\p{Script=Greek}$/u.test(after);
		case "\u05F3":
		case "\u05F4":
			return /^\p{Script=Hebrew}$/u.test(before);
		case "\u30FB":
			return points.some((each) => /^[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]$/u.test(each));
		default:
			// The two sets of Arabic digits are partly confusable: a name must not mix them.
			return !points.some((each) => (point <= "\u0669" ? /^[\u06F0-\u06F9]$/u : /^[\u0660-\u0669]$/u).test(each));
	}
}

/** Names of characters for messages; others are shown by code point. */
const WORDS: ReadonlyMap<string, string> = new Map([
	["\t", "a tab"],
	["\n", "the end of a line"],
	["\r", "the end of a line"],
	[" ", "a space"],
]);

function printable(point: string): string {
	const word = WORDS.get(point);
	if (word !== undefined) return word;
	const code = `U+${(point.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
	return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(point) && !IGNORABLE.test(point) ? `"${point}" (${code})` : code;
}
