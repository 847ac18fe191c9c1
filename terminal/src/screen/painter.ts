// Paints frames on a terminal. Only changed rows are written, each with its own cursor position, so that a character whose width the
// terminal measures differently affects its own row only. Backpressure: a slow terminal gets the newest frame when it has drained;
// frames between are dropped, so at most one is held.
import { width } from "../text/width.ts";

export interface Output {
	/** False: write no more before `drained`. */
	write(text: string): boolean;
}

export interface Painter {
	/** Shows `rows`, and the cursor at a cell, counted from 0; undefined hides it. */
	paint(rows: readonly string[], cursor: ScreenCursor | undefined, columns: number): void;
	/** The output has drained. */
	drained(): void;
	/** The terminal's content is unknown: the next frame is written whole. */
	forget(): void;
}

export interface ScreenCursor {
	readonly x: number;
	readonly y: number;
}

export function createPainter(output: Output): Painter {
	let shown: readonly string[] | undefined;
	let shownCursor: ScreenCursor | undefined;
	let next: { readonly rows: readonly string[]; readonly cursor: ScreenCursor | undefined; readonly columns: number } | undefined;
	let blocked = false;

	const flush = (): void => {
		if (blocked || !next) return;
		const { rows, cursor, columns } = next;
		next = undefined;
		let changes = shown ? "" : CLEAR;
		const height = Math.max(rows.length, shown?.length ?? 0);
		for (let y = 0; y < height; y++) {
			const row = rows[y] ?? "";
			if (shown && row === (shown[y] ?? "")) continue;
			// After a full row the cursor is still on its last cell: erasing would delete that character.
			changes += `${at(0, y)}${row}${RESET}${width(row) < columns ? ERASE_REST : ""}`;
		}
		if (changes === "" && cursor?.x === shownCursor?.x && cursor?.y === shownCursor?.y) return;
		shown = rows;
		shownCursor = cursor;
		blocked = !output.write(`${BEGIN}${HIDE_CURSOR}${changes}${cursor ? at(cursor.x, cursor.y) + SHOW_CURSOR : ""}${END}`);
	};

	return {
		paint(rows, cursor, columns) {
			next = { rows, cursor, columns };
			flush();
		},
		drained() {
			blocked = false;
			flush();
		},
		forget() {
			shown = undefined;
			shownCursor = undefined;
		},
	};
}

const CSI = "\x1b[";
const CLEAR = `${CSI}2J`;
const RESET = `${CSI}0m`;
const ERASE_REST = `${CSI}K`;
const HIDE_CURSOR = `${CSI}?25l`;
const SHOW_CURSOR = `${CSI}?25h`;
// Synchronised output: supporting terminals show the update at once; others ignore the sequences.
const BEGIN = `${CSI}?2026h`;
const END = `${CSI}?2026l`;

function at(x: number, y: number): string {
	return `${CSI}${y + 1};${x + 1}H`;
}
