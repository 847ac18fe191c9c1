// Completion of the word before the cursor: commands, rooms and people. Tab again gives the next one that fits.
import { COMMANDS, type CommandFacts, isCommandName } from "../command/table.ts";
import type { Editor } from "./editor.ts";

/** What words can be completed to, likeliest first. */
export interface Words {
	readonly commands: readonly string[];
	/** With `#`. */
	readonly rooms: readonly string[];
	readonly users: readonly string[];
}

export interface Completion {
	/** The text around the completed word. */
	readonly before: string;
	readonly after: string;
	readonly candidates: readonly string[];
	readonly at: number;
}

/** All that the word before the cursor can become, the first chosen; undefined if nothing fits. */
export function completionOf(editor: Editor, words: Words): Completion | undefined {
	const head = editor.text.slice(0, editor.cursor);
	const start = /\S*$/.exec(head)?.index ?? head.length;
	const candidates = candidatesFor(head, start, words);
	return candidates.length === 0
		? undefined
		: { before: head.slice(0, start), after: editor.text.slice(editor.cursor), candidates, at: 0 };
}

/** The same completion with its next (or, backwards, last) candidate. */
export function turned(completion: Completion, backwards: boolean): Completion {
	const count = completion.candidates.length;
	return { ...completion, at: (completion.at + (backwards ? count - 1 : 1)) % count };
}

/** The text with the chosen candidate in place. */
export function completed({ before, after, candidates, at }: Completion): Editor {
	const text = before + (candidates[at] ?? "");
	return { text: text + (after.startsWith(" ") ? after.slice(1) : after), cursor: text.length };
}

function candidatesFor(head: string, start: number, words: Words): string[] {
	const word = head.slice(start);
	if (start === 0 && word.startsWith("/") && !word.startsWith("//")) {
		return fitting(word.slice(1), words.commands).map((name) => `/${name} `);
	}
	const [, command] = /^\/(\S+)\s/.exec(head) ?? [];
	if (command !== undefined && isCommandName(command.toLowerCase())) {
		const facts: CommandFacts = COMMANDS[command.toLowerCase() as keyof typeof COMMANDS];
		const place = head.slice(0, start).split(/\s+/).length - 2;
		const kind = facts.args[Math.min(place, facts.args.length - 1)];
		if (kind === "command") return fitting(word.replace(/^\//, ""), words.commands).map((name) => `${name} `);
		if (kind === "room") return roomsFor(word, words);
		if (kind === "user") return fitting(word.replace(/^@/, ""), words.users).map((name) => `${name} `);
		if (kind !== "text") return [];
	}
	if (word.startsWith("#")) return roomsFor(word, words);
	if (word.startsWith("@")) return fitting(word.slice(1), words.users).map((name) => `@${name} `);
	// An empty word would be completed to anybody: that is nobody's wish in the middle of a sentence.
	if (word === "") return [];
	return fitting(word, words.users).map((name) => (start === 0 ? `${name}: ` : `${name} `));
}

function roomsFor(word: string, words: Words): string[] {
	return fitting(word.startsWith("#") ? word : `#${word}`, words.rooms).map((name) => `${name} `);
}

function fitting(begun: string, words: readonly string[]): string[] {
	const wanted = begun.toLowerCase();
	return [...new Set(words)].filter((word) => word.toLowerCase().startsWith(wanted));
}
