// Reads the log for subscribers behind the head. One slightly behind gets the room's recent pushes from its ring; one further
// behind gets a range, whose read and encoding subscribers at the same cursor share.
import type { Clock } from "../base/clock.ts";
import { roughBytes } from "../base/entry-size.ts";
import type { Counter } from "../base/metrics.ts";
import type { Format } from "../link/link.ts";
import type { LogPage, Store } from "../store/store.ts";
import { pageAsOf } from "./as-of.ts";
import { EntriesPush } from "./push.ts";
import { RangeCache } from "./range-cache.ts";
import type { LiveRoom } from "./room.ts";

export interface LogCacheLimits {
	readonly historyEntriesMax: number;
	readonly pageBytesMax: number;
}

/** The entries right after a cursor. */
export interface LogRange {
	/** Undefined: there are none. */
	readonly push: EntriesPush | undefined;
	/** The room's head when it was read. */
	readonly head: number;
}

export class LogCache {
	private readonly store: Pick<Store, "page">;
	private readonly limits: LogCacheLimits;
	private readonly reads: Counter;
	private readonly ranges: RangeCache;
	private readonly inFlight = new Map<string, Promise<LogRange | undefined>>();

	constructor(store: Pick<Store, "page">, clock: Pick<Clock, "monotonic" | "after">, limits: LogCacheLimits, reads: Counter) {
		this.store = store;
		this.limits = limits;
		this.reads = reads;
		this.ranges = new RangeCache(clock);
	}

	/**
	 * The entries right after `seq`, from memory or from the store; undefined if the room is gone. `format`: that of the
	 * subscriber.
	 */
	async after(room: LiveRoom, seq: number, format: Format): Promise<LogRange | undefined> {
		const recent = room.recent(seq, format);
		if (recent !== undefined) return { push: recent, head: room.head };
		const key = `${room.id} ${room.epoch} ${seq}`;
		const cached = this.ranges.get(key);
		if (cached !== undefined && cached.to <= room.head) return { push: cached, head: cached.to };
		let read = this.inFlight.get(key);
		if (read === undefined) {
			read = this.read(room, seq, key).finally(() => this.inFlight.delete(key));
			this.inFlight.set(key, read);
		}
		return read;
	}

	/** The newest entries, at most `limit`. */
	newest(room: string, limit: number): Promise<LogPage | undefined> {
		return this.store.page(room, { before: 0 }, limit, this.limits.pageBytesMax);
	}

	/** Clears the cache. */
	stop(): void {
		this.ranges.stop();
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
		if (page.epoch === room.epoch) this.ranges.add(key, push, bytes);
		return { push, head: page.head };
	}
}
