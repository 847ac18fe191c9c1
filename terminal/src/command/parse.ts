// What an entered line means: a command, or something to say.
import { nearest } from "./nearest.ts";
import { COMMAND_NAMES, COMMANDS, type CommandFacts, type CommandName, isCommandName } from "./table.ts";

export type Parsed =
	| { readonly kind: "say"; readonly text: string }
	/** `words` are the arguments; `rest` is everything after the first of them, as it was written. */
	| { readonly kind: "command"; readonly name: CommandName; readonly words: readonly string[]; readonly rest: string }
	| { readonly kind: "unknown"; readonly name: string; readonly nearest: CommandName | undefined };

/** What begins with `/` is a command; `//` says the rest with one `/`. */
export function parseLine(line: string): Parsed {
	if (!line.startsWith("/")) return { kind: "say", text: line };
	if (line.startsWith("//")) return { kind: "say", text: line.slice(1) };
	const [, typed = "", after = ""] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
	const name = typed.toLowerCase();
	if (!isCommandName(name)) return { kind: "unknown", name: typed, nearest: nearest(name, COMMAND_NAMES) };
	const [, rest = ""] = /^\S+\s?(.*)$/s.exec(after) ?? [];
	return { kind: "command", name, words: after.split(/\s+/).filter((word) => word !== ""), rest };
}

/** Where in a line that is being written a secret stands: from this index to its end. */
export function secretFrom(line: string): number | undefined {
	const [before, name = "", words = ""] = /^\/(\S+)\s+(\S+\s+)?/.exec(line) ?? [];
	if (before === undefined || words === "" || !isCommandName(name.toLowerCase())) return undefined;
	const facts: CommandFacts = COMMANDS[name.toLowerCase() as CommandName];
	return facts.args[1] === "secret" ? before.length : undefined;
}
