// Repairs gaps in the commits of a room. A commit beyond a gap is buffered for a few milliseconds, in which the missing one
// mostly arrives; then the room is read from the log, and what was read is delivered as if the bus had delivered it, memberships
// included.
import { Refusal } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import { roughBytes } from "../base/entry-size.ts";
import type { Faults } from "../base/faults.ts";
import type { Counter } from "../base/metrics.ts";
import type { Committed, Store } from "../store/store.ts";
import type { LiveRoom } from "./room.ts";

export interface GapParts {
	readonly store: Pick<Store, "page">;
	readonly clock: Pick<Clock, "after">;
	readonly faults: Pick<Faults, "report">;
	readonly limits: { readonly historyEntriesMax: number; readonly pageBytesMax: number };
	/** Pages read from the log to repair gaps. */
	readonly readOn: Counter;
}

/** How long the missing commit is waited for. */
const GAP_WAIT_MS = 5;
const RETRY_MS = 1_000;
/** About the most bytes of entries buffered in all rooms together; commits beyond that are read from the log. */
const BUFFERED_BYTES_MAX = 8 * 1024 * 1024;
/** Rooms read at the same time. */
const CONCURRENT_READS_MAX = 4;

interface Buffered {
	/** Sorted by their first seqs. */
	readonly commits: Committed[];
	cancel: Cancel;
}

export class Gaps {
	private readonly parts: GapParts;
	private readonly deliver: (committed: Committed) => void;
	private readonly buffered = new Map<string, Buffered>();
	private bufferedBytes = 0;
	/** Rooms being read, and those queued for it. */
	private readonly reading = new Set<string>();
	private readonly waiting = new Map<string, LiveRoom>();
	private isStopped = false;

	constructor(parts: GapParts, deliver: (committed: Committed) => void) {
		this.parts = parts;
		this.deliver = deliver;
	}

	/** Is nothing buffered? */
	get isEmpty(): boolean {
		return this.buffered.size === 0;
	}

	/** Bytes buffered, about; for metrics. */
	get bytes(): number {
		return this.bufferedBytes;
	}

	/** `room` has subscribers, and `committed` does not follow its head. */
	buffer(room: LiveRoom, committed: Committed): void {
		let buffered = this.buffered.get(room.id);
		if (buffered === undefined) {
			buffered = { commits: [], cancel: this.parts.clock.after(GAP_WAIT_MS, () => this.readOn(room)) };
			this.buffered.set(room.id, buffered);
		}
		if (this.bufferedBytes + bytesOf(committed) > BUFFERED_BYTES_MAX) return;
		this.bufferedBytes += bytesOf(committed);
		const { commits } = buffered;
		const at = commits.findLastIndex((each) => firstOf(each) <= firstOf(committed));
		commits.splice(at + 1, 0, committed);
	}

	/** The head of `room` has moved: delivers what is buffered and follows it. */
	follow(room: LiveRoom): void {
		const buffered = this.buffered.get(room.id);
		if (buffered === undefined) return;
		for (let next = buffered.commits[0]; next !== undefined && firstOf(next) <= room.head + 1; next = buffered.commits[0]) {
			buffered.commits.shift();
			this.bufferedBytes -= bytesOf(next);
			this.deliver(next);
		}
		if (buffered.commits.length === 0) this.drop(room.id);
	}

	/** Delivers from the log what follows the head: the bus may not deliver it. */
	readOn(room: LiveRoom): void {
		if (this.isStopped || this.reading.has(room.id)) return;
		if (this.reading.size >= CONCURRENT_READS_MAX) {
			this.waiting.set(room.id, room);
			return;
		}
		this.reading.add(room.id);
		void this.read(room).finally(() => {
			this.reading.delete(room.id);
			for (const [id, next] of this.waiting) {
				this.waiting.delete(id);
				this.readOn(next);
				return;
			}
		});
	}

	stop(): void {
		this.isStopped = true;
		for (const id of [...this.buffered.keys()]) this.drop(id);
		this.waiting.clear();
	}

	/** Never rejects. */
	private async read(room: LiveRoom): Promise<void> {
		const { store, clock, faults, limits } = this.parts;
		try {
			// Asynchronously: the caller is about to subscribe.
			await Promise.resolve();
			while (!this.isStopped && room.subscribers.size > 0) {
				const buffered = this.buffered.get(room.id)?.commits.at(-1);
				const { head } = room;
				const page = await store.page(room.id, { after: head }, limits.historyEntriesMax, limits.pageBytesMax);
				if (this.isStopped || page === undefined || page.epoch !== room.epoch) break;
				// The head was clamped meanwhile.
				if (page.from > room.head + 1) continue;
				this.parts.readOn.add(1);
				if (page.entries.length > 0) this.deliver({ room: room.id, epoch: page.epoch, entries: page.entries });
				this.follow(room);
				// Commits buffered during the read may be newer than the page.
				const isDone = room.head >= page.head || room.head <= head;
				if (isDone && this.buffered.get(room.id)?.commits.at(-1) === buffered) break;
			}
			this.drop(room.id);
		} catch (cause) {
			if (cause instanceof Refusal) {
				clock.after(RETRY_MS, () => this.readOn(room));
				return;
			}
			this.drop(room.id);
			faults.report("rooms", "a room could not be read on from the log", cause, { room: room.id });
		}
	}

	/** Drops the buffer of a room: its entries come from the log, by the comparison of heads if not before. */
	private drop(id: string): void {
		const buffered = this.buffered.get(id);
		if (buffered === undefined) return;
		buffered.cancel();
		this.buffered.delete(id);
		for (const committed of buffered.commits) this.bufferedBytes -= bytesOf(committed);
	}
}

function bytesOf({ entries }: Committed): number {
	return entries.reduce((bytes, entry) => bytes + roughBytes(entry), 0);
}

function firstOf({ entries }: Committed): number {
	return entries[0]?.seq ?? 0;
}
