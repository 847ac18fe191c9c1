// Lines of spans with semantic tones. view/theme.ts maps tones to colours; lines must also be readable without colours.
import { cut, width } from "./width.ts";

export type Tone =
	| "plain"
	| "dim"
	/** Another user's name, coloured by `hue`. */
	| "name"
	/** The user's own name. */
	| "me"
	| "title"
	| "event"
	| "error"
	| "good"
	| "warn"
	| "bad"
	| "unread"
	/** The selected row of a list. */
	| "chosen";

/** A piece of one line. Its text is safe: see `safeText`. */
export interface Span {
	readonly text: string;
	readonly tone: Tone;
	/** For names: which of the theme's hues; any whole number. */
	readonly hue?: number;
}

export type Line = readonly Span[];

export function span(text: string, tone: Tone = "plain"): Span {
	return { text, tone };
}

/** Cells that the line takes. */
export function lineWidth(line: Line): number {
	return line.reduce((sum, { text }) => sum + width(text), 0);
}

/** The line in at most `cells` cells; a cut is marked by `…`. */
export function clipped(line: Line, cells: number): Line {
	if (lineWidth(line) <= cells) return line;
	let left = cells;
	const kept: Span[] = [];
	for (const piece of line) {
		const text = cut(piece.text, left);
		left -= width(text);
		if (text !== "") kept.push({ ...piece, text });
		if (text !== piece.text) break;
	}
	return kept;
}

/** The text of a line without tones. */
export function lineText(line: Line): string {
	return line.map(({ text }) => text).join("");
}
