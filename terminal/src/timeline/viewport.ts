// A window onto the timeline, without laying out more of it than is seen. Its place is kept by what stands in its last row: an
// item's key and the row within it. Lines that come below or are loaded above do not move it. No place: it follows the end.
import type { Line } from "../text/spans.ts";
import type { Item } from "./items.ts";

export interface Anchor {
	/** The item in the window's last row, and which of its rows stands there. */
	readonly key: string;
	readonly row: number;
	/** The newest seq when one left the end: what is above it is new. */
	readonly leftAt: number;
}

/** Lays out one item; at least one line. Called often for the same items: it should remember. */
export type Lay = (item: Item) => readonly Line[];

export interface Seen {
	/** At most the window's height; fewer if there is no more. */
	readonly lines: readonly Line[];
	/** The first item's first row is in the window. */
	readonly atTop: boolean;
}

/** What the window shows. */
export function seen(items: readonly Item[], lay: Lay, height: number, anchor: Anchor | undefined): Seen {
	let { index, row } = placeOf(items, lay, anchor);
	const lines: Line[] = [];
	while (index >= 0 && lines.length < height) {
		const all = at(items, lay, index);
		for (; row >= 0 && lines.length < height; row--) lines.push(all[row] ?? []);
		if (row >= 0) break;
		index--;
		row = at(items, lay, index).length - 1;
	}
	return { lines: lines.reverse(), atTop: index < 0 };
}

export interface Scrolled {
	/** The place now; undefined at the end. */
	readonly anchor: Anchor | undefined;
	/** Rows that could not be gone up because the top is reached. */
	readonly short: number;
}

/**
 * The place `by` rows further down (up, if below zero), never past the top. `leftAt` is kept from the anchor before; it is
 * `newest` where there was none.
 */
export function scrolled(
	items: readonly Item[],
	lay: Lay,
	height: number,
	anchor: Anchor | undefined,
	by: number,
	newest: number,
): Scrolled {
	let { index, row } = placeOf(items, lay, anchor);
	row += by;
	while (row < 0 && index > 0) row += at(items, lay, --index).length;
	while (index < items.length && row >= at(items, lay, index).length) row -= at(items, lay, index++).length;
	const top = topPlace(items, lay, height);
	let short = 0;
	if (top && (index < top.index || (index === top.index && row < top.row))) {
		const above = items.slice(0, index).reduce((rows, item) => rows + lay(item).length, 0);
		short = height - 1 - (above + row);
		({ index, row } = top);
	}
	const item = items[index];
	const last = items.length - 1;
	if (!top || !item || (index === last && row >= at(items, lay, last).length - 1)) {
		return { anchor: undefined, short: top ? 0 : Math.max(0, -by) };
	}
	return { anchor: { key: item.key, row: Math.max(0, row), leftAt: anchor?.leftAt ?? newest }, short };
}

interface Place {
	readonly index: number;
	readonly row: number;
}

function at(items: readonly Item[], lay: Lay, index: number): readonly Line[] {
	const item = items[index];
	return item ? lay(item) : [];
}

/** Where the window's last row stands now. */
function placeOf(items: readonly Item[], lay: Lay, anchor: Anchor | undefined): Place {
	const last = items.length - 1;
	const index = anchor ? indexOf(items, anchor.key) : last;
	const rows = at(items, lay, index).length;
	// After a change of width the item may have fewer rows.
	return { index, row: anchor ? Math.min(anchor.row, rows - 1) : rows - 1 };
}

/** The index of the item of this key, or of what it has become; the last one if it is gone. */
function indexOf(items: readonly Item[], key: string): number {
	const index = items.findLastIndex((item) => item.key === key);
	if (index >= 0) return index;
	const cid = key.startsWith("p") ? key.slice(1) : undefined;
	const seq = key.startsWith("d") ? Number(key.slice(1)) : undefined;
	const heir = items.findLastIndex(
		(item) => item.kind === "entry" && (cid !== undefined ? item.entry.cid === cid : item.entry.seq === seq),
	);
	return heir >= 0 ? heir : items.length - 1;
}

/** The place of a window that shows the very top; undefined if all fits into it. */
function topPlace(items: readonly Item[], lay: Lay, height: number): Place | undefined {
	let rows = 0;
	for (let index = 0; index < items.length; index++) {
		const own = at(items, lay, index).length;
		if (rows + own >= height) {
			const row = height - rows - 1;
			return index === items.length - 1 && row === own - 1 ? undefined : { index, row };
		}
		rows += own;
	}
	return undefined;
}
