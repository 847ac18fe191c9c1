// A command is data and a function: the help, the check of its arguments and the dispatch are made from it in one place.
import type { Arguments, Option } from "./args.ts";
import type { ExitCode } from "./exit.ts";

export interface Command {
	readonly name: string;
	/** One line, for the list of commands. */
	readonly summary: string;
	/** How it is written: `verbatim send ROOM [TEXT]`. */
	readonly usage: string;
	/** What else its user should know. */
	readonly about?: string;
	readonly options: readonly Option[];
	readonly examples: readonly string[];
	run(args: Arguments): Promise<ExitCode>;
}

/** What is known of a command before its code is loaded. */
export interface CommandEntry {
	readonly name: string;
	readonly summary: string;
	load(): Promise<Command>;
}
