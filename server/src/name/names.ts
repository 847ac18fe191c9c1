// Names of users and rooms: the spelling in which they are kept, and the skeleton by which confusable names collide. Which names are valid is
// the protocol's (`nameSpelling`, `nameFormProblem`).
import { nameFormProblem, nameSpelling, Refusal } from "@verbatim/protocol";
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

/** Checks a name of a user or a room as written. At most `LIMITS.nameCharsMax` characters (code points, in NFC). */
export function checkName(input: string): CheckedName {
	const spelled = nameSpelling(input);
	if (!spelled.ok) return spelled;
	const name = displayed(spelled.text);
	const why = nameFormProblem(name);
	return why === undefined ? { ok: true, name, skeleton: skeletonOf(name) } : { ok: false, why };
}

/** As `checkName`. Throws `Refusal` `name_invalid` for an invalid name. */
export function mustBeName(input: string): { readonly name: string; readonly skeleton: string } {
	const checked = checkName(input);
	if (!checked.ok) throw new Refusal("name_invalid", checked.why);
	return { name: checked.name, skeleton: checked.skeleton };
}
