// Puts frames on a terminal: only rows that differ from what is there are written, each at its own place, so that a character
// whose width the terminal judges otherwise disturbs its own row and no other. A terminal that is slow to take what is written
// (a thin line) gets the newest frame when it is ready, not all those between: memory stays one frame.
import { width } from "../text/width.ts";

export interface Output {
	/** False when more should not be written before `drained`. */
	write(text: string): boolean;
}

export interface Painter {
	/** Shows `rows`, and the cursor at a cell of them, counted from 0. */
	paint(rows: readonly string[], cursor: Cursor | undefined, columns: number): void;
	/** The output takes more again. */
	drained(): void;
	/** Nothing is known any more of what the terminal shows: the next frame is written whole. */
	forget(): void;
}

export interface Cursor {
	readonly x: number;
	readonly y: number;
}

export function createPainter(output: Output): Painter {
	let shown: readonly string[] | undefined;
	let shownCursor: Cursor | undefined;
	let next: { readonly rows: readonly string[]; readonly cursor: Cursor | undefined; readonly columns: number } | undefined;
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
			// Erasing after a row that is full would take its last character, where the cursor waits to wrap.
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
// Synchronised output: terminals that know it show what lies between at once; others pass over it.
const BEGIN = `${CSI}?2026h`;
const END = `${CSI}?2026l`;

function at(x: number, y: number): string {
	return `${CSI}${y + 1};${x + 1}H`;
}
