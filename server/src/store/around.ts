// Which entries a page around one of them has, and which entry a time means.

/** The entries of a page of `limit` around `seq` (1 to `head`): it stands in the middle, as far as the log goes on both sides. */
export function rangeAround(seq: number, head: number, limit: number): { readonly from: number; readonly to: number } {
	const from = Math.max(1, Math.min(seq - Math.floor(limit / 2), head - limit + 1));
	return { from, to: Math.min(head, from + limit - 1) };
}

/**
 * An entry at `atMs` or later whose predecessor is earlier, or `head` + 1 if the newest entry is earlier. Where the clock never went back
 * that is the first one at `atMs` or later; where it did, one of several. Takes log2(head) looks.
 */
export function seqAt(atMs: number, head: number, timeOf: (seq: number) => number): number {
	if (head === 0 || timeOf(head) < atMs) return head + 1;
	// The entry before `low` is earlier (none is before the first); that at `high` is not.
	let low = 1;
	let high = head;
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		if (timeOf(middle) < atMs) low = middle + 1;
		else high = middle;
	}
	return low;
}
