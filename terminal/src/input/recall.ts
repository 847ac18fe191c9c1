// One's own lines again, by Up and Down, as a shell does it: what was being written is kept and comes back at the end.
import { type Editor, editorOf } from "./editor.ts";

export interface Recall {
	/** Oldest first. */
	readonly lines: readonly string[];
	/** Which of them is shown; undefined: none, one writes. */
	readonly at: number | undefined;
	/** What was being written before the first Up. */
	readonly draft: Editor | undefined;
}

export const NO_RECALL: Recall = { lines: [], at: undefined, draft: undefined };

/** Lines kept. */
const LINES_MAX = 200;

/** Keeps a line that was entered. The same one twice in a row is kept once. */
export function remember(recall: Recall, line: string): Recall {
	const lines = recall.lines.at(-1) === line ? recall.lines : [...recall.lines, line].slice(-LINES_MAX);
	return { lines, at: undefined, draft: undefined };
}

/** One line back or forth; undefined where there is none. */
export function recalled(recall: Recall, editor: Editor, way: "up" | "down"): { recall: Recall; editor: Editor } | undefined {
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
