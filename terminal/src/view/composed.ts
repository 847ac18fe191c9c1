// The editor's text as rows of the composer, with the cursor's position. Wrapped by cell, not by word, so that text does not jump to
// the next row while a word is typed.
import type { Editor } from "../input/editor.ts";
import { safeCluster } from "../text/safe.ts";
import { clusters, width } from "../text/width.ts";

export interface Composed {
	/** All rows, without the prompt. At least one. */
	readonly rows: readonly string[];
	readonly x: number;
	readonly y: number;
}

/** `hiddenFrom`: characters from this index on are masked by `•`. */
export function composed({ text, cursor }: Editor, cells: number, hiddenFrom = Number.POSITIVE_INFINITY): Composed {
	const room = Math.max(2, cells);
	const rows: string[] = [];
	let row = "";
	let used = 0;
	let x = 0;
	let y = 0;
	let index = 0;
	const next = () => {
		rows.push(row);
		row = "";
		used = 0;
	};
	for (const cluster of [...clusters(text), ""]) {
		const shown =
			cluster === "\n" || cluster === "" ? "" : index >= hiddenFrom ? "•" : safeCluster(cluster.replace("\t", " "), used === 0);
		const wide = width(shown);
		// The cursor needs a cell, also at the end.
		if (used + Math.max(1, wide) > room && cluster !== "\n") next();
		if (index === cursor) {
			x = Math.min(used, room - 1);
			y = rows.length;
		}
		if (cluster === "\n") next();
		row += shown;
		used += wide;
		index += cluster.length;
	}
	rows.push(row);
	return { rows, x, y };
}

/** Index of the first of `height` rows to show, so that the cursor's row is visible. */
export function firstRow({ rows, y }: Composed, height: number): number {
	return Math.max(0, Math.min(y - height + 1, rows.length - height));
}
