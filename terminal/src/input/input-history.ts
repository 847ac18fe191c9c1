// The history of entered lines, by Up and Down as in a shell. The unfinished line is kept, and returns after the newest.
import { type Editor, editorOf } from "./editor.ts";

export interface InputHistory {
	/** Oldest first. */
	readonly lines: readonly string[];
	/** Index of the shown line; undefined: none. */
	readonly at: number | undefined;
	/** The unfinished line before the first Up. */
	readonly draft: Editor | undefined;
}

export const EMPTY_HISTORY: InputHistory = { lines: [], at: undefined, draft: undefined };

const LINES_MAX = 200;

/** Adds a line. A repeat of the newest is not added. */
export function remember(recall: InputHistory, line: string): InputHistory {
	const lines = recall.lines.at(-1) === line ? recall.lines : [...recall.lines, line].slice(-LINES_MAX);
	return { lines, at: undefined, draft: undefined };
}

/** The previous or next line; undefined if there is none. */
export function stepHistory(
	recall: InputHistory,
	editor: Editor,
	way: "up" | "down",
): { recall: InputHistory; editor: Editor } | undefined {
	const { lines, at } = recall;
	if (way === "up") {
		const to = (at ?? lines.length) - 1;
		const line = lines[to];
		if (line === undefined) return undefined;
		return { recall: { lines, at: to, draft: at === undefined ? editor : recall.draft }, editor: editorOf(line) };
	}
	if (at === undefined) return undefined;
	const line = lines[at + 1];
	if (line === undefined) {
		return { recall: { lines, at: undefined, draft: undefined }, editor: recall.draft ?? editorOf("") };
	}
	return { recall: { ...recall, at: at + 1 }, editor: editorOf(line) };
}
