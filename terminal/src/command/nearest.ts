import { distance } from "fastest-levenshtein";

/**
 * The word nearest to `typed`, or undefined: one that begins with it, or is at most two edits away (one for words of less than four
 * characters).
 */
export function nearest<Word extends string>(typed: string, words: readonly Word[]): Word | undefined {
	if (typed === "") return undefined;
	const begun = words.filter((word) => word.startsWith(typed));
	if (begun.length === 1) return begun[0];
	let best: Word | undefined;
	let bestSlips = (typed.length < 4 ? 1 : 2) + 1;
	for (const word of words) {
		const slips = lettersOf(word) === lettersOf(typed) ? 1 : distance(typed, word);
		if (slips < bestSlips) [best, bestSlips] = [word, slips];
	}
	return best ?? begun[0];
}

/** Sorted letters. A permutation counts as one edit. */
function lettersOf(word: string): string {
	return word.split("").sort().join("");
}
