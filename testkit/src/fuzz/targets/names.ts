// Names of users and rooms: normal form, and skeletons against confusable names.

import { LIMITS } from "@verbatim/protocol";
import { checkName, sameName, skeletonOf } from "@verbatim/server/testing";
import { Choices } from "../choices.ts";
import { must, mustEqual, type Target } from "../target.ts";
import { mustBeTerminalSafe } from "../terminal-safe.ts";

export const names: Target = {
	name: "names",
	feeds: "the check of a name (PRECIS, Bidi Rule, skeleton) with any text",
	holds: [
		"any text is a name or refused in words that are one harmless line",
		"a name is kept as it is from then on: checked again it is the same, with the same skeleton",
		"a name is at most 32 characters, in NFC, of letters, digits, marks and single . _ - between them",
		"a name and the same in other case, in another composition or at full width never stand side by side",
	],
	bytesMax: 300,
	words: ["server/src/name/names.ts", "protocol/src/name/"],
	pieces: [
		"a.b",
		"l·l",
		"א",
		"ب",
		"١",
		"۱",
		"カ・",
		"ß",
		"ς",
		"ı",
		"İ",
		"Ａ",
		"е",
		"\u0301",
		"\u0307",
		"\u200d",
		"漢",
		"한",
		"𝐚",
		"ﬁ",
		"Ǆ",
	],
	seeds: () =>
		["ann", "Émile", "Вob", "שלום", "مرحبا", "カ・タ", "l·l", "ν.Ν"].map((text) => Uint8Array.from([0, ...Buffer.from(text)])),
	open: () => ({
		feed(input) {
			const choices = new Choices(input);
			const text = [() => asUtf8(choices), () => choices.text(), () => asPoints(choices)][choices.byte() % 3]?.() ?? "";
			const checked = checkName(text);
			if (!checked.ok) {
				mustBeTerminalSafe(checked.why, "a refusal of a name");
				must(checked.why.length < 200, "a refusal of a name repeats too much");
				return checked.why.replace(/"[^"]*"|\(U\+\w+\)|U\+\w+/g, "");
			}
			const { name, skeleton } = checked;
			mustEqual(checkName(name), checked, "a name that was kept is another when checked again");
			mustEqual(skeletonOf(skeleton), skeleton, "a skeleton has another skeleton");
			must([...name].length <= LIMITS.nameCharsMax && name !== "", "a name is too long");
			must(name.normalize("NFC") === name, "a name is not composed");
			must(SHAPE.test(name), () => `${JSON.stringify(name)} is no name`);
			mustBeTerminalSafe(name, "a name");
			for (const twin of [name.toLowerCase(), name.toUpperCase(), name.normalize("NFD"), wide(name)]) {
				const other = checkName(twin);
				if (!other.ok) continue;
				if (sameName(twin, name))
					mustEqual(other.skeleton, skeleton, `${JSON.stringify(twin)} may stand beside ${JSON.stringify(name)}`);
			}
			return `name ${/[^\0-\x7f]/.test(name)}`;
		},
	}),
};

/** A character of a name, those that RFC 8264 section 9.6 excepts included; and separators, each between two of them. */
const CHAR = "[\\p{L}\\p{Nd}\\p{M}\\u00b7\\u0375\\u05f3\\u05f4\\u06fd\\u06fe\\u0f0b\\u3007\\u30fb]";
const SHAPE = new RegExp(`^(?!\\p{M})${CHAR}+([._-](?!\\p{M})${CHAR}+)*$`, "u");

function asUtf8(choices: Choices): string {
	return new TextDecoder().decode(choices.rest());
}

/** Characters of all planes: three bytes each. */
function asPoints(choices: Choices): string {
	let text = "";
	while (!choices.over && text.length < 60) text += String.fromCodePoint(choices.below(0x11_0000));
	return text;
}

function wide(text: string): string {
	return text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0));
}
