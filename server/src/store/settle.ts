// From rulings to outcomes: the entries are made anew from the drafts, so that only rulings come back from the transaction.
import type { Entry } from "@verbatim/protocol";
import type { Ruling } from "../log/decide.ts";
import type { Draft } from "../log/draft.ts";
import { entryOf, expiryEntry } from "../log/entries.ts";
import type { Committed, Outcome } from "./store.ts";

export interface Settled {
	/** One for each draft. */
	readonly outcomes: readonly Outcome[];
	/** What the batch has written, by room, in the order of their first entries. */
	readonly committed: readonly Committed[];
}

export function settle(drafts: readonly Draft[], rulings: readonly Ruling[]): Settled {
	const rooms = new Map<string, Entry[]>();
	const committed: Committed[] = [];
	const publish = (room: string, epoch: number, entry: Entry): void => {
		const entries = rooms.get(room);
		if (entries) {
			entries.push(entry);
			return;
		}
		const first = [entry];
		rooms.set(room, first);
		committed.push({ room, epoch, entries: first });
	};
	const outcomes = drafts.map((draft, i): Outcome => {
		const ruling = rulings[i];
		if (!ruling) return { ok: false, code: "internal" };
		if (!ruling.ok) return ruling;
		const { eviction, room } = ruling;
		if (eviction) {
			for (const left of eviction.rooms) publish(left.room, left.epoch, expiryEntry(eviction.guest, eviction.atMs, left.seq));
		}
		const outcome = outcomeOf(draft, ruling);
		for (const entry of outcome.entries) if (room) publish(room.id, room.epoch, entry);
		return outcome;
	});
	return { outcomes, committed };
}

function outcomeOf(draft: Draft, ruling: Extract<Ruling, { ok: true }>): Extract<Outcome, { ok: true }> {
	const { room, seq, first } = ruling;
	if (draft.kind === "tokenUse") return { ok: true, entries: [], ...(ruling.family ? { family: ruling.family } : {}) };
	if (!room || draft.kind === "userCreate" || draft.kind === "userChange") return { ok: true, entries: [] };
	if (first) return { ok: true, entries: [], room, ...first, repeated: true };
	if (seq === undefined || draft.kind === "refuse")
		return { ok: true, entries: [], room, ...(ruling.declined ? { declined: true } : {}) };
	const entries = [entryOf(draft, seq)];
	return { ok: true, entries, room, seq, atMs: draft.atMs };
}
