// Cuts pages at a head. A read of the log may be ahead of the notifications of its commits: entries beyond the head as of which
// the user is known to be a member may follow the entry by which the user has left. What is cut off is delivered with its
// notification.
import { LIMITS } from "@verbatim/protocol";
import type { LogPage } from "../store/store.ts";

/** A page after a cursor, as of `head`. `from` is unchanged. */
export function pageAsOf(page: LogPage, head: number): LogPage {
	return cut(page, Math.min(page.head, head), page.from);
}

/**
 * A page of the newest entries, or of those before a seq, as of `head`. Where all its entries are newer, it is empty and stands
 * at `head`.
 */
export function newestAsOf(page: LogPage, head: number): LogPage {
	return page.head <= head ? cut(page, page.head, page.from) : cut(page, head, Math.min(page.from, head + 1));
}

function cut(page: LogPage, head: number, wanted: number): LogPage {
	// Beyond the last seq that there can be, an empty page begins at it: no number of the wire reaches further.
	const from = Math.min(wanted, LIMITS.seqMax);
	const last = Math.min(page.to, head);
	const to = last < wanted ? from - 1 : last;
	if (head === page.head && from === page.from && to === page.to) return page;
	return { ...page, head, asOf: head, from, to, entries: page.entries.slice(0, Math.max(0, to + 1 - page.from)) };
}
