// What of a room is live in memory: its head, its newest entries, and its subscribers.
import type { Format } from "../link/link.ts";
import type { Committed } from "../store/store.ts";
import { cutPushes, type EntriesPush } from "./push.ts";
import { Ring } from "./ring.ts";
import { Subscribers } from "./subscribers.ts";

export interface RoomLimits {
	/** Entries kept encoded per room. */
	readonly ringEntriesMax: number;
	/** About the most bytes in one push. */
	readonly pageBytesMax: number;
}

export class LiveRoom {
	readonly id: string;
	epoch: number;
	/** The newest seq known to be committed: notified to all subscribers, or about to be. */
	head: number;
	/** The last seq of which the commit was notified, and the first of those before it without a hole; `head` may come from a read that was ahead. */
	private lastNotified = 0;
	private notifiedFrom = 0;
	/** What comes after the head is to be read from the log, and was not all notified. */
	isUnread = false;
	readonly subscribers = new Subscribers();
	/** The number of its newest change, among those of all rooms. */
	change = 0;
	/** When it became live or the last entry came (monotonic ms); what is idle for long is forgotten. */
	idleSinceMs = 0;
	private readonly ring: Ring;
	private readonly limits: RoomLimits;

	constructor(id: string, epoch: number, head: number, limits: RoomLimits) {
		this.id = id;
		this.epoch = epoch;
		this.head = head;
		this.limits = limits;
		this.ring = new Ring(limits.ringEntriesMax);
	}

	/**
	 * Clamps the head to `head`, as of which a new subscriber is a member, or to the last seq up to which all was notified since: entries beyond both may
	 * follow a `left` that has not been notified yet, and must not reach this subscriber.
	 */
	clampHead(head: number): void {
		if (head >= this.head) return;
		if (head + 1 >= this.notifiedFrom) {
			this.head = Math.max(head, this.lastNotified);
		} else {
			this.begin(head);
			this.isUnread = true;
		}
	}

	/** Begins anew after `head`: what lies between is not known here. */
	begin(head: number): void {
		this.head = head;
		this.lastNotified = 0;
		this.notifiedFrom = 0;
		this.ring.clear();
	}

	/**
	 * Delivers entries that are committed: to each subscriber whose cursor is right before them; the others read them from the log.
	 * What is not newer than the head (a bus may repeat itself) is ignored; a gap only moves the head, and sends all to
	 * the log.
	 */
	publish(committed: Committed): void {
		const fresh = committed.entries.filter((entry) => entry.seq > this.head);
		this.notify(committed);
		const first = fresh[0];
		if (first === undefined) return;
		const dense = first.seq === this.head + 1;
		for (const push of cutPushes(this.id, committed.epoch, fresh, this.limits.pageBytesMax)) {
			this.head = push.to;
			this.subscribers.offer(push);
			push.settle();
			if (dense) this.ring.add(push);
		}
	}

	/** The commit of these is notified. */
	notify({ entries }: Committed): void {
		const [from, to] = [entries[0]?.seq ?? 0, entries.at(-1)?.seq ?? 0];
		if (to <= this.lastNotified) return;
		if (from > this.lastNotified + 1) this.notifiedFrom = from;
		this.lastNotified = to;
	}

	/** What is committed up to `to` could not be delivered: every subscriber that has not got it gets it from the log. */
	leaveToLog(to: number): void {
		this.head = Math.max(this.head, to);
		this.lastNotified = Math.max(this.lastNotified, to);
		this.ring.clear();
		this.subscribers.each((subscription) => {
			if (subscription.cursor < this.head) subscription.leaveToLog();
		});
	}

	/** Lets go of what is kept of the log: nobody has asked for it in a while, and the store has it. */
	clearRing(): void {
		this.ring.clear();
	}

	/** The push right after `seq`, if it is still in memory as `format` has it. */
	recent(seq: number, format: Format): EntriesPush | undefined {
		const push = this.ring.after(seq);
		return push?.has(format) === true ? push : undefined;
	}
}
