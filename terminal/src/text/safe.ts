// Makes text of other users safe for a terminal. Characters that control a terminal or are invisible become visible signs: C0 and C1
// controls (and with them escape sequences), bidirectional controls, line and paragraph separators, zero-width and other invisible
// characters, lone surrogates, non-characters.
//
// Legitimate invisible characters are kept where they have an effect, by grapheme cluster: joiners inside an emoji or after a letter of
// a joining script, variation selectors after their base character.
import { clusters } from "./width.ts";

/** `text` as one safe line. Idempotent. */
export function safeText(text: string): string {
	if (PLAIN.test(text) || !SUSPECT.test(text)) return text;
	let safe = "";
	for (const cluster of clusters(text)) safe += safeCluster(cluster, safe === "");
	return safe;
}

/** The lines of a message, each safe. `\n` and `\r\n` end a line; a tab becomes four spaces; other separators become visible. */
export function safeLines(text: string): string[] {
	return text.split(/\r?\n/).map((line) => safeText(line.replaceAll("\t", "    ")));
}

/** The same for one grapheme cluster; `first`: no visible character precedes it on its line. */
export function safeCluster(cluster: string, first = false): string {
	if (PLAIN.test(cluster)) return cluster;
	if (RGI_EMOJI.test(cluster)) return cluster;
	let safe = "";
	let before = "";
	let marks = 0;
	let marksLeftOut = 0;
	for (const character of cluster) {
		if (isJoiner(character) ? JOINING.test(before) : isVariation(character) && VISIBLE.test(before)) {
			safe += character;
			continue;
		}
		if (MARK.test(character) && !HARMFUL.test(character)) {
			marks++;
			if (marks > CLUSTER_MARKS_MAX) {
				marksLeftOut++;
				continue;
			}
			// A combining mark without a base would combine with the text before it.
			if (safe === "" && first) safe = DOTTED_CIRCLE;
		}
		safe += safeCharacter(character);
		before = character;
	}
	return marksLeftOut > 0 ? `${safe}<+${marksLeftOut} marks>` : safe;
}

/** More combining marks than any orthography uses on one letter; more would be drawn over other lines. */
const CLUSTER_MARKS_MAX = 8;
const DOTTED_CIRCLE = "\u25cc";

const PLAIN = /^[\x20-\x7e]*$/;
const SUSPECT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
/** Visible format characters: signs that enclose the digits after them. */
const SEEN_FORMAT = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u;
const SURROGATE = /\p{Cs}/u;
const MARK = /\p{M}/u;
const VISIBLE = /[^\p{C}\p{Z}]/u;
/** Characters after which a joiner has an effect: pictographs, and the letters and marks of joining scripts. */
const JOINING =
	/[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Nko}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
// As a string: the compiler's target does not support the flag for properties of strings.
const RGI_EMOJI_SOURCE = "^\\p{RGI_Emoji}$";
const RGI_EMOJI = new RegExp(RGI_EMOJI_SOURCE, "v");

function isJoiner(character: string): boolean {
	return character === "\u200c" || character === "\u200d" || (character >= "\u180b" && character <= "\u180d");
}

function isVariation(character: string): boolean {
	return character === "\ufe0e" || character === "\ufe0f";
}

function safeCharacter(character: string): string {
	const code = character.codePointAt(0) ?? 0;
	if (code < 0x20) return String.fromCharCode(0x2400 + code);
	if (code === 0x7f) return "\u2421";
	if (SURROGATE.test(character)) return "\ufffd";
	if (!HARMFUL.test(character) || SEEN_FORMAT.test(character)) return character;
	return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
