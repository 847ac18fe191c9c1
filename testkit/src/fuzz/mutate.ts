// Mutation of inputs as in AFL: a few changes at once, of bits, bytes, numbers, blocks of the same input, dictionary words and blocks of
// other inputs.
import type { SeededRandom } from "../random.ts";

export interface Mutator {
	readonly random: SeededRandom;
	readonly bytesMax: number;
	/** The dictionary: literals of the code under test. */
	readonly pieces: readonly Uint8Array[];
	/** Another input that was kept. */
	other(): Uint8Array;
}

const CHANGES_MAX_LOG2 = 4;

/** A changed copy of `input`. */
export function mutate(input: Uint8Array, mutator: Mutator): Uint8Array {
	const { random, bytesMax } = mutator;
	let bytes = input;
	for (let left = 1 << random.below(CHANGES_MAX_LOG2 + 1); left > 0; left--) {
		const change = CHANGES[random.below(CHANGES.length)];
		if (change !== undefined) bytes = change(bytes, mutator);
	}
	return bytes.length > bytesMax ? bytes.slice(0, bytesMax) : bytes;
}

type Change = (bytes: Uint8Array, mutator: Mutator) => Uint8Array;

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x1b, 0x20, 0x22, 0x2f, 0x5c, 0x7b, 0x7d];

const NUMBERS = [
	0, 1, 0x10, 0x7f, 0x80, 0xff, 0x100, 0x1000, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];

const CHANGES: readonly Change[] = [
	(bytes, { random }) => withByte(bytes, random, (byte) => byte ^ (1 << random.below(8))),
	(bytes, { random }) => withByte(bytes, random, () => random.below(256)),
	(bytes, { random }) => withByte(bytes, random, () => INTERESTING[random.below(INTERESTING.length)] ?? 0),
	(bytes, { random }) => withByte(bytes, random, (byte) => byte + 1 + random.below(16)),
	(bytes, { random }) => withByte(bytes, random, (byte) => byte - 1 - random.below(16)),
	// A number of two or four bytes.
	(bytes, { random }) => {
		const number = new DataView(new ArrayBuffer(4));
		number.setUint32(0, NUMBERS[random.below(NUMBERS.length)] ?? 0, random.below(2) === 0);
		const width = random.below(2) === 0 ? 2 : 4;
		return spliced(bytes, random.below(bytes.length + 1), width, new Uint8Array(number.buffer, 4 - width));
	},
	// Less.
	(bytes, { random }) => spliced(bytes, random.below(bytes.length + 1), stretch(bytes, random), EMPTY),
	(bytes, { random }) => bytes.slice(0, random.below(bytes.length + 1)),
	// More of the same.
	(bytes, { random }) => {
		const from = random.below(bytes.length + 1);
		return spliced(bytes, random.below(bytes.length + 1), 0, bytes.subarray(from, from + stretch(bytes, random)));
	},
	(bytes, { random }) => {
		const from = random.below(bytes.length + 1);
		const piece = bytes.subarray(from, from + 1 + random.below(8));
		return spliced(bytes, from, 0, repeated(piece, 1 + random.below(64)));
	},
	(bytes, { random }) => spliced(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(8))),
	// What the code knows.
	withPiece,
	withPiece,
	(bytes, { random, pieces }) => {
		const piece = pieces[random.below(pieces.length)] ?? EMPTY;
		return spliced(bytes, random.below(bytes.length + 1), piece.length, piece);
	},
	// What others have found.
	withOther,
	(bytes, { random, other }) => {
		const tail = other();
		return joined(bytes.subarray(0, random.below(bytes.length + 1)), tail.subarray(random.below(tail.length + 1)));
	},
];

function withPiece(bytes: Uint8Array, { random, pieces }: Mutator): Uint8Array {
	return spliced(bytes, random.below(bytes.length + 1), 0, pieces[random.below(pieces.length)] ?? EMPTY);
}

function withOther(bytes: Uint8Array, { random, other }: Mutator): Uint8Array {
	const from = other();
	const at = random.below(from.length + 1);
	return spliced(bytes, random.below(bytes.length + 1), 0, from.subarray(at, at + stretch(from, random)));
}

const EMPTY = new Uint8Array(0);

function withByte(bytes: Uint8Array, random: SeededRandom, change: (byte: number) => number): Uint8Array {
	if (bytes.length === 0) return random.bytes(1);
	const copy = bytes.slice();
	const at = random.below(copy.length);
	copy[at] = change(copy[at] ?? 0);
	return copy;
}

/** Mostly short. */
function stretch(bytes: Uint8Array, random: SeededRandom): number {
	return 1 + random.below(Math.max(1, Math.min(bytes.length, 1 << random.below(10))));
}

function spliced(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
	return joined(bytes.subarray(0, at), insert, bytes.subarray(at + remove));
}

function repeated(piece: Uint8Array, times: number): Uint8Array {
	return joined(...Array.from({ length: times }, () => piece));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
	return Uint8Array.from(Buffer.concat(parts));
}
