// The rules of refresh tokens (RFC 9700, section 4.14.2): each is used once, and replaced. One that is used again has been copied,
// and nobody can say by whom: the family ends. A client whose answer was lost, or another tab of it, uses the replaced token too;
// within a short grace that is taken for what it most probably is.
import type { Ruling } from "./rules.ts";
import type { Draft } from "./store.ts";
import type { Tables } from "./tables.ts";

/** Families dropped with each use: more than one use can add, so that none stays behind. */
const DROPPED_PER_USE = 2;

export function useToken(tables: Tables, draft: Extract<Draft, { kind: "tokenUse" }>): Ruling {
	const { family: id, user, number, nowMs, graceMs, expiresMs, dropBeforeMs } = draft;
	const known = tables.tokenFamily(id);
	if (known !== undefined && (known.ended || number < known.number)) {
		const isRepeat = number === known.number - 1 && nowMs - known.issuedMs <= graceMs;
		if (known.ended || isRepeat) return { ok: true, family: known };
		const ended = { ...known, ended: true };
		tables.putTokenFamily(ended);
		return { ok: true, family: ended };
	}
	// One that is newer than what is kept was made after the backup that this store was restored from.
	const family = { id, user, number: number + 1, issuedMs: nowMs, expiresMs, ended: false };
	tables.dropTokenFamilies(dropBeforeMs, DROPPED_PER_USE);
	tables.putTokenFamily(family);
	return { ok: true, family };
}
