// Publishes a batch: the entries of each room on the room's channel, and for each membership that they change an event on the
// user's channel, for nodes that do not follow the room.
import { type Effect, type Entry, effectsOf, Room_Standing } from "@verbatim/protocol";
import type { Faults } from "../base/faults.ts";
import type { Committed } from "../store/store.ts";
import type { Bus, BusMessage } from "./bus.ts";

export interface PublishParts {
	readonly bus: Pick<Bus, "publish">;
	/**
	 * The members of this room have changed. Called here, since the bus may lose the message: a user who has just joined or left by this node
	 * must not be answered with an older list.
	 */
	changed(room: string): void;
	readonly faults: Pick<Faults, "guard">;
}

/** What one part of the batch throws is reported; the rest is published. */
export function publishCommits(batch: readonly Committed[], { bus, changed, faults }: PublishParts): void {
	const guard = (task: () => void): void => faults.guard("bus", "a commit was not published whole", task);
	for (const committed of batch) {
		if (committed.entries.some((entry) => effectsOf(entry).length > 0)) guard(() => changed(committed.room));
		guard(() => bus.publish({ kind: "commit", committed }));
		for (const entry of committed.entries) {
			for (const change of effectsOf(entry)) {
				const event = userEventOf(committed, entry, change);
				if (event !== undefined) guard(() => bus.publish(event));
			}
		}
	}
}

/** Does it make the user a member? An invitation does not. */
export function joins(change: Effect): boolean {
	return change.kind === "member" && change.standing !== Room_Standing.INVITED;
}

function userEventOf({ room, epoch }: Committed, { seq, sender }: Entry, change: Effect): BusMessage | undefined {
	const where = { user: change.user.id, room, epoch, seq };
	if (change.kind === "gone") return { kind: "left", ...where };
	if (joins(change)) return { kind: "joined", ...where };
	return sender === undefined ? undefined : { kind: "invited", ...where, by: sender };
}
