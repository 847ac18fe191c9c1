// What of a room is live in memory: its head, its newest entries, and the readers that stand at its head.
import type { Format } from "../listen/link.ts";
import type { Committed } from "../store/store.ts";
import { cutPushes, type EntriesPush } from "./push.ts";
import { Readers } from "./readers.ts";
import { Ring } from "./ring.ts";

export interface RoomLimits {
	/** Entries kept encoded per room. */
	readonly ringEntriesMax: number;
	/** About the most bytes in one push. */
	readonly pageBytesMax: number;
}

export class LiveRoom {
	readonly id: string;
	epoch: number;
	/** The newest seq known to be committed, of which all readers were told or are about to be. */
	head: number;
	/** Up to here the news came, and not only a read that may be ahead of it. */
	private toldTo = 0;
	readonly readers = new Readers();
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
	 * Somebody who is a member as of `head` comes to read. Entries behind that of which there was no news may come after the one by
	 * which they have left: as long as it is not told, the room ends before them.
	 */
	notBeyond(head: number): void {
		if (head < this.head) this.head = Math.max(head, this.toldTo);
	}

	/**
	 * Delivers entries that are committed: to each reader that stands right before them; the others read them from the log.
	 * What is not newer than the head (a bus may repeat itself) is ignored; a gap only moves the head, and sends everybody to
	 * the log.
	 */
	publish(committed: Committed): void {
		const fresh = committed.entries.filter((entry) => entry.seq > this.head);
		this.toldTo = Math.max(this.toldTo, committed.entries.at(-1)?.seq ?? 0);
		const first = fresh[0];
		if (first === undefined) return;
		const dense = first.seq === this.head + 1;
		for (const push of cutPushes(this.id, committed.epoch, fresh, this.limits.pageBytesMax)) {
			this.head = push.to;
			this.readers.offer(push);
			push.settle();
			if (dense) this.ring.add(push);
		}
	}

	/** What is committed up to `to` could not be delivered: every reader that has not got it reads it from the log. */
	leaveToLog(to: number): void {
		this.head = Math.max(this.head, to);
		this.toldTo = Math.max(this.toldTo, to);
		this.ring.clear();
		this.readers.each((subscription) => {
			if (subscription.cursor < this.head) subscription.leaveToLog();
		});
	}

	/** Lets go of what is kept of the log: nobody has asked for it in a while, and the store has it. */
	rest(): void {
		this.ring.clear();
	}

	/** The push right after `seq`, if it is still in memory as `format` has it. */
	recent(seq: number, format: Format): EntriesPush | undefined {
		const push = this.ring.after(seq);
		return push?.has(format) === true ? push : undefined;
	}
}
