// Heads of rooms for heartbeats: by them a client recognises a lost last message.

import type { HeadBody } from "../command/bodies.ts";
import type { Subscription } from "../room/subscription.ts";

/** Heads in one ping: at most a few KiB. */
const HEADS_MAX = 100;

/**
 * The heads of the rooms that have changed after the change `since`, oldest change first, at most `HEADS_MAX`; and the newest
 * change that they cover (`upTo`), of `changes` so far: the rest follows with the next ping. A room in catch-up is included after
 * it.
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
