// A read of the log may be ahead of the news of its commits. Who may read is known as of a head (that of the view which said that
// somebody is a member, or that of the live room, whose members were told of everything up to it); entries behind that head may
// come after the one by which the reader has left. So whatever is read is cut there, and what follows comes with its news.
import type { LogPage } from "../store/store.ts";

/** A page of what comes after a cursor, as it was when the log ended at `head`; it begins where it began. */
export function pageAsOf(page: LogPage, head: number): LogPage {
	return page.head <= head ? page : cut(page, head, page.from);
}

/** A page of the newest entries, or of those before some seq, as it was then. Where all are newer, it stands empty at `head`. */
export function newestAsOf(page: LogPage, head: number): LogPage {
	return page.head <= head ? page : cut(page, head, Math.min(page.from, head + 1));
}

function cut({ epoch, from: first, to: last, entries }: LogPage, head: number, from: number): LogPage {
	const to = Math.max(from - 1, Math.min(last, head));
	return { epoch, head, from, to, entries: entries.slice(0, Math.max(0, to + 1 - first)) };
}
