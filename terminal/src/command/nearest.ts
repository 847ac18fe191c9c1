import { distance } from "fastest-levenshtein";

/** The word nearest to `typed`, or undefined if none is near: it begins so, or is at most two slips away (one for short words). */
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

/** The same for two words with the same letters in another order, which counts as one slip. */
function lettersOf(word: string): string {
	return word.split("").sort().join("");
}
