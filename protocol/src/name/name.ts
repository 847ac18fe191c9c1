// What may be the name of a user or a room. The alphabet is PRECIS (precis.ts), letters and digits of all scripts; of punctuation a name
// has . _ and - only, single and between letters or digits, so that a name can stand anywhere: behind # and @, in a line of line mode, in
// a URL, at the end of a sentence. Emoji are symbols and no part of names (RFC 8264 section 9.15).
//
// Both ends hold this. What only the server can say is whether the name, or one that looks like it, is taken.
import { LIMITS } from "../limits.ts";
import { enforceUsername } from "./precis.ts";

/** Marks on one letter, at most: enough for Vietnamese, Hebrew with points and Thai, too few to climb into the next line. */
const MARKS_MAX = 3;

/** `input` in the spelling of PRECIS, or why it has none: a sentence for people, without its full stop. Its form is not checked yet. */
export function nameSpelling(
	input: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string } {
	if (input === "") return { ok: false, why: "a name has at least one character" };
	// Composed, nothing gets shorter than a fourth: what is longer now is not worth the work of composing it.
	if (input.length > LIMITS.nameCharsMax * 8) return { ok: false, why: TOO_LONG };
	return enforceUsername(input);
}

/** What is wrong with the length or the form of a name in its spelling, or undefined. */
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

/** Why a server would refuse `input` as a name, whoever has it, or undefined. */
export function nameProblem(input: string): string | undefined {
	const spelled = nameSpelling(input);
	return spelled.ok ? nameFormProblem(spelled.text) : spelled.why;
}

const TOO_LONG = `a name has at most ${LIMITS.nameCharsMax} characters`;

const MARK_STACK = new RegExp(`\\p{M}{${MARKS_MAX + 1}}`, "u");
