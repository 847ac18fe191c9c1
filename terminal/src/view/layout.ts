// Division of the screen. All parts at 80x24; smaller screens drop the room list, then title and ruler.

export interface Layout {
	/** Cells of the room list; 0: not shown. A line of one cell separates it from the rest. */
	readonly side: number;
	/** Cells of the parts beside it. */
	readonly main: number;
	/** Rows, from top to bottom; 0: not shown. */
	readonly title: number;
	readonly timeline: number;
	readonly ruler: number;
	readonly composer: number;
	readonly status: number;
}

/** Fewest columns at which the room list is shown. */
const SIDE_FROM_COLUMNS = 60;

/** `wanted`: rows of the composer's text. */
export function layoutOf(columns: number, rows: number, wanted: number): Layout {
	const side = columns >= SIDE_FROM_COLUMNS ? Math.min(26, Math.max(16, Math.floor(columns * 0.22))) : 0;
	const status = rows >= 3 ? 1 : 0;
	const title = rows >= 6 ? 1 : 0;
	const ruler = rows >= 8 ? 1 : 0;
	const composer = Math.max(1, Math.min(wanted, composerRowsMax(rows), rows - status - title - ruler - 1));
	return {
		side,
		main: Math.max(1, side > 0 ? columns - side - 1 : columns),
		title,
		timeline: Math.max(0, rows - status - title - ruler - composer),
		ruler,
		composer,
		status,
	};
}

/** The composer grows with its text, up to a third of the screen and 8 rows. */
export function composerRowsMax(rows: number): number {
	return Math.max(1, Math.min(8, Math.floor(rows / 3)));
}
