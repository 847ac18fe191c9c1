// Two names are the same if they are equal but for case, or confusable. Both relations reduce to one string, the skeleton: names with equal
// skeletons are the same, and the store keeps skeletons unique.
//
// UTS #39 section 4 maps each character to the prototype of all that look like it ("а", Cyrillic, to "a"). Names are shown in the case in
// which they were chosen, so capitals count too: "Ian" looks like "lan", and Cyrillic "Вob" like "Bob". Hence case folding and mapping to
// prototypes alternate until nothing changes, and:
// - i counts as l, because I and l look alike: "Ian" and "lan" are the same name, hence "ian" and "lan" too;
// - a name is shown in lower case if one of its capitals has another prototype than its small letter (Greek Ν looks like N, but ν like v). So
//   no name that is shown looks like a name of another skeleton. This affects some Cyrillic and Greek names, hardly any Latin one.
import { CONFUSABLES } from "./confusables.data.ts";

/** Equal for names that are equal but for case, or confusable. For names that names.ts has found valid. */
export function skeletonOf(name: string): string {
	let now = name;
	for (let round = 0; round < ROUNDS_MAX; round++) {
		const next = likeL(prototypes(foldCase(now)));
		if (next === now) return now;
		now = next;
	}
	return now;
}

/** The name as it is shown: as written, or in lower case if one of its capitals is confusable with another letter. */
export function displayed(name: string): string {
	const points = [...name];
	return points.every(looksLikeItself) ? name : points.map((point) => point.toLowerCase()).join("");
}

/** Are the two equal but for case? */
export function sameName(a: string, b: string): boolean {
	return foldCase(a) === foldCase(b);
}

/** Folding a prototype may lead to another prototype; a test checks that this converges for every character. */
const ROUNDS_MAX = 6;

let prototypeByPoint: ReadonlyMap<string, string> | undefined;

/** The mapping of UTS #39 without its removal of ignorable characters: names have none. */
function prototypes(text: string): string {
	prototypeByPoint ??= readPrototypes();
	const map = prototypeByPoint;
	return [...text.normalize("NFD")]
		.map((point) => map.get(point) ?? point)
		.join("")
		.normalize("NFD");
}

/**
 * Approximates full case folding: through upper case, ς becomes σ and ß becomes ss. By code point, so that no letter's case depends on its
 * neighbours.
 */
function foldCase(text: string): string {
	return [...text]
		.map((point) => point.toUpperCase().toLowerCase())
		.join("")
		.normalize("NFC");
}

/** i becomes l; dots above l and j are dropped: a second dot above i or j is not visible. */
function likeL(text: string): string {
	return text.replaceAll("i", "l").replace(/([lj])\u0307+/gu, "$1");
}

function looksLikeItself(point: string): boolean {
	return point === point.toLowerCase() || skeletonOf(prototypes(point)) === skeletonOf(point);
}

function readPrototypes(): Map<string, string> {
	const map = new Map<string, string>();
	for (const line of CONFUSABLES.trim().split("\n")) {
		const [prototype = "", sources = ""] = line.split("=");
		for (const source of sources.split(",")) map.set(points(source), points(prototype));
	}
	return map;
}

function points(hex: string): string {
	return String.fromCodePoint(...hex.split(" ").map((each) => Number.parseInt(each, 16)));
}
