// What stands in a room's timeline, from top to bottom, as one list: the entries of the log, what one has said and is not in it
// yet, and between them what only this terminal shows: days, notices, where the new begins, what was skipped.
//
// Every item has a key that stays the same while the list changes around it, so that a place in the list can be kept.
import type { Delivery, SkippedRange } from "@verbatim/client";
import type { Entry } from "@verbatim/protocol";

/** Something told to this user alone: an answer to a command, an error. */
export interface Notice {
	readonly id: number;
	/** Stands after the entry of this seq. */
	readonly after: number;
	readonly tone: "info" | "error";
	readonly text: string;
}

export type Item =
	| { readonly key: string; readonly kind: "entry"; readonly entry: Entry }
	| { readonly key: string; readonly kind: "pending"; readonly delivery: Delivery }
	| { readonly key: string; readonly kind: "notice"; readonly notice: Notice }
	/** A new day begins; `atMs` lies in it. */
	| { readonly key: string; readonly kind: "day"; readonly atMs: number }
	/** What follows came while one was not looking. */
	| { readonly key: string; readonly kind: "new" }
	/** There is more before the first entry; `skipped` says why, where it was not sent. */
	| { readonly key: string; readonly kind: "older"; readonly loading: boolean; readonly skipped: SkippedRange | undefined };

export interface Ingredients {
	readonly timeline: readonly Entry[];
	/** Seq of the timeline's first entry. */
	readonly from: number;
	readonly pending: readonly Delivery[];
	/** In the order in which they were told. */
	readonly notices: readonly Notice[];
	/** Seq of the first entry that is new; undefined: no mark. */
	readonly newFrom: number | undefined;
	readonly skipped: readonly SkippedRange[];
	readonly loading: boolean;
}

export function itemsOf({ timeline, from, pending, notices, newFrom, skipped, loading }: Ingredients): readonly Item[] {
	const items: Item[] = [];
	if (from > 1) items.push({ key: "older", kind: "older", loading, skipped: skippedBefore(from, skipped) });
	// Notices of a part of the log that is not here have no place.
	let next = notices.findIndex(({ after }) => from <= 1 || after >= from - 1);
	if (next < 0) next = notices.length;
	const tell = (before: number): void => {
		for (let notice = notices[next]; notice && notice.after < before; notice = notices[++next]) {
			items.push({ key: `n${notice.id}`, kind: "notice", notice });
		}
	};
	let day = NO_DAY;
	let marked = newFrom === undefined;
	for (const entry of timeline) {
		tell(entry.seq);
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
	tell(Number.POSITIVE_INFINITY);
	for (const delivery of pending) items.push({ key: `p${delivery.cid}`, kind: "pending", delivery });
	return items;
}

/** The part of a skipped range that is still missing before `from`. */
function skippedBefore(from: number, skipped: readonly SkippedRange[]): SkippedRange | undefined {
	const range = skipped.findLast((candidate) => candidate.from < from && candidate.to >= from - 1);
	return range && { ...range, to: from - 1 };
}

const NO_DAY = { from: 0, to: 0 };

/** From midnight to midnight, local time. */
function dayOf(atMs: number): { readonly from: number; readonly to: number } {
	const date = new Date(atMs);
	const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
	return { from: new Date(year, month, day).getTime(), to: new Date(year, month, day + 1).getTime() };
}
