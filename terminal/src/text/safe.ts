// What others have written never steers a terminal. Everything that a terminal obeys or that hides from the eye is shown as a
// visible sign instead: C0 and C1 controls (and with them every escape sequence), bidirectional controls, line and paragraph
// separators, zero-width and other invisible characters, lone surrogates, non-characters.
//
// Some invisible characters are part of honest writing. They stay exactly where they do their work, judged per grapheme
// cluster: joiners inside an emoji or after a letter of a script that joins, variation selectors after what they vary.
import { clusters } from "./width.ts";

/** `text` as one line that a terminal shows and does not obey. Idempotent. */
export function safeText(text: string): string {
	if (PLAIN.test(text) || !SUSPECT.test(text)) return text;
	let safe = "";
	for (const cluster of clusters(text)) safe += safeCluster(cluster, safe === "");
	return safe;
}

/** The lines of a message, each safe. `\n` and `\r\n` end a line, a tab is four spaces; every other separator is made visible. */
export function safeLines(text: string): string[] {
	return text.split(/\r?\n/).map((line) => safeText(line.replaceAll("\t", "    ")));
}

/** The same for one grapheme cluster; `first` if nothing visible stands before it on its line. */
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
			// A mark with nothing to stand on would change what is drawn before it.
			if (safe === "" && first) safe = DOTTED_CIRCLE;
		}
		safe += safeCharacter(character);
		before = character;
	}
	return marksLeftOut > 0 ? `${safe}<+${marksLeftOut} marks>` : safe;
}

/** More than any orthography puts on one letter; what towers above it is meant to smear over other lines. */
const CLUSTER_MARKS_MAX = 8;
const DOTTED_CIRCLE = "\u25cc";

const PLAIN = /^[\x20-\x7e]*$/;
const SUSPECT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
/** Format characters that are seen: signs that enclose the digits after them. */
const SEEN_FORMAT = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u;
const SURROGATE = /\p{Cs}/u;
const MARK = /\p{M}/u;
const VISIBLE = /[^\p{C}\p{Z}]/u;
/** After these a joiner chooses between two forms of writing: pictographs, and the letters and marks of joining scripts. */
const JOINING =
	/[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Nko}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
// As a string, for the compiler's target does not know the flag that properties of strings need.
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
