// How much an entry counts for by its stored body. Nothing is imported but types, so that the reader's thread starts without loading the schema.
import type { Entry } from "@verbatim/protocol";

type BodyCase = NonNullable<Entry["body"]["case"]>;

/** By field number, whether a body may be long (entry-size.ts). A kind that is not here, of a later version, may. */
const KINDS: Readonly<Record<BodyCase, readonly [kind: number, long: boolean]>> = {
	message: [10, true],
	created: [11, false],
	joined: [12, false],
	left: [13, false],
	renamed: [14, false],
	invited: [15, false],
};

/** Kinds of which the allowance for an entry covers the whole body. */
export const SHORT_KINDS: readonly number[] = Object.values(KINDS).flatMap(([kind, long]) => (long ? [] : [kind]));

/**
 * What an entry counts for where a page is cut and in read rates, in bytes: the part that may be long, as UTF-8, and an allowance for the rest,
 * with sender, cid and time.
 */
export function weightOf(longBytes: number): number {
	return longBytes + ENTRY_BYTES;
}

export const ENTRY_BYTES = 128;

/** About the bytes of the part that may be long. Messages that texts.ts can read are exact by their text instead. */
export function storedLongBytes(body: Uint8Array): number {
	return SHORT_KINDS.includes(kindOf(body)) ? 0 : body.length;
}

/** The number of the first field, by its tag: number × 8 + 2. */
function kindOf(body: Uint8Array): number {
	const [first = 0, second = 0] = body;
	return first < 128 ? first >> 3 : ((first & 127) >> 3) + (second << 4);
}
