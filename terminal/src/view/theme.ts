// The look of each tone. Uses only the sixteen colours of the user's palette, which suit dark and light terminals, and bold, dim and
// inverse, which remain without colours.
import type { Line, Span, Tone } from "../text/spans.ts";

export interface Theme {
	/** The line with escape codes; each span resets what it sets. */
	paint(line: Line): string;
}

/** Uses colours unless NO_COLOR is not empty (no-color.org) or TERM names a terminal without them. */
export function themeFor(env: Readonly<Record<string, string | undefined>>): Theme {
	const coloured = !env.NO_COLOR && !/^(?:dumb|vt\d+|linux-m\d?|.*-m)$/.test(env.TERM ?? "dumb");
	return { paint: (line) => line.map((piece) => painted(piece, coloured)).join("") };
}

type Code = readonly [begin: string, end: string];

const BOLD: Code = ["1", "22"];
const DIM: Code = ["2", "22"];
const INVERSE: Code = ["7", "27"];
const colour = (code: number): Code => [String(code), "39"];

const RED = colour(31);
const GREEN = colour(32);
const YELLOW = colour(33);
const CYAN = colour(36);

/** Attributes that are used with and without colours, and the colour. */
const LOOKS: Readonly<Record<Tone, { readonly always?: Code; readonly coloured?: Code }>> = {
	plain: {},
	dim: { always: DIM },
	name: {},
	me: { always: BOLD },
	title: { always: BOLD },
	event: { always: DIM },
	error: { coloured: RED },
	good: { coloured: GREEN },
	warn: { coloured: YELLOW },
	bad: { always: BOLD, coloured: RED },
	unread: { always: BOLD, coloured: CYAN },
	chosen: { always: INVERSE },
};

/** For names: neither the red of errors nor a black or white that may be the background. */
const HUES: readonly Code[] = [32, 33, 34, 35, 36, 92, 93, 94, 95, 96].map(colour);

function painted(piece: Span, coloured: boolean): string {
	const look = LOOKS[piece.tone];
	const hue = piece.tone === "name" ? HUES[(piece.hue ?? 0) % HUES.length] : look.coloured;
	const codes = [look.always, coloured ? hue : undefined].filter((code) => code !== undefined);
	if (codes.length === 0 || piece.text === "") return piece.text;
	return `\x1b[${codes.map(([begin]) => begin).join(";")}m${piece.text}\x1b[${codes.map(([, end]) => end).join(";")}m`;
}
