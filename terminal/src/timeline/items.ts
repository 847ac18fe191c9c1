// A room's timeline as one list, top to bottom: the entries of the log, pending sends, and items of this terminal: day separators,
// notices, the mark of unread entries, skipped ranges.
//
// Each item has a stable key, by which a position in the list survives changes.
import type { Delivery, SkippedRange } from "@verbatim/client";
import type { Entry } from "@verbatim/protocol";

/** A local message to the user: the output of a command, or an error. */
export interface Notice {
	readonly id: number;
	/** Shown after the entry of this seq. */
	readonly after: number;
	readonly tone: "info" | "error";
	readonly text: string;
}

export type TimelineItem =
	| { readonly key: string; readonly kind: "entry"; readonly entry: Entry }
	| { readonly key: string; readonly kind: "pending"; readonly delivery: Delivery }
	| { readonly key: string; readonly kind: "notice"; readonly notice: Notice }
	/** A new day begins; `atMs` is in it. */
	| { readonly key: string; readonly kind: "day"; readonly atMs: number }
	/** Entries after this were unread when the room was opened. */
	| { readonly key: string; readonly kind: "new" }
	/** There are older entries; `skipped`: the range that the server has skipped, if any. */
	| { readonly key: string; readonly kind: "older"; readonly loading: boolean; readonly skipped: SkippedRange | undefined };

export interface TimelineInput {
	readonly timeline: readonly Entry[];
	/** Seq of the timeline's first entry. */
	readonly from: number;
	readonly pending: readonly Delivery[];
	/** Oldest first. */
	readonly notices: readonly Notice[];
	/** Seq of the first unread entry; undefined: no mark. */
	readonly newFrom: number | undefined;
	readonly skipped: readonly SkippedRange[];
	readonly loading: boolean;
}

export function itemsOf({ timeline, from, pending, notices, newFrom, skipped, loading }: TimelineInput): readonly TimelineItem[] {
	const items: TimelineItem[] = [];
	if (from > 1) items.push({ key: "older", kind: "older", loading, skipped: skippedBefore(from, skipped) });
	// Leaves out notices of a part of the log that is not loaded.
	let next = notices.findIndex(({ after }) => from <= 1 || after >= from - 1);
	if (next < 0) next = notices.length;
	const addNotices = (before: number): void => {
		for (let notice = notices[next]; notice && notice.after < before; notice = notices[++next]) {
			items.push({ key: `n${notice.id}`, kind: "notice", notice });
		}
	};
	let day = NO_DAY;
	let marked = newFrom === undefined;
	for (const entry of timeline) {
		addNotices(entry.seq);
		if (entry.atMs < day.from || entry.atMs >= day.to) {
			day = dayOf(entry.atMs);
			items.push({ key: `d${entry.seq}`, kind: "day", atMs: entry.atMs });
		}
		if (!marked && newFrom !== undefined && entry.seq >= newFrom) {
			items.push({ key: "new", kind: "new" });
			marked = true;
		}
		items.push({ key: `e${entry.seq}`, kind: "entry", entry });
	}
	addNotices(Number.POSITIVE_INFINITY);
	for (const delivery of pending) items.push({ key: `p${delivery.cid}`, kind: "pending", delivery });
	return items;
}

/** The part of a skipped range that is still missing before `from`. */
function skippedBefore(from: number, skipped: readonly SkippedRange[]): SkippedRange | undefined {
	const range = skipped.findLast((candidate) => candidate.from < from && candidate.to >= from - 1);
	return range && { ...range, to: from - 1 };
}

const NO_DAY = { from: 0, to: 0 };

/** The local day of `atMs`: `from` inclusive, `to` exclusive. */
function dayOf(atMs: number): { readonly from: number; readonly to: number } {
	const date = new Date(atMs);
	const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
	return { from: new Date(year, month, day).getTime(), to: new Date(year, month, day + 1).getTime() };
}
