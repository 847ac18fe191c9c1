// The contract of a target: something that eats bytes, and the properties that must hold whatever the bytes are.

export interface Target {
	readonly name: string;
	/** What the bytes are fed to. */
	readonly feeds: string;
	/** The properties, for people. */
	readonly holds: readonly string[];
	/** Longest input, in bytes. */
	readonly bytesMax: number;
	/** Parts of paths: texts and numbers of these source files are tried as pieces of inputs. */
	readonly words: readonly string[];
	/** Further pieces. */
	readonly pieces?: readonly (string | Uint8Array)[];
	/** Good inputs, written by hand: where the changing begins, beside what was kept. */
	seeds?(): Uint8Array[];
	/** Makes it ready. What it opens is closed by `close`. */
	open(): Promise<OpenTarget> | OpenTarget;
}

export interface OpenTarget {
	/**
	 * Feeds one input. Gives its outcomes, each a word or two, with commas between: inputs with a new one are kept. Or throws: `Broken` for a property that
	 * does not hold; anything else is an error that nobody expected, and a failure as well.
	 */
	feed(input: Uint8Array): string | Promise<string>;
	close?(): Promise<void>;
}

/** A property that does not hold. */
export class Broken extends Error {
	constructor(words: string) {
		super(words);
		this.name = "Broken";
	}
}

/** Throws `Broken` unless it holds. */
export function must(holds: boolean, words: string | (() => string)): asserts holds {
	if (!holds) throw new Broken(typeof words === "string" ? words : words());
}

/** Throws `Broken` unless the two are equal, whatever they are made of. */
export function mustEqual(actual: unknown, expected: unknown, words: string): void {
	if (Bun.deepEquals(actual, expected, true)) return;
	throw new Broken(`${words}: ${Bun.inspect(actual).slice(0, 600)} is not ${Bun.inspect(expected).slice(0, 600)}`);
}
