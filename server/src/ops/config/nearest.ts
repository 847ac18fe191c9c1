import { distance } from "fastest-levenshtein";

/** The name in `names` nearest to `given`, ignoring case; undefined if none is near. */
export function nearest(given: string, names: Iterable<string>): string | undefined {
	const wanted = given.toLowerCase();
	let best: string | undefined;
	let bestSlips = Math.max(2, Math.floor(given.length / 3)) + 1;
	for (const name of names) {
		const whole = name.toLowerCase();
		// The last part is compared too: `sendPerSecond` is near `limits.sendsPerSecond`.
		const candidates = wanted.includes(".") ? [whole] : [whole, whole.slice(whole.lastIndexOf(".") + 1)];
		const slips = Math.min(...candidates.map((candidate) => distance(wanted, candidate)));
		if (slips < bestSlips) [best, bestSlips] = [name, slips];
	}
	return best;
}
