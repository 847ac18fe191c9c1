/** The name out of `names` that `given` was probably meant to be; undefined if none is near. */
export function nearest(given: string, names: Iterable<string>): string | undefined {
	let best: string | undefined;
	let bestDistance = Math.max(2, Math.floor(given.length / 3)) + 1;
	for (const name of names) {
		// The last part counts too: who writes `sendPerSecond` means `limits.sendsPerSecond`.
		const tail = name.slice(name.lastIndexOf(".") + 1);
		const distance = Math.min(
			editDistance(given, name),
			given.includes(".") ? Number.POSITIVE_INFINITY : editDistance(given, tail),
		);
		if (distance < bestDistance) [best, bestDistance] = [name, distance];
	}
	return best;
}

/** Levenshtein's distance, letter case counting half. */
function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const [x, y] = [a.charAt(i - 1), b.charAt(j - 1)];
			const change = x === y ? 0 : x.toLowerCase() === y.toLowerCase() ? 0.5 : 1;
			next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + change));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}
