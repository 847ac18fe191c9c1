// How far rooms were sent, for the pings.

import type { HeadBody } from "../command/bodies.ts";
import type { Subscription } from "../room/subscription.ts";

/** Heads in one ping: a few KiB at most. */
const HEADS_MAX = 100;

/**
 * The heads of the rooms that have changed after the change `since`, longest ago first, at most `HEADS_MAX`; and the newest change that
 * they cover, of `changes` so far: the others are told the next time. A room that is being sent from the log is told when it has been.
 */
export function changedSince(
	since: number,
	subscriptions: Iterable<Subscription>,
	changes: number,
): { readonly heads: HeadBody[]; readonly upTo: number } {
	const changed: Subscription[] = [];
	for (const each of subscriptions) if (each.state === "live" && each.room.change > since) changed.push(each);
	let upTo = changes;
	if (changed.length > HEADS_MAX) {
		changed.sort((a, b) => a.room.change - b.room.change);
		changed.length = HEADS_MAX;
		upTo = changed.at(-1)?.room.change ?? 0;
	}
	return { heads: changed.map(({ room, cursor }) => ({ room: room.id, epoch: room.epoch, seq: cursor })), upTo };
}
