// The known word that somebody most likely meant.

/** The word nearest to `typed`, or undefined if none is near: it begins so, or is at most two slips away (one for short words). */
export function nearest<Word extends string>(typed: string, words: readonly Word[]): Word | undefined {
	if (typed === "") return undefined;
	const begun = words.filter((word) => word.startsWith(typed));
	if (begun.length === 1) return begun[0];
	const slipsMax = typed.length < 4 ? 1 : 2;
	let best: Word | undefined;
	let bestSlips = slipsMax + 1;
	for (const word of words) {
		if (Math.abs(word.length - typed.length) > slipsMax) continue;
		const slips = distance(typed, word);
		if (slips < bestSlips) {
			best = word;
			bestSlips = slips;
		}
	}
	return best ?? begun[0];
}

/** Letters added, left out, changed, or swapped with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
	let beforeLast: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const same = a[i - 1] === b[j - 1] ? 0 : 1;
			let slips = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
				slips = Math.min(slips, (beforeLast[j - 2] ?? 0) + 1);
			}
			row.push(slips);
		}
		beforeLast = last;
		last = row;
	}
	return last[b.length] ?? 0;
}
