// Completion of the word before the cursor: commands, rooms and users. Repeated Tab cycles through the candidates.
import { isSlashCommandName, SLASH_COMMANDS, type SlashCommandSpec } from "../command/slash-commands.ts";
import type { Editor } from "./editor.ts";

/** Sources of candidates, most likely first. */
export interface CompletionSources {
	readonly commands: readonly string[];
	/** With `#`. */
	readonly rooms: readonly string[];
	readonly users: readonly string[];
}

export interface Completion {
	/** The text around the withCandidate word. */
	readonly before: string;
	readonly after: string;
	readonly candidates: readonly string[];
	readonly at: number;
}

/** The candidates for the word before the cursor, the first one chosen; undefined if there are none. */
export function completionOf(editor: Editor, words: CompletionSources): Completion | undefined {
	const head = editor.text.slice(0, editor.cursor);
	const start = /\S*$/.exec(head)?.index ?? head.length;
	const candidates = candidatesFor(head, start, words);
	return candidates.length === 0
		? undefined
		: { before: head.slice(0, start), after: editor.text.slice(editor.cursor), candidates, at: 0 };
}

/** The completion with its next (or, backwards, previous) candidate. */
export function nextCandidate(completion: Completion, backwards: boolean): Completion {
	const count = completion.candidates.length;
	return { ...completion, at: (completion.at + (backwards ? count - 1 : 1)) % count };
}

/** The text with the chosen candidate. */
export function withCandidate({ before, after, candidates, at }: Completion): Editor {
	const text = before + (candidates[at] ?? "");
	return { text: text + (after.startsWith(" ") ? after.slice(1) : after), cursor: text.length };
}

function candidatesFor(head: string, start: number, words: CompletionSources): string[] {
	const word = head.slice(start);
	if (start === 0 && word.startsWith("/") && !word.startsWith("//")) {
		return fitting(word.slice(1), words.commands).map((name) => `/${name} `);
	}
	const [, command] = /^\/(\S+)\s/.exec(head) ?? [];
	if (command !== undefined && isSlashCommandName(command.toLowerCase())) {
		const facts: SlashCommandSpec = SLASH_COMMANDS[command.toLowerCase() as keyof typeof SLASH_COMMANDS];
		const place = head.slice(0, start).split(/\s+/).length - 2;
		const kind = facts.args[Math.min(place, facts.args.length - 1)];
		if (kind === "command") return fitting(word.replace(/^\//, ""), words.commands).map((name) => `${name} `);
		if (kind === "room") return roomsFor(word, words);
		if (kind === "user") return fitting(word.replace(/^@/, ""), words.users).map((name) => `${name} `);
		if (kind !== "text") return [];
	}
	if (word.startsWith("#")) return roomsFor(word, words);
	if (word.startsWith("@")) return fitting(word.slice(1), words.users).map((name) => `@${name} `);
	// An empty word would match every user: not withCandidate.
	if (word === "") return [];
	return fitting(word, words.users).map((name) => (start === 0 ? `${name}: ` : `${name} `));
}

function roomsFor(word: string, words: CompletionSources): string[] {
	return fitting(word.startsWith("#") ? word : `#${word}`, words.rooms).map((name) => `${name} `);
}

function fitting(begun: string, words: readonly string[]): string[] {
	const wanted = begun.toLowerCase();
	return [...new Set(words)].filter((word) => word.toLowerCase().startsWith(wanted));
}
