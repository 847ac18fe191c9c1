// A command as data plus a function. Help, argument checks and dispatch are derived from it, in run.ts.
import type { Arguments, Option } from "./args.ts";
import type { ExitCode } from "./exit.ts";

export interface CliCommand {
	readonly name: string;
	/** One line, for the list of commands. */
	readonly summary: string;
	/** Synopsis: `verbatim send ROOM [TEXT]`. */
	readonly usage: string;
	/** Further help text. */
	readonly about?: string;
	readonly options: readonly Option[];
	readonly examples: readonly string[];
	run(args: Arguments): Promise<ExitCode>;
}

/** A command whose code is loaded on demand. */
export interface CliCommandEntry {
	readonly name: string;
	readonly summary: string;
	load(): Promise<CliCommand>;
}
