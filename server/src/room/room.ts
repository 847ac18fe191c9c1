// A room in memory: its head, its newest entries and its subscribers.
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
	/** The newest seq known to be committed: delivered to the subscribers, or about to be. */
	head: number;
	/** The seqs from `notifiedFrom` to `lastNotified` were notified without a gap; `head` may come from a read that was ahead. */
	private lastNotified = 0;
	private notifiedFrom = 0;
	/** Entries after the head were not all notified, and have to be read from the log. */
	isUnread = false;
	readonly subscribers = new Subscribers();
	/** The number of its newest change, in the sequence of the changes of all rooms. */
	change = 0;
	/** When it became live, or its last entry was committed (monotonic ms); idle rooms are evicted. */
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

	/** Restarts after `head`: entries between were not seen here. */
	begin(head: number): void {
		this.head = head;
		this.lastNotified = 0;
		this.notifiedFrom = 0;
		this.ring.clear();
	}

	/**
	 * Delivers committed entries to each subscriber whose cursor is right before them; the others read them from the log. Entries
	 * not newer than the head are ignored: a bus may deliver twice. A gap only moves the head, and sends all subscribers to the
	 * log.
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

	/** Records that the commit of these entries was notified. */
	notify({ entries }: Committed): void {
		const [from, to] = [entries[0]?.seq ?? 0, entries.at(-1)?.seq ?? 0];
		if (to <= this.lastNotified) return;
		if (from > this.lastNotified + 1) this.notifiedFrom = from;
		this.lastNotified = to;
	}

	/** The entries up to `to` could not be delivered: subscribers read them from the log. */
	leaveToLog(to: number): void {
		this.head = Math.max(this.head, to);
		this.lastNotified = Math.max(this.lastNotified, to);
		this.ring.clear();
		this.subscribers.each((subscription) => {
			if (subscription.cursor < this.head) subscription.leaveToLog();
		});
	}

	/** Frees the newest entries: they are idle, and the store has them. */
	clearRing(): void {
		this.ring.clear();
	}

	/** The push right after `seq`, if it is still in memory and encoded in `format`. */
	recent(seq: number, format: Format): EntriesPush | undefined {
		const push = this.ring.after(seq);
		return push?.has(format) === true ? push : undefined;
	}
}
