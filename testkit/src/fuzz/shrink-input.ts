// Minimizes a failing input: removes ever smaller blocks, then replaces bytes by plain ones, as long as the failure stays the same.
// Failures are compared without numbers and quoted text, which come from the input.

/** The `failureKey` of an input; undefined: it passes. */
export type Trial = (input: Uint8Array) => Promise<string | undefined>;

/** The smallest input found within `withinMs` that fails like `input`. */
export async function shrinkInput(input: Uint8Array, trial: Trial, withinMs: number): Promise<Uint8Array> {
	const way = await trial(input);
	const endsMs = performance.now() + withinMs;
	const still = async (candidate: Uint8Array): Promise<boolean> => performance.now() < endsMs && (await trial(candidate)) === way;
	let best = input;
	if (way === undefined) return best;
	// Until a whole round drops nothing: one stretch may be needed only because of another.
	for (let before = -1; best.length !== before && performance.now() < endsMs; ) {
		before = best.length;
		for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
			for (let at = 0; at < best.length; ) {
				const shorter = without(best, at, size);
				if (await still(shorter)) best = shorter;
				else at += size;
			}
		}
	}
	for (let at = 0; at < best.length; at++) {
		for (const plain of [0x00, 0x30, 0x61]) {
			if (best[at] === plain) break;
			const plainer = best.slice();
			plainer[at] = plain;
			if (!(await still(plainer))) continue;
			best = plainer;
			break;
		}
	}
	return best;
}

/** A failure's message without what depends on the input. */
export function failureKey(failure: unknown): string {
	const words = failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure);
	const [first = ""] = words.split("\n");
	return first
		.split(": ")
		.slice(0, 2)
		.join(": ")
		.replace(/"[^"]*"|\d+/g, "…")
		.slice(0, 120);
}

function without(bytes: Uint8Array, at: number, count: number): Uint8Array {
	return Uint8Array.from(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]));
}
