// The viewport on the timeline; renders visible items only. Its position is anchored at its last row: an item's key and the row within
// it, so that lines added below or loaded above do not move it. Without an anchor it follows the end.
import type { Line } from "../text/spans.ts";
import type { TimelineItem } from "./items.ts";

export interface Anchor {
	/** The item in the viewport's last row, and the row of the item there. */
	readonly key: string;
	readonly row: number;
	/** The newest seq when the viewport left the end: later entries are new. */
	readonly leftAt: number;
}

/** Renders one item; at least one line. Called often for the same item: should cache. */
export type ItemLines = (item: TimelineItem) => readonly Line[];

export interface VisibleLines {
	/** At most the viewport's height. */
	readonly lines: readonly Line[];
	/** The first item's first row is visible. */
	readonly atTop: boolean;
}

/** The visible lines. */
export function visibleLines(
	items: readonly TimelineItem[],
	itemLines: ItemLines,
	height: number,
	anchor: Anchor | undefined,
): VisibleLines {
	let { index, row } = placeOf(items, itemLines, anchor);
	const lines: Line[] = [];
	while (index >= 0 && lines.length < height) {
		const all = at(items, itemLines, index);
		for (; row >= 0 && lines.length < height; row--) lines.push(all[row] ?? []);
		if (row >= 0) break;
		index--;
		row = at(items, itemLines, index).length - 1;
	}
	return { lines: lines.reverse(), atTop: index < 0 };
}

export interface Scrolled {
	/** The new position; undefined at the end. */
	readonly anchor: Anchor | undefined;
	/** Rows that could not be scrolled up because the top is reached. */
	readonly short: number;
}

/**
 * The position `by` rows further down (negative: up), at most to the top. Keeps `leftAt` of the previous anchor; `newest` if there was
 * none.
 */
export function scrolled(
	items: readonly TimelineItem[],
	itemLines: ItemLines,
	height: number,
	anchor: Anchor | undefined,
	by: number,
	newest: number,
): Scrolled {
	let { index, row } = placeOf(items, itemLines, anchor);
	row += by;
	while (row < 0 && index > 0) row += at(items, itemLines, --index).length;
	while (index < items.length && row >= at(items, itemLines, index).length) row -= at(items, itemLines, index++).length;
	const top = topPlace(items, itemLines, height);
	let short = 0;
	if (top && (index < top.index || (index === top.index && row < top.row))) {
		const above = items.slice(0, index).reduce((rows, item) => rows + itemLines(item).length, 0);
		short = height - 1 - (above + row);
		({ index, row } = top);
	}
	const item = items[index];
	const last = items.length - 1;
	if (!top || !item || (index === last && row >= at(items, itemLines, last).length - 1)) {
		return { anchor: undefined, short: top ? 0 : Math.max(0, -by) };
	}
	return { anchor: { key: item.key, row: Math.max(0, row), leftAt: anchor?.leftAt ?? newest }, short };
}

interface Place {
	readonly index: number;
	readonly row: number;
}

function at(items: readonly TimelineItem[], itemLines: ItemLines, index: number): readonly Line[] {
	const item = items[index];
	return item ? itemLines(item) : [];
}

/** The current position of the viewport's last row. */
function placeOf(items: readonly TimelineItem[], itemLines: ItemLines, anchor: Anchor | undefined): Place {
	const last = items.length - 1;
	const index = anchor ? indexOf(items, anchor.key) : last;
	const rows = at(items, itemLines, index).length;
	// After a change of width the item may have fewer rows.
	return { index, row: anchor ? Math.min(anchor.row, rows - 1) : rows - 1 };
}

/** The index of the item with this key, or of the entry that has replaced it; else of the last item. */
function indexOf(items: readonly TimelineItem[], key: string): number {
	const index = items.findLastIndex((item) => item.key === key);
	if (index >= 0) return index;
	const cid = key.startsWith("p") ? key.slice(1) : undefined;
	const seq = key.startsWith("d") ? Number(key.slice(1)) : undefined;
	const successor = items.findLastIndex(
		(item) => item.kind === "entry" && (cid !== undefined ? item.entry.cid === cid : item.entry.seq === seq),
	);
	return successor >= 0 ? successor : items.length - 1;
}

/** The position at which the viewport shows the first row; undefined if all rows fit into it. */
function topPlace(items: readonly TimelineItem[], itemLines: ItemLines, height: number): Place | undefined {
	let rows = 0;
	for (let index = 0; index < items.length; index++) {
		const own = at(items, itemLines, index).length;
		if (rows + own >= height) {
			const row = height - rows - 1;
			return index === items.length - 1 && row === own - 1 ? undefined : { index, row };
		}
		rows += own;
	}
	return undefined;
}
