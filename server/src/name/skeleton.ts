// When are two names one? When they are equal but for case, and when they look alike. Both relations are brought down to one
// string, the skeleton: names with equal skeletons are one name, and the store keeps skeletons unique.
//
// UTS #39 section 4 maps each character to the prototype of all that look like it ("а", Cyrillic, to "a"). Names are shown in the
// case in which they were chosen, so that "look alike" is about capitals too: "Ian" looks like "lan", and Cyrillic "Вob" like
// "Bob". Hence folding of case and mapping to prototypes take turns until nothing changes, and besides:
// - i counts as l, because I and l look alike: "Ian" and "lan" are one name, and for that "ian" and "lan" are, too;
// - a capital whose look leads elsewhere than its small letter (Greek Ν looks like N, but ν like v) cannot be shown: a name that
//   has one is shown small. So nothing that is shown looks like a name of another skeleton. Latin names hardly ever lose their
//   capitals by it; of Cyrillic and Greek names some do.
import { CONFUSABLES } from "./confusables.data.ts";

/** What names that are equal but for case, or look alike, have in common. For names that names.ts has found valid. */
export function skeletonOf(name: string): string {
	let now = name;
	for (let round = 0; round < ROUNDS_MAX; round++) {
		const next = likeL(prototypes(foldCase(now)));
		if (next === now) return now;
		now = next;
	}
	return now;
}

/** The name as it is shown: as it was written, or small if a capital in it would look like another letter than it is. */
export function displayed(name: string): string {
	const points = [...name];
	return points.every(looksLikeItself) ? name : points.map((point) => point.toLowerCase()).join("");
}

/** Are the two equal but for case? */
export function sameName(a: string, b: string): boolean {
	return foldCase(a) === foldCase(b);
}

/** Folding a prototype may lead to another prototype; a test holds that this ends in time for every character. */
const ROUNDS_MAX = 6;

let prototypeByPoint: ReadonlyMap<string, string> | undefined;

/** The mapping of UTS #39 without its removal of ignorable characters, which no name has. */
function prototypes(text: string): string {
	prototypeByPoint ??= readPrototypes();
	const map = prototypeByPoint;
	return [...text.normalize("NFD")]
		.map((point) => map.get(point) ?? point)
		.join("")
		.normalize("NFD");
}

/**
 * Full case folding, near enough: by way of the capitals, ς becomes σ and ß becomes ss. Point by point, so that no letter's case
 * depends on its neighbours.
 */
function foldCase(text: string): string {
	return [...text]
		.map((point) => point.toUpperCase().toLowerCase())
		.join("")
		.normalize("NFC");
}

/** i as l; and a dot above i or j is seen no second time. */
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
