// Parses an entered line: a slash command, or a message.
import { nearest } from "./nearest.ts";
import {
	isSlashCommandName,
	SLASH_COMMAND_NAMES,
	SLASH_COMMANDS,
	type SlashCommandName,
	type SlashCommandSpec,
} from "./slash-commands.ts";

export type ParsedInput =
	| { readonly kind: "say"; readonly text: string }
	/** `words`: the arguments; `rest`: the text after the first of them, verbatim. */
	| { readonly kind: "command"; readonly name: SlashCommandName; readonly words: readonly string[]; readonly rest: string }
	| { readonly kind: "unknown"; readonly name: string; readonly nearest: SlashCommandName | undefined };

/** A line that begins with `/` is a command; `//` begins a message with one `/`. */
export function parseInput(line: string): ParsedInput {
	if (!line.startsWith("/")) return { kind: "say", text: line };
	if (line.startsWith("//")) return { kind: "say", text: line.slice(1) };
	const [, typed = "", after = ""] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
	const name = typed.toLowerCase();
	if (!isSlashCommandName(name)) return { kind: "unknown", name: typed, nearest: nearest(name, SLASH_COMMAND_NAMES) };
	const [, rest = ""] = /^\S+\s?(.*)$/s.exec(after) ?? [];
	return { kind: "command", name, words: after.split(/\s+/).filter((word) => word !== ""), rest };
}

/** Index at which a secret argument begins in an unfinished line; it reaches to the end. */
export function secretFrom(line: string): number | undefined {
	const [before, name = "", words = ""] = /^\/(\S+)\s+(\S+\s+)?/.exec(line) ?? [];
	if (before === undefined || words === "" || !isSlashCommandName(name.toLowerCase())) return undefined;
	const facts: SlashCommandSpec = SLASH_COMMANDS[name.toLowerCase() as SlashCommandName];
	return facts.args[1] === "secret" ? before.length : undefined;
}
