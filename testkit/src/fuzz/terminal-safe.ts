// An independent check of output for terminals and lines, by ranges of code points.
import { must } from "./target.ts";

/** Throws if `text` has a character that controls a terminal, ends a line or changes the text direction. */
export function mustBeTerminalSafe(text: string, words: string): void {
	for (const char of text) {
		const point = char.codePointAt(0) ?? 0;
		must(!acts(point), () => `${words}: U+${point.toString(16).padStart(4, "0")} in ${JSON.stringify(text.slice(0, 200))}`);
	}
}

function acts(point: number): boolean {
	return (
		point < 0x20 ||
		(point >= 0x7f && point <= 0x9f) ||
		// Arabic letter mark, left-to-right mark, right-to-left mark, byte order mark.
		[0x061c, 0x200e, 0x200f, 0xfeff].includes(point) ||
		(point >= 0x2028 && point <= 0x202e) ||
		(point >= 0x2066 && point <= 0x2069) ||
		(point >= 0xd800 && point <= 0xdfff)
	);
}
