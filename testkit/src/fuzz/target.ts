// The contract of a fuzz target: code that takes bytes, and the properties that must hold for all inputs.

export interface Target {
	readonly name: string;
	/** What the bytes are fed to. */
	readonly feeds: string;
	/** The properties, as text. */
	readonly holds: readonly string[];
	/** Longest input, in bytes. */
	readonly bytesMax: number;
	/** Parts of paths: the literals of these source files are the dictionary. */
	readonly words: readonly string[];
	/** Further pieces. */
	readonly pieces?: readonly (string | Uint8Array)[];
	/** Valid inputs, written by hand: where mutation starts, besides the corpus. */
	seeds?(): Uint8Array[];

	open(): Promise<OpenTarget> | OpenTarget;
}

export interface OpenTarget {
	/**
	 * Feeds one input. Returns its outcomes, a word or two each, separated by commas: inputs with a new outcome are kept. Throws
	 * `PropertyViolation` if a property does not hold; any other error is a failure as well.
	 */
	feed(input: Uint8Array): string | Promise<string>;
	close?(): Promise<void>;
}

/** A property does not hold. */
export class PropertyViolation extends Error {
	constructor(words: string) {
		super(words);
		this.name = "Broken";
	}
}

/** Throws `PropertyViolation` unless it holds. */
export function must(holds: boolean, words: string | (() => string)): asserts holds {
	if (!holds) throw new PropertyViolation(typeof words === "string" ? words : words());
}

/** Throws `PropertyViolation` unless the two are deeply equal. */
export function mustEqual(actual: unknown, expected: unknown, words: string): void {
	if (Bun.deepEquals(actual, expected, true)) return;
	throw new PropertyViolation(`${words}: ${Bun.inspect(actual).slice(0, 600)} is not ${Bun.inspect(expected).slice(0, 600)}`);
}
