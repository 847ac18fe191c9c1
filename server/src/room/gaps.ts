// Commits that came before those which they follow. They are held for a few milliseconds, in which the missing one mostly comes; after that the room is read on
// from the log, which is the truth, and what it says is delivered as if the bus had brought it: entries, and who may read after them, in one order.
import { Refusal } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Faults } from "../base/faults.ts";
import type { Counter } from "../base/metrics.ts";
import type { Committed, Store } from "../store/store.ts";
import { roughBytes } from "./push.ts";
import type { LiveRoom } from "./room.ts";

export interface GapParts {
	readonly store: Pick<Store, "page">;
	readonly clock: Pick<Clock, "after">;
	readonly faults: Pick<Faults, "report">;
	readonly limits: { readonly historyEntriesMax: number; readonly pageBytesMax: number };
	/** Pages of logs by which rooms were read on. */
	readonly readOn: Counter;
}

/** For so long the missing one is waited for. */
const PATIENCE_MS = 5;
const READ_AGAIN_MS = 1_000;
/** About the most that is held in all rooms together, in bytes of entries; what comes beyond is read from the log. */
const HELD_BYTES_MAX = 8 * 1024 * 1024;
/** Rooms read on at once. */
const READS_AT_ONCE_MAX = 4;

interface Held {
	/** By their first seqs. */
	readonly commits: Committed[];
	cancel: Cancel;
}

export class Gaps {
	private readonly parts: GapParts;
	private readonly deliver: (committed: Committed) => void;
	private readonly held = new Map<string, Held>();
	private heldBytes = 0;
	/** Rooms that are being read on, and those that wait for their turn. */
	private readonly reading = new Set<string>();
	private readonly waiting = new Map<string, LiveRoom>();
	private isStopped = false;

	constructor(parts: GapParts, deliver: (committed: Committed) => void) {
		this.parts = parts;
		this.deliver = deliver;
	}

	/** Is anything held? */
	get any(): boolean {
		return this.held.size > 0;
	}

	/** About what is held, for metrics. */
	get bytes(): number {
		return this.heldBytes;
	}

	/** `committed` does not follow the head of `room`, which has subscribers. */
	hold(room: LiveRoom, committed: Committed): void {
		let held = this.held.get(room.id);
		if (held === undefined) {
			held = { commits: [], cancel: this.parts.clock.after(PATIENCE_MS, () => this.readOn(room)) };
			this.held.set(room.id, held);
		}
		if (this.heldBytes + bytesOf(committed) > HELD_BYTES_MAX) return;
		this.heldBytes += bytesOf(committed);
		const { commits } = held;
		const at = commits.findLastIndex((each) => firstOf(each) <= firstOf(committed));
		commits.splice(at + 1, 0, committed);
	}

	/** The head of `room` has moved: what is held and follows it now is delivered. */
	follow(room: LiveRoom): void {
		const held = this.held.get(room.id);
		if (held === undefined) return;
		for (let next = held.commits[0]; next !== undefined && firstOf(next) <= room.head + 1; next = held.commits[0]) {
			held.commits.shift();
			this.heldBytes -= bytesOf(next);
			this.deliver(next);
		}
		if (held.commits.length === 0) this.drop(room.id);
	}

	/** Entries after the head are in the log, and may not come by the bus. */
	readOn(room: LiveRoom): void {
		if (this.isStopped || this.reading.has(room.id)) return;
		if (this.reading.size >= READS_AT_ONCE_MAX) {
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
		for (const id of [...this.held.keys()]) this.drop(id);
		this.waiting.clear();
	}

	/** Never rejects. */
	private async read(room: LiveRoom): Promise<void> {
		const { store, clock, faults, limits } = this.parts;
		try {
			// Not in the caller's own call: it is about to subscribe.
			await Promise.resolve();
			while (!this.isStopped && room.subscribers.size > 0) {
				const held = this.held.get(room.id)?.commits.at(-1);
				const { head } = room;
				const page = await store.page(room.id, { after: head }, limits.historyEntriesMax, limits.pageBytesMax);
				if (this.isStopped || page === undefined || page.epoch !== room.epoch) break;
				// The head was clamped meanwhile.
				if (page.from > room.head + 1) continue;
				this.parts.readOn.add(1);
				if (page.entries.length > 0) this.deliver({ room: room.id, epoch: page.epoch, entries: page.entries });
				this.follow(room);
				// What was held while this was read may be newer than the page.
				const isDone = room.head >= page.head || room.head <= head;
				if (isDone && this.held.get(room.id)?.commits.at(-1) === held) break;
			}
			this.drop(room.id);
		} catch (cause) {
			if (cause instanceof Refusal) {
				clock.after(READ_AGAIN_MS, () => this.readOn(room));
				return;
			}
			this.drop(room.id);
			faults.report("rooms", "a room could not be read on from the log", cause, { room: room.id });
		}
	}

	/** What is held of it comes from the log, by the comparison of heads if not before. */
	private drop(id: string): void {
		const held = this.held.get(id);
		if (held === undefined) return;
		held.cancel();
		this.held.delete(id);
		for (const committed of held.commits) this.heldBytes -= bytesOf(committed);
	}
}

function bytesOf({ entries }: Committed): number {
	return entries.reduce((bytes, entry) => bytes + roughBytes(entry), 0);
}

function firstOf({ entries }: Committed): number {
	return entries[0]?.seq ?? 0;
}
