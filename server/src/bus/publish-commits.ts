// A batch's commits as messages of the bus: of each room its entries, on the room's channel; and of each user whose membership they change an event, on
// the user's, for nodes that do not follow the room.
import { type Effect, type Entry, effectsOf, Room_Standing } from "@verbatim/protocol";
import type { Committed } from "../store/store.ts";
import type { Bus, BusMessage } from "./bus.ts";

export type MembershipEffect = Extract<Effect, { kind: "member" | "gone" }>;

/**
 * `changed`: who is in the room is another than before. Told here and not by the bus, which may lose it: whoever has just joined or left by this node must not be
 * shown a list of before.
 */
export function publishCommits(batch: readonly Committed[], bus: Pick<Bus, "publish">, changed: (room: string) => void): void {
	for (const committed of batch) {
		if (committed.entries.some((entry) => membershipOf(entry).length > 0)) changed(committed.room);
		bus.publish({ kind: "commit", committed });
		for (const entry of committed.entries) {
			for (const change of membershipOf(entry)) {
				const event = userEventOf(committed, entry, change);
				if (event !== undefined) bus.publish(event);
			}
		}
	}
}

export function membershipOf(entry: Entry): readonly MembershipEffect[] {
	// Nearly every entry is a message: no list is made for it.
	return entry.body.case === "message"
		? NONE
		: effectsOf(entry).filter((effect) => effect.kind === "member" || effect.kind === "gone");
}

/** Does it make the user a member? An invitation does not. */
export function joins(change: MembershipEffect): boolean {
	return change.kind === "member" && change.standing !== Room_Standing.INVITED;
}

function userEventOf({ room, epoch }: Committed, { seq, sender }: Entry, change: MembershipEffect): BusMessage | undefined {
	const where = { user: change.user.id, room, epoch, seq };
	if (change.kind === "gone") return { kind: "left", ...where };
	if (joins(change)) return { kind: "joined", ...where };
	return sender === undefined ? undefined : { kind: "invited", ...where, by: sender };
}

const NONE: readonly MembershipEffect[] = [];
