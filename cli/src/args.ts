// Parses the arguments of a command by its table of options. An unknown option is an error that names the nearest one.
import { parseArgs } from "node:util";
import { CommandError, EXIT } from "./exit.ts";

export interface Option {
	readonly name: string;
	/** Placeholder of its value, for the help: `HOST:PORT`. Without it the option is a switch. */
	readonly takes?: string;
	readonly short?: string;
	readonly about: string;
	/** Not in the command's help, which refers to where it is documented. */
	readonly unlisted?: boolean;
}

export interface Arguments {
	/** The given options; the last value of each. A switch is `true` or, with `--no-NAME`, `false`. */
	readonly options: ReadonlyMap<string, string>;
	readonly rest: readonly string[];
}

export const HELP_OPTION: Option = { name: "help", short: "h", about: "Say this." };

/** Rejects with `CommandError` (usage). */
export async function parseArguments(args: readonly string[], table: readonly Option[], command: string): Promise<Arguments> {
	const byName = new Map(table.map((option) => [option.name, option]));
	const { tokens } = parseArgs({
		args: [...args],
		// Not strict: errors are reported below, in our own words.
		strict: false,
		tokens: true,
		allowNegative: true,
		allowPositionals: true,
		options: Object.fromEntries(
			table.map(({ name, takes, short }) => [name, { type: takes ? "string" : "boolean", ...(short && { short }) } as const]),
		),
	});
	const wrong = (words: string): CommandError =>
		new CommandError(EXIT.usage, `verbatim ${command}: ${words}\nverbatim ${command} --help says what there is.`);

	const options = new Map<string, string>();
	const rest: string[] = [];
	for (const token of tokens) {
		if (token.kind === "positional") rest.push(token.value);
		if (token.kind !== "option") continue;
		const option = byName.get(token.name);
		if (!option) {
			const meant = await nearestOf(token.name, byName.keys());
			throw wrong(`there is no option ${token.rawName}${meant === undefined ? "" : `; did you mean --${meant}?`}`);
		}
		const negated = token.rawName.startsWith("--no-") && !byName.has(token.rawName.slice(2));
		if (option.takes === undefined) {
			options.set(option.name, negated ? "false" : (token.value ?? "true"));
			continue;
		}
		const looksLikeOption = token.inlineValue === false && byName.has(token.value.replace(/^--/, ""));
		if (negated || token.value === undefined || (looksLikeOption && token.value.startsWith("--"))) {
			throw wrong(`${token.rawName} needs a value: --${option.name} ${option.takes}`);
		}
		options.set(option.name, token.value);
	}
	return { options, rest };
}

/** For a command that takes options only. Throws `CommandError` (usage). */
export function mustHaveOptionsOnly({ rest }: Arguments, command: string): void {
	if (rest.length === 0) return;
	const hint = process.env.npm_lifecycle_event === undefined ? "" : "; behind npm they stand after --: npm start -- --data DIR";
	throw new CommandError(EXIT.usage, `verbatim ${command} takes options only, not "${rest.join(" ")}"${hint}`);
}

/** Imports the server's code only when needed, for a mistyped name. */
export async function nearestOf(given: string, names: Iterable<string>): Promise<string | undefined> {
	const { nearest } = await import("@verbatim/server");
	return nearest(given, names);
}

/** The help's lines for a table of options. */
export function describeOptions(table: readonly Option[]): string {
	const rows = table
		.filter(({ unlisted }) => !unlisted)
		.map(({ name, takes, short, about }) => ({
			left: `${short ? `-${short}, ` : "    "}--${name}${takes ? ` ${takes}` : ""}`,
			about,
		}));
	const width = Math.max(...rows.map(({ left }) => left.length));
	return rows.map(({ left, about }) => `  ${left.padEnd(width)}  ${about}`).join("\n");
}

/** The option's value in seconds, `least` to 86,400. Throws `CommandError` (usage). */
export function secondsOf({ options }: Arguments, name: string, standard: number, least: number): number {
	const written = options.get(name);
	const seconds = Number(written ?? standard);
	if (written !== "" && seconds >= least && seconds <= 86_400) return seconds;
	throw new CommandError(EXIT.usage, `--${name} ${written}: it takes seconds, from ${least} to 86400`);
}
