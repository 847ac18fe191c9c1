// Ids of users, rooms and sessions: unique everywhere, so that servers can one day be joined. A ULID (48 bits of time, 80 of
// chance, Crockford's base 32) in lower case behind a letter that says what it is: neighbours in time are neighbours in the
// database's trees, and a log line tells a room from a user.
import type { Clock, Random } from "./clock.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** r: room, u: user, s: session, t: trace. */
export type IdKind = "r" | "u" | "s" | "t";

/** A new id: 27 characters, the first its kind. */
export function newId(kind: IdKind, clock: Pick<Clock, "now">, random: Pick<Random, "bytes">): string {
	let id = "";
	let ms = clock.now();
	for (let i = 0; i < 10; i++) {
		id = ALPHABET.charAt(ms % 32) + id;
		ms = Math.floor(ms / 32);
	}
	for (const byte of random.bytes(16)) id += ALPHABET.charAt(byte & 31);
	return kind + id;
}
