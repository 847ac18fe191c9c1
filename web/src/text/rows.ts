// The rows of a timeline: a pure function of the room's entries and pending sends.
//
// A row never changes because of what is loaded before it, so that the scroll position holds. Whether a message begins a group or
// a day depends on the entry before it; so while there is more in the log, the oldest loaded entry is not shown, and only
// determines how the next one looks.
import type { Delivery } from "@verbatim/client";
import type { Entry, User } from "@verbatim/protocol";

export type Row =
	/** The beginning of the log. */
	| { readonly kind: "beginning"; readonly key: string }
	| { readonly kind: "day"; readonly key: string; readonly atMs: number }
	/** Entries after it arrived while the user was away. */
	| { readonly kind: "new"; readonly key: string }
	| MessageRow
	/** Other entries: joined, left, renamed. */
	| { readonly kind: "notice"; readonly key: string; readonly entry: Entry };

export interface MessageRow {
	readonly kind: "message";
	readonly key: string;
	readonly sender: User;
	readonly mine: boolean;
	readonly text: string;
	readonly atMs: number;
	/** The first of its group: shown with name and avatar. */
	readonly leads: boolean;
	/** Set while it is being sent; an entry of the log has none. */
	readonly delivery?: Delivery;
}

export interface RowsInput {
	/** A dense range of the log, from `from` on. */
	readonly timeline: readonly Entry[];
	readonly from: number;
	readonly epoch: number;
	readonly pending: readonly Delivery[];
	readonly me: User | undefined;
	/** The first unseen seq when the room was opened; undefined: no divider. */
	readonly newFrom?: number | undefined;
	readonly dayKey: (atMs: number) => string;
}

/** A message joins the group of its sender within this time after the last one, in milliseconds. */
export const GROUP_MS = 5 * 60 * 1_000;

export function rowsOf(input: RowsInput): readonly Row[] {
	const { timeline, pending, me, newFrom } = input;
	const rows: Row[] = [];
	let before: Before | undefined;
	let toldNew = newFrom === undefined;
	const ownCids = new Set<string>();

	const contextOnly = input.from > 1 && timeline.length > 1;
	if (!contextOnly && input.from <= 1) rows.push({ kind: "beginning", key: "beginning" });
	for (const [index, entry] of timeline.entries()) {
		const next = beforeOf(entry, input.dayKey);
		const seen = before;
		before = next;
		if (contextOnly && index === 0) continue;

		const id = `${input.epoch}:${entry.seq}`;
		if (seen?.day !== next.day) rows.push({ kind: "day", key: `day:${id}`, atMs: entry.atMs });
		const mine = entry.sender !== undefined && entry.sender.id === me?.id;
		if (mine && pending.length > 0) ownCids.add(entry.cid);
		let divided = false;
		if (!toldNew && newFrom !== undefined && entry.seq >= newFrom && !mine) {
			rows.push({ kind: "new", key: "new" });
			toldNew = true;
			divided = true;
		}
		if (entry.body.case !== "message" || entry.sender === undefined) {
			rows.push({ kind: "notice", key: id, entry });
			continue;
		}
		rows.push({
			kind: "message",
			key: mine && entry.cid !== "" ? `cid:${entry.cid}` : id,
			sender: entry.sender,
			mine,
			text: entry.body.value.text,
			atMs: entry.atMs,
			leads: divided || !follows(seen, next),
		});
	}
	// After a reload it takes a moment until the server has acknowledged a send that is in the log already: it is shown once all
	// the same.
	const unlogged = ownCids.size === 0 ? pending : pending.filter((delivery) => !ownCids.has(delivery.cid));
	if (me !== undefined) pushPending(rows, unlogged, me, before, input.dayKey);
	return rows;
}

// Pending sends are at the end, with the key that their entry will have.
function pushPending(
	rows: Row[],
	pending: readonly Delivery[],
	me: User,
	last: Before | undefined,
	dayKey: (atMs: number) => string,
): void {
	let before = last;
	for (const delivery of pending) {
		const next: Before = { day: dayKey(delivery.atMs), sender: me.id, name: me.name, atMs: delivery.atMs };
		if (before?.day !== next.day) rows.push({ kind: "day", key: `day:cid:${delivery.cid}`, atMs: delivery.atMs });
		rows.push({
			kind: "message",
			key: `cid:${delivery.cid}`,
			sender: me,
			mine: true,
			text: delivery.text,
			atMs: delivery.atMs,
			leads: !follows(before, next),
			delivery,
		});
		before = next;
	}
}

/** State on which the next row depends. */
interface Before {
	readonly day: string;
	/** Empty unless it was a message. */
	readonly sender: string;
	readonly name: string;
	readonly atMs: number;
}

function beforeOf(entry: Entry, dayKey: (atMs: number) => string): Before {
	const sender = entry.body.case === "message" ? entry.sender : undefined;
	return { day: dayKey(entry.atMs), sender: sender?.id ?? "", name: sender?.name ?? "", atMs: entry.atMs };
}

function follows(before: Before | undefined, next: Before): boolean {
	return (
		before !== undefined &&
		before.day === next.day &&
		before.sender === next.sender &&
		before.name === next.name &&
		next.atMs - before.atMs <= GROUP_MS
	);
}
