// Width of text in terminal cells. The text must be safe, without control characters.
import stringWidth from "string-width";

/** Cells that `text` takes. */
export function width(text: string): number {
	return stringWidth(text);
}

/** The grapheme clusters (user-perceived characters) of `text`. */
export function clusters(text: string): string[] {
	if (ASCII.test(text)) return text.split("");
	return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

/** `text` in at most `cells` cells; a cut is marked by `…`. */
export function cut(text: string, cells: number): string {
	if (width(text) <= cells) return text;
	if (cells <= 0) return "";
	let kept = "";
	let used = 0;
	for (const cluster of clusters(text)) {
		used += width(cluster);
		if (used > cells - 1) break;
		kept += cluster;
	}
	return `${kept}…`;
}

/** `text` in exactly `cells` cells: cut, or padded with spaces. */
export function fit(text: string, cells: number): string {
	const short = cut(text, cells);
	return short + " ".repeat(Math.max(0, cells - width(short)));
}

const ASCII = /^[\x20-\x7e]*$/;
const SEGMENTER = new Intl.Segmenter(undefined, { granularity: "grapheme" });
