// Wraps lines for a terminal: between words if possible, else between grapheme clusters.
import { clusters, width } from "./width.ts";

/**
 * `text` (safe, one line) as lines of at most `cells` cells; `firstCells` for the first line, which may follow a prefix. At least one
 * line. Drops spaces at line breaks.
 */
export function wrap(text: string, cells: number, firstCells = cells): string[] {
	if (width(text) <= firstCells) return [text];
	const lines: string[] = [];
	let line = "";
	let used = 0;
	let room = Math.max(1, firstCells);
	const next = () => {
		lines.push(line.trimEnd());
		line = "";
		used = 0;
		room = Math.max(1, cells);
	};
	for (const word of text.split(/(?<= )(?=[^ ])/)) {
		const bare = width(word.trimEnd());
		// A word longer than a line begins on the current line.
		if (used + bare > room && bare <= cells && (used > 0 || room < cells)) next();
		if (used + bare <= room) {
			line += word;
			used += width(word);
			continue;
		}
		for (const cluster of clusters(word)) {
			const wide = width(cluster);
			if (used + wide > room && cluster === " ") continue;
			if (used + wide > room && used > 0) next();
			line += cluster;
			used += wide;
		}
	}
	if (line.trimEnd() !== "" || lines.length === 0) lines.push(line.trimEnd());
	return lines;
}
