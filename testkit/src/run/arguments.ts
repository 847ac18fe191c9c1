// Command-line parsing of the `npm run` programs: usage, and errors as one line instead of a stack trace.
import { type ParseArgsConfig, parseArgs } from "node:util";

/** Exit code for a wrong command line; 1 is for failures that a run has found. */
const USAGE_EXIT = 2;

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>>;

export interface Usage<O extends Options> {
	/** Printed for `--help` and after an error. */
	readonly usage: string;
	readonly options: O;
	/** Whether positional arguments are allowed; default: no. */
	readonly words?: boolean;
}

/** The options given. Ends the process for `--help`, and for what is no option of this program. */
export function argumentsOf<const O extends Options>({ usage, options, words = false }: Usage<O>): Parsed<O> {
	const asked = process.argv.slice(2);
	if (asked.includes("--help") || asked.includes("-h")) {
		console.log(usage);
		process.exit(0);
	}
	try {
		return parseArgs({ args: asked, options, allowPositionals: words, strict: true }) as Parsed<O>;
	} catch (error) {
		// "To specify a positional argument …" follows: of no use to who has mistyped an option.
		const [first] = (error instanceof Error ? error.message : String(error)).split(". ");
		return mistaken(`${first}\n\n${usage}`);
	}
}

/** Ends the process: the command line is wrong. */
export function mistaken(words: string): never {
	console.error(words);
	return process.exit(USAGE_EXIT);
}

/** The value of `--name` as a whole number from `least`. Ends the process if it is none. */
export function wholeOf(name: string, value: string, least = 0): number {
	const number = value.trim() === "" ? Number.NaN : Number(value);
	if (Number.isSafeInteger(number) && number >= least) return number;
	return mistaken(`--${name} takes a whole number, ${least} or more, not ${JSON.stringify(value)}`);
}

/** The value of `--name` as a number above 0, or from 0 with `zero`. Ends the process if it is none. */
export function amountOf(name: string, value: string, zero = false): number {
	const number = value.trim() === "" ? Number.NaN : Number(value);
	if (Number.isFinite(number) && (number > 0 || (zero && number === 0))) return number;
	return mistaken(`--${name} takes a number ${zero ? "from" : "above"} 0, not ${JSON.stringify(value)}`);
}

/** The one of `names` that was asked for, all if none was. Ends the process if there is no such one. */
export function chosenFrom<T extends { readonly name: string }>(given: readonly T[], name: string | undefined): readonly T[] {
	const chosen = given.filter((each) => name === undefined || each.name === name);
	if (chosen.length > 0) return chosen;
	return mistaken(`there is no ${JSON.stringify(name)}; there are: ${given.map((each) => each.name).join(", ")}`);
}
