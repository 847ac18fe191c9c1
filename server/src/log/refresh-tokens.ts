// The rules of refresh tokens (RFC 9700, section 4.14.2): each is used once, and replaced. One that is used again has been copied,
// and nobody can say by whom: the family ends. A client whose answer was lost, or another tab of it, uses the replaced token too;
// within a short grace that is taken for what it most probably is.
import type { Ruling } from "./decide.ts";
import type { DraftOf } from "./draft.ts";
import type { Deciding } from "./rooms.ts";

/** Families dropped with each use: more than one use can add, so that none stays behind. */
const DROPPED_PER_USE = 2;

export function useToken({ view, changes }: Deciding, draft: DraftOf<"tokenUse">): Ruling {
	const { family: id, user, number, nowMs, graceMs, expiresMs, dropBeforeMs } = draft;
	const known = view.tokenFamily(id);
	if (known !== undefined && (known.ended || number < known.number)) {
		const isRepeat = number === known.number - 1 && nowMs - known.issuedMs <= graceMs;
		if (known.ended || isRepeat) return { ok: true, family: known };
		const ended = { ...known, ended: true };
		changes.push({ kind: "putTokenFamily", family: ended });
		return { ok: true, family: ended };
	}
	// One that is newer than what is kept was made after the backup that this store was restored from.
	const family = { id, user, number: number + 1, issuedMs: nowMs, expiresMs, ended: false };
	for (const { id } of view.expiredFamilies(dropBeforeMs, DROPPED_PER_USE)) changes.push({ kind: "dropTokenFamily", id });
	changes.push({ kind: "putTokenFamily", family });
	return { ok: true, family };
}
