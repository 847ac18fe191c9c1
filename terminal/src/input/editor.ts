// The line editor as an immutable value, and the effect of keys on it. Invariant: the cursor is at a grapheme cluster boundary.
import { clusters } from "../text/width.ts";
import { type Key, pastedText } from "./keys.ts";

export interface Editor {
	readonly text: string;
	/** Insertion point, in UTF-16 units from the start. */
	readonly cursor: number;
}

export const EMPTY: Editor = { text: "", cursor: 0 };

/** An editor that holds `text`, its cursor at the end. */
export function editorOf(text: string): Editor {
	return { text, cursor: text.length };
}

/** The editor after `key`; undefined if the key does not edit. Up and Down edit only if there is a line to move to. */
export function edit(editor: Editor, key: Key): Editor | undefined {
	if (key.kind === "text") return insert(editor, key.text);
	if (key.kind === "paste") return insert(editor, pastedText(key.text));
	const { text, cursor } = editor;
	const word = key.ctrl || key.alt;
	switch (key.name) {
		case "left":
			return { text, cursor: word ? wordLeft(text, cursor) : left(text, cursor) };
		case "right":
			return { text, cursor: word ? wordRight(text, cursor) : right(text, cursor) };
		case "home":
			return word ? undefined : { text, cursor: lineStart(text, cursor) };
		case "end":
			return word ? undefined : { text, cursor: lineEnd(text, cursor) };
		case "up":
		case "down":
			return word || key.shift ? undefined : otherLine(editor, key.name);
		case "backspace":
			return remove(text, word ? wordLeft(text, cursor) : left(text, cursor), cursor);
		case "delete":
			return remove(text, cursor, word ? wordRight(text, cursor) : right(text, cursor));
		case "enter":
			return key.alt ? insert(editor, "\n") : undefined;
	}
	return key.ctrl ? control(editor, key.name) : key.alt ? meta(editor, key.name) : undefined;
}

/** Inserts `added` at the cursor. */
export function insert({ text, cursor }: Editor, added: string): Editor {
	return { text: text.slice(0, cursor) + added + text.slice(cursor), cursor: cursor + added.length };
}

function control({ text, cursor }: Editor, letter: string): Editor | undefined {
	switch (letter) {
		case "a":
			return { text, cursor: lineStart(text, cursor) };
		case "e":
			return { text, cursor: lineEnd(text, cursor) };
		case "b":
			return { text, cursor: left(text, cursor) };
		case "f":
			return { text, cursor: right(text, cursor) };
		case "u":
			return remove(text, lineStart(text, cursor), cursor);
		case "k":
			return remove(text, cursor, lineEnd(text, cursor));
		case "w":
			return remove(text, wordLeft(text, cursor), cursor);
		case "d":
			return text === "" ? undefined : remove(text, cursor, right(text, cursor));
	}
	return undefined;
}

function meta({ text, cursor }: Editor, letter: string): Editor | undefined {
	switch (letter) {
		case "b":
			return { text, cursor: wordLeft(text, cursor) };
		case "f":
			return { text, cursor: wordRight(text, cursor) };
		case "d":
			return remove(text, cursor, wordRight(text, cursor));
	}
	return undefined;
}

function remove(text: string, from: number, to: number): Editor {
	return { text: text.slice(0, from) + text.slice(to), cursor: from };
}

/** The cluster boundary before `at`. Clusters do not span lines, so one line is enough. */
function left(text: string, at: number): number {
	if (at === 0) return 0;
	const start = lineStart(text, at);
	return start === at ? at - 1 : at - (clusters(text.slice(start, at)).at(-1)?.length ?? 1);
}

function right(text: string, at: number): number {
	if (at >= text.length) return text.length;
	const end = lineEnd(text, at);
	return end === at ? at + 1 : at + (clusters(text.slice(at, end))[0]?.length ?? 1);
}

function wordLeft(text: string, at: number): number {
	return at - (/[^\s]*\s*$/.exec(text.slice(0, at))?.[0].length ?? 0);
}

function wordRight(text: string, at: number): number {
	return at + (/^\s*[^\s]*/.exec(text.slice(at))?.[0].length ?? 0);
}

function lineStart(text: string, at: number): number {
	return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
	const end = text.indexOf("\n", at);
	return end < 0 ? text.length : end;
}

/** The same column, counted in clusters, one line up or down. */
function otherLine({ text, cursor }: Editor, way: "up" | "down"): Editor | undefined {
	const start = lineStart(text, cursor);
	const end = lineEnd(text, cursor);
	if (way === "up" ? start === 0 : end === text.length) return undefined;
	const from = way === "up" ? lineStart(text, start - 1) : end + 1;
	const line = text.slice(from, lineEnd(text, from));
	const column = clusters(text.slice(start, cursor)).length;
	return { text, cursor: from + clusters(line).slice(0, column).join("").length };
}
