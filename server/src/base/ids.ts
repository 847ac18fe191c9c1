// Ids of users, rooms and sessions, globally unique so that servers can one day be joined. A ULID (48 bits of time, 80 random bits, Crockford's
// base 32) in lower case, behind a letter for its kind: ids made one after the other are adjacent in B-trees, and kinds can be told apart in logs.
import type { Clock, Random } from "./clock.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const CODES = new TextEncoder().encode(ALPHABET);
/** Scratch buffer of `newId`. */
const codes = new Uint8Array(27);

/** r: room, u: user, s: session or process, t: trace, f: family of tokens, c: cluster. */
export type IdKind = "r" | "u" | "s" | "t" | "f" | "c";

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
	// In one call: a string concatenated letter by letter would keep all its pieces in memory.
	return String.fromCharCode(...codes);
}

/** The id of session `number` of a process with a unique id; made only when it is needed. */
export function sessionId(process: string, number: number): string {
	return `${process}-${number.toString(36)}`;
}

/** 32 random bits, never 0: two restores of one backup must get different epochs. */
export function newEpoch(bytes: Uint8Array): number {
	const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
	return value === 0 ? 1 : value;
}

/** The proposed epoch, or the number after it if it equals the old one: a new epoch always differs. Both are uint32 above 0. */
export function nextEpoch(old: number, proposed: number): number {
	return proposed === old ? (old % 0xffff_ffff) + 1 : proposed;
}

const SERVER_CID = "~";

/** A cid for a send whose client has given none: nobody can ask what became of it. */
export function serverCid(bytes: Uint8Array): string {
	return SERVER_CID + Buffer.from(bytes).toString("hex");
}

/** Can a copy of the send come? */
export function isRepeatable(cid: string): boolean {
	return cid !== "" && !cid.startsWith(SERVER_CID);
}
