// Writing an entry: into the log, and into the rows of members as the fold says. Clients fold with the same `effectsOf`, hence
// store and clients agree on who is in a room.
//
// No entry changes a message so far: the entry is its folded form. Once edits and redactions come, the table of folded messages
// is written here, in the same transaction, and pages are read from it.
import { type Effect, type Entry, effectsOf, unreachable } from "@verbatim/protocol";
import type { RoomRow, Tables } from "./tables.ts";

/** Appends `entry`, whose seq is the room's head + 1, and does what it means. False if its cid was used: nothing is changed. */
export function write(tables: Tables, room: RoomRow, entry: Entry): boolean {
	if (!tables.append(room, entry)) return false;
	for (const effect of effectsOf(entry)) apply(tables, room, effect, entry.sender?.id ?? "");
	return true;
}

function apply(tables: Tables, room: RoomRow, effect: Effect, senderId: string): void {
	switch (effect.kind) {
		case "member":
			// Whoever is not the sender was brought in by the sender.
			tables.setMember(room, effect.user, effect.standing, effect.user.id === senderId ? undefined : senderId);
			break;
		case "gone":
			tables.removeMember(room, effect.user.id);
			break;
		// A room's kind and name have a key beside them which no entry carries: the rules write both together.
		case "created":
		case "renamed":
			break;
		default:
			unreachable(effect);
	}
}
