// Entries and users for tests, as the wire has them.
import type { Entry } from "@verbatim/client";
import { create, EntrySchema, type User, UserSchema } from "@verbatim/protocol";

export const ann: User = create(UserSchema, { id: "u-ann", name: "ann" });
export const bob: User = create(UserSchema, { id: "u-bob", name: "bob" });

/** Noon of 21 November 2025, UTC. */
export const NOON_MS = Date.UTC(2025, 10, 21, 12);

export function message(seq: number, sender: User, text = `text ${seq}`, atMs = NOON_MS + seq * 1_000): Entry {
	const entry = create(EntrySchema, { seq, atMs, sender, cid: `cid-${seq}`, body: { case: "message", value: { text } } });
	return Object.assign(entry, { text });
}

export function joined(seq: number, sender: User, atMs = NOON_MS + seq * 1_000): Entry {
	return Object.assign(create(EntrySchema, { seq, atMs, sender, body: { case: "joined", value: {} } }), { text: undefined });
}
