// What an entry means for the rows, as changes. Clients fold with the same `effectsOf`, hence store and clients agree on who is in a
// room. A room's kind and name have a key beside them which no entry carries: the rules write both together.
//
// No entry changes a message so far: the entry is its folded form. Once edits and redactions come, the table of folded messages
// is changed here, in the same transaction, and pages are read from it.
import { type Effect, type Entry, effectsOf, unreachable } from "@verbatim/protocol";
import type { Change } from "./change.ts";

/** Appends `entry`, which comes from a draft, to a room, and what it means for the room's members. */
export function appendTo(changes: Change[], room: string, entry: Entry, draft: number): void {
	changes.push({ kind: "append", room, entry, draft });
	for (const effect of effectsOf(entry)) fold(changes, room, effect, entry.sender?.id ?? "");
}

function fold(changes: Change[], room: string, effect: Effect, senderId: string): void {
	switch (effect.kind) {
		case "member": {
			const { user, standing } = effect;
			// Whoever is not the sender was brought in by the sender.
			changes.push({ kind: "setMember", room, user, standing, broughtBy: user.id === senderId ? undefined : senderId });
			break;
		}
		case "gone":
			changes.push({ kind: "removeMember", room, user: effect.user.id });
			break;
		default:
			unreachable(effect);
	}
}
