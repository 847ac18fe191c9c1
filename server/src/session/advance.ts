// Moves one subscription that is behind by one step: a range of the log, or to the newest page where it is too far behind.
import { type DownBody, Skipped_Reason } from "@verbatim/protocol";
import type { ServerLimits } from "../base/limits.ts";
import type { Format } from "../link/link.ts";
import type { Shedding } from "../overload/shedding.ts";
import { newestAsOf } from "../room/as-of.ts";
import type { LogCache } from "../room/log-cache.ts";
import { nextPlace } from "../room/place.ts";
import { type EntriesPush, entriesBytes } from "../room/push.ts";
import type { Subscription } from "../room/subscription.ts";

export interface AdvancePort {
	readonly format: Format;
	readonly closed: boolean;
	notify(body: DownBody): void;
	sendPush(push: EntriesPush): void;
}

export interface AdvanceParts {
	readonly logCache: LogCache;
	readonly shedding: Shedding;
	readonly limits: Pick<ServerLimits, "catchUpEntriesMax" | "historyEntriesMax" | "historyEntriesDefault" | "pageBytesMax">;
}

/** Moves one cursor by one range of the log; returns the bytes read. */
export async function advance(subscription: Subscription, port: AdvancePort, parts: AdvanceParts): Promise<number> {
	const { room } = subscription;
	if (subscription.state === "stale" || room.head - subscription.cursor > behindMax(parts)) {
		return skip(subscription, port, parts);
	}
	const { cursor } = subscription;
	const range = await parts.logCache.after(room, cursor, port.format);
	const bytes = range?.push?.bytes ?? 0;
	if (!isUnchanged(subscription, cursor, port)) return bytes;
	if (range === undefined) throw new Error(`room ${room.id} has no log`);
	// The head was clamped during the read: entries beyond it come with their notification.
	if (range.push === undefined ? room.head <= cursor : range.push.to > room.head) return bytes;
	if (range.push === undefined) {
		if (range.head <= cursor) throw new Error(`the log of room ${room.id} ends at ${range.head}, before its head ${room.head}`);
		return bytes;
	}
	port.sendPush(range.push);
	subscription.cursor = range.push.to;
	return bytes;
}

/** A subscription further behind skips to the newest page; in overload, one more than a page behind. */
function behindMax({ limits, shedding }: AdvanceParts): number {
	return shedding.sheds("history") ? limits.historyEntriesMax : limits.catchUpEntriesMax;
}

/** Too far behind, or of another epoch: sends the newest page, and `skipped` for the entries before it. */
async function skip(subscription: Subscription, port: AdvancePort, parts: AdvanceParts): Promise<number> {
	const { room, cursor } = subscription;
	const newest = await parts.logCache.newest(room.id, parts.limits.historyEntriesDefault);
	const bytes = entriesBytes(newest?.entries ?? []);
	if (!isUnchanged(subscription, cursor, port)) return bytes;
	if (newest === undefined) throw new Error(`room ${room.id} has no log`);
	const page = newestAsOf(newest, room.head);
	const stale = subscription.state === "stale";
	const from = stale ? 1 : cursor + 1;
	const reason = stale ? Skipped_Reason.EPOCH : Skipped_Reason.FAR;
	subscription.state = nextPlace(subscription.state, "skipped").to;
	subscription.cursor = page.to;
	port.notify({
		case: "skipped",
		value: { room: room.id, epoch: page.epoch, from, to: page.from - 1, reason, page },
	});
	return bytes;
}

/** After a read: is the subscription still behind, and its cursor unchanged by a join? */
function isUnchanged({ state, cursor }: Subscription, before: number, port: AdvancePort): boolean {
	return !port.closed && (state === "behind" || state === "stale") && cursor === before;
}
