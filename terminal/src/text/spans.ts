// Text with a meaning: what each piece of a line is, not how it looks. view/theme.ts gives the look; without colours the words
// and signs alone must do.
import { width } from "./width.ts";

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

/** The bare text of a line. */
export function lineText(line: Line): string {
	return line.map(({ text }) => text).join("");
}
