// A read of the log may be ahead of the news of its commits. Who may read is known as of a head (that of the view which said that
// somebody is a member, or that of the live room, whose members were told of everything up to it); entries behind that head may
// come after the one by which the reader has left. So whatever is read is cut there, and what follows comes with its news.
import type { LogPage } from "../store/store.ts";

/** The page as it was when the log ended at `head`. */
export function pageAsOf(page: LogPage, head: number): LogPage {
	if (page.head <= head) return page;
	const from = Math.min(page.from, head + 1);
	const to = Math.min(page.to, head);
	return { epoch: page.epoch, head, from, to, entries: page.entries.slice(0, Math.max(0, to + 1 - page.from)) };
}
