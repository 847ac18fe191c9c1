// Names of users and rooms: what may be one, in which spelling it is kept, and what it must not be confused with. The alphabet is
// PRECIS (precis.ts), letters and digits of all scripts; of punctuation a name has . _ and - only, single and between letters or
// digits, so that a name can stand anywhere: behind # and @, in a line of line mode, in a URL, at the end of a sentence. Emoji
// are symbols and no part of names (RFC 8264 section 9.15).
import { LIMITS } from "@verbatim/protocol";
import { enforceUsername } from "./precis.ts";
import { displayed, skeletonOf } from "./skeleton.ts";

export { sameName } from "./skeleton.ts";

export type CheckedName =
	| {
			readonly ok: true;
			/** As it is kept and shown. */
			readonly name: string;
			/** Equal for names that must not stand side by side; unique among users, and among rooms. */
			readonly skeleton: string;
	  }
	/** `why` is for people: a sentence without its full stop. */
	| { readonly ok: false; readonly why: string };

/** Marks on one letter, at most: enough for Vietnamese, Hebrew with points and Thai, too few to climb into the next line. */
const MARKS_MAX = 3;

/** Checks a name of a user or a room as somebody wrote it. At most `LIMITS.nameCharsMax` characters (code points, in NFC). */
export function checkName(input: string): CheckedName {
	if (input === "") return no("a name has at least one character");
	// Composed, nothing gets shorter than a fourth: what is longer now is not worth the work of composing it.
	if (input.length > LIMITS.nameCharsMax * 8) return no(tooLong);
	const enforced = enforceUsername(input);
	if (!enforced.ok) return enforced;
	const name = displayed(enforced.text);
	if ([...name].length > LIMITS.nameCharsMax) return no(tooLong);
	const forbidden = /[^A-Za-z0-9._\-\u0080-\u{10FFFF}]/u.exec(name);
	if (forbidden) return no(`"${forbidden[0]}" is not allowed in a name; of punctuation only . _ - are`);
	if (!/^[\p{L}\p{N}]/u.test(name)) return no("a name begins with a letter or a digit");
	if (/[._-]$/u.test(name)) return no("a name ends with a letter or a digit");
	if (/[._-]{2}/u.test(name)) return no(". _ and - stand singly, between letters or digits");
	if (/[._-]\p{M}/u.test(name) || MARK_STACK.test(name)) return no(`a letter has at most ${MARKS_MAX} marks above and below it`);
	return { ok: true, name, skeleton: skeletonOf(name) };
}

const tooLong = `a name has at most ${LIMITS.nameCharsMax} characters`;

const MARK_STACK = new RegExp(`\\p{M}{${MARKS_MAX + 1}}`, "u");

function no(why: string): CheckedName {
	return { ok: false, why };
}
