// Ids of users, rooms and sessions: unique everywhere, so that servers can one day be joined. A ULID (48 bits of time, 80 of
// chance, Crockford's base 32) in lower case behind a letter that says what it is: neighbours in time are neighbours in the
// database's trees, and a log line tells a room from a user.
import type { Clock, Random } from "./clock.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const CODES = new TextEncoder().encode(ALPHABET);
/** Where an id is put together. */
const codes = new Uint8Array(27);

/** r: room, u: user, s: session, t: trace, f: family of tokens. */
export type IdKind = "r" | "u" | "s" | "t" | "f";

/** A new id: 27 characters, the first its kind. */
export function newId(kind: IdKind, clock: Pick<Clock, "now">, random: Pick<Random, "bytes">): string {
	let ms = clock.now();
	codes[0] = kind.charCodeAt(0);
	for (let i = 10; i > 0; i--) {
		codes[i] = CODES[ms % 32] as number;
		ms = Math.floor(ms / 32);
	}
	const bytes = random.bytes(16);
	for (let i = 0; i < 16; i++) codes[11 + i] = CODES[(bytes[i] as number) & 31] as number;
	// At once: a string put together letter by letter would keep all its pieces.
	return String.fromCharCode(...codes);
}

/** The id of the `number`th session of a process, which has an id of its own: as unique, and made only when it is wanted. */
export function sessionId(process: string, number: number): string {
	return `${process}-${number.toString(36)}`;
}

/** 32 random bits, never 0: two restores of one backup must not end in the same incarnation. */
export function newEpoch(bytes: Uint8Array): number {
	const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
	return value === 0 ? 1 : value;
}

/** The proposed epoch, or the next one if it happens to be the old one: a new epoch differs. Both are uint32 above zero. */
export function otherThan(old: number, proposed: number): number {
	return proposed === old ? (old % 0xffff_ffff) + 1 : proposed;
}
