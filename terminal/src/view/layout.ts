// How the screen is divided: at 80x24 everything, on less the list of rooms goes first, then title and ruler.

export interface Layout {
	/** Cells of the room list, 0 if it is not shown; a line of one cell stands between it and the rest. */
	readonly side: number;
	/** Cells of everything beside it. */
	readonly main: number;
	/** Rows, from top to bottom; 0: not shown. */
	readonly title: number;
	readonly timeline: number;
	readonly ruler: number;
	readonly composer: number;
	readonly status: number;
}

/** Below this many columns the room list gives way. */
const SIDE_FROM_COLUMNS = 60;

/** `wanted` is how many rows the composer would fill. */
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

/** The composer grows with what is written, up to a third of the screen. */
export function composerRowsMax(rows: number): number {
	return Math.max(1, Math.min(8, Math.floor(rows / 3)));
}
