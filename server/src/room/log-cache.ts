// Reads pieces of a log for readers that are behind. Who is a moment behind gets the room's newest pushes as they were sent;
// who is further behind gets whole ranges, and readers at the same place share one read and its encoding.
import type { Clock } from "../base/clock.ts";
import type { Counter } from "../base/metrics.ts";
import type { Format } from "../link/link.ts";
import type { LogPage, Store } from "../store/store.ts";
import { pageAsOf } from "./as-of.ts";
import { EntriesPush, roughBytes } from "./push.ts";
import { RangeCache } from "./range-cache.ts";
import type { LiveRoom } from "./room.ts";

export interface LogCacheLimits {
	readonly historyEntriesMax: number;
	readonly pageBytesMax: number;
}

/** What stands right after a cursor. */
export interface LogRange {
	/** Undefined: nothing does. */
	readonly push: EntriesPush | undefined;
	/** The newest seq when it was read. */
	readonly head: number;
}

export class LogCache {
	private readonly store: Pick<Store, "page">;
	private readonly limits: LogCacheLimits;
	private readonly reads: Counter;
	private readonly pieces: RangeCache;
	private readonly underWay = new Map<string, Promise<LogRange | undefined>>();

	constructor(store: Pick<Store, "page">, clock: Pick<Clock, "monotonic" | "after">, limits: LogCacheLimits, reads: Counter) {
		this.store = store;
		this.limits = limits;
		this.reads = reads;
		this.pieces = new RangeCache(clock);
	}

	/** The entries right after `seq` for a reader in `format`, from memory or from the store; undefined if the room is gone. */
	async after(room: LiveRoom, seq: number, format: Format): Promise<LogRange | undefined> {
		const recent = room.recent(seq, format);
		if (recent !== undefined) return { push: recent, head: room.head };
		const key = `${room.id} ${room.epoch} ${seq}`;
		const kept = this.pieces.get(key);
		if (kept !== undefined && kept.to <= room.head) return { push: kept, head: kept.to };
		let read = this.underWay.get(key);
		if (read === undefined) {
			read = this.read(room, seq, key).finally(() => this.underWay.delete(key));
			this.underWay.set(key, read);
		}
		return read;
	}

	/** The newest entries, at most `limit`. */
	newest(room: string, limit: number): Promise<LogPage | undefined> {
		return this.store.page(room, { before: 0 }, limit, this.limits.pageBytesMax);
	}

	/** Lets go of what is kept. */
	stop(): void {
		this.pieces.stop();
	}

	private async read(room: LiveRoom, seq: number, key: string): Promise<LogRange | undefined> {
		this.reads.add(1);
		const read = await this.store.page(room.id, { after: seq }, this.limits.historyEntriesMax, this.limits.pageBytesMax);
		if (read === undefined) return undefined;
		const page = pageAsOf(read, room.head);
		if (page.entries.length === 0) return { push: undefined, head: page.head };
		const push = new EntriesPush(room.id, page.epoch, page.entries);
		let bytes = 0;
		for (const entry of page.entries) bytes += roughBytes(entry);
		if (page.epoch === room.epoch) this.pieces.add(key, push, bytes);
		return { push, head: page.head };
	}
}
