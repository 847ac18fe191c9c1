// Names of users and rooms. The alphabet is PRECIS (precis.ts): letters and digits of all scripts. Of punctuation only single . _ - between
// letters or digits, so that a name can follow # and @, and be part of a line, a URL or a sentence. No emoji (RFC 8264 section 9.15).
//
// Checked on both ends. Only the server knows whether a name, or a confusable one, is taken.
import { LIMITS } from "../limits.ts";
import { enforceUsername } from "./precis.ts";

/** Combining marks per letter: enough for Vietnamese, pointed Hebrew and Thai; more would be drawn over other lines. */
const MARKS_MAX = 3;

/** `input` as PRECIS enforces it, or why it is invalid: a sentence without its full stop. Does not check the form. */
export function nameSpelling(
	input: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string } {
	if (input === "") return { ok: false, why: "a name has at least one character" };
	// Composition shortens to a fourth at most: refuses longer input without composing it.
	if (input.length > LIMITS.nameCharsMax * 8) return { ok: false, why: TOO_LONG };
	return enforceUsername(input);
}

/** The problem in the length or form of an enforced name, or undefined. */
export function nameFormProblem(name: string): string | undefined {
	if ([...name].length > LIMITS.nameCharsMax) return TOO_LONG;
	const forbidden = /[^A-Za-z0-9._\-\u0080-\u{10FFFF}]/u.exec(name);
	if (forbidden) return `"${forbidden[0]}" is not allowed in a name; of punctuation only . _ - are`;
	if (!/^[\p{L}\p{N}]/u.test(name)) return "a name begins with a letter or a digit";
	if (/[._-]$/u.test(name)) return "a name ends with a letter or a digit";
	if (/[._-]{2}/u.test(name)) return ". _ and - stand singly, between letters or digits";
	if (/[._-]\p{M}/u.test(name) || MARK_STACK.test(name)) return `a letter has at most ${MARKS_MAX} marks above and below it`;
	return undefined;
}

/** Why a server refuses `input` as a name, regardless of other names; or undefined. */
export function nameProblem(input: string): string | undefined {
	const spelled = nameSpelling(input);
	return spelled.ok ? nameFormProblem(spelled.text) : spelled.why;
}

const TOO_LONG = `a name has at most ${LIMITS.nameCharsMax} characters`;

const MARK_STACK = new RegExp(`\\p{M}{${MARKS_MAX + 1}}`, "u");
