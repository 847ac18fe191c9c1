// Cuts pages at a head. A read of the log may be ahead of the notifications of its commits: entries beyond the head as of which
// the user is known to be a member may follow the entry by which the user has left. What is cut off is delivered with its
// notification.
import type { LogPage } from "../store/store.ts";

/** A page after a cursor, as of `head`. `from` is unchanged. */
export function pageAsOf(page: LogPage, head: number): LogPage {
	return page.head <= head ? page : cut(page, head, page.from);
}

/**
 * A page of the newest entries, or of those before a seq, as of `head`. Where all its entries are newer, it is empty and stands
 * at `head`.
 */
export function newestAsOf(page: LogPage, head: number): LogPage {
	return page.head <= head ? page : cut(page, head, Math.min(page.from, head + 1));
}

function cut({ epoch, from: first, to: last, entries }: LogPage, head: number, from: number): LogPage {
	const to = Math.max(from - 1, Math.min(last, head));
	return { epoch, head, from, to, entries: entries.slice(0, Math.max(0, to + 1 - first)) };
}
