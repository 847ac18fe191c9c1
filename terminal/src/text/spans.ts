// Text with a meaning: what each piece of a line is, not how it looks. view/theme.ts gives the look; without colours the words
// and signs alone must do.
import { cut, width } from "./width.ts";

export type Tone =
	| "plain"
	| "dim"
	/** Another's name, coloured by `hue`. */
	| "name"
	/** One's own name. */
	| "me"
	| "title"
	| "event"
	| "error"
	| "good"
	| "warn"
	| "bad"
	| "unread"
	/** Where one is, in a list. */
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

/** The line in at most `cells` cells; what had to be cut is marked by `…`. */
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

/** The bare text of a line. */
export function lineText(line: Line): string {
	return line.map(({ text }) => text).join("");
}
