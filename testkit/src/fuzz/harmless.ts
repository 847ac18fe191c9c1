// What may go to a terminal or into a line, said in another way than by the code that sees to it: by ranges of code points.
import { must } from "./target.ts";

/** Nothing in `text` acts on a terminal, ends a line or changes the direction of what follows. */
export function mustBeHarmless(text: string, words: string): void {
	for (const char of text) {
		const point = char.codePointAt(0) ?? 0;
		must(!acts(point), () => `${words}: U+${point.toString(16).padStart(4, "0")} in ${JSON.stringify(text.slice(0, 200))}`);
	}
}

function acts(point: number): boolean {
	return (
		point < 0x20 ||
		(point >= 0x7f && point <= 0x9f) ||
		// A mark of a letter, a mark of a direction, and the byte order mark.
		[0x061c, 0x200e, 0x200f, 0xfeff].includes(point) ||
		(point >= 0x2028 && point <= 0x202e) ||
		(point >= 0x2066 && point <= 0x2069) ||
		(point >= 0xd800 && point <= 0xdfff)
	);
}
