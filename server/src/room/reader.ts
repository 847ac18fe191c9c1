// Reads pieces of a log for readers that are behind. Readers at the same place share one read and its encoding: when
// thousands come back at once after a cut, the store is asked once per piece.
import type { LogPage, Store } from "../store/store.ts";
import { cutPushes, type EntriesPush } from "./push.ts";
import type { LiveRoom } from "./room.ts";

export interface LogReaderLimits {
	readonly historyEntriesMax: number;
	readonly pageBytesMax: number;
}

/** What stands right after a cursor. */
export interface Piece {
	readonly push: EntriesPush | undefined;
	readonly epoch: number;
	readonly head: number;
}

export class LogReader {
	private readonly store: Pick<Store, "page">;
	private readonly limits: LogReaderLimits;
	private readonly underWay = new Map<string, Promise<Piece | undefined>>();

	constructor(store: Pick<Store, "page">, limits: LogReaderLimits) {
		this.store = store;
		this.limits = limits;
	}

	/** The entries right after `seq`, from memory or from the store; undefined if the room is gone. */
	async after(room: LiveRoom, seq: number): Promise<Piece | undefined> {
		const recent = room.recent(seq);
		if (recent !== undefined) return { push: recent, epoch: room.epoch, head: room.head };
		const key = `${room.id} ${seq}`;
		let read = this.underWay.get(key);
		if (read === undefined) {
			read = this.read(room, seq).finally(() => this.underWay.delete(key));
			this.underWay.set(key, read);
		}
		return read;
	}

	/** The newest entries, at most `limit`. */
	newest(room: string, limit: number): Promise<LogPage | undefined> {
		return this.store.page(room, { before: 0 }, limit, this.limits.pageBytesMax);
	}

	private async read(room: LiveRoom, seq: number): Promise<Piece | undefined> {
		const page = await this.store.page(room.id, { after: seq }, this.limits.historyEntriesMax, this.limits.pageBytesMax);
		if (page === undefined) return undefined;
		const [push] = cutPushes(room.id, page.epoch, page.entries, Number.POSITIVE_INFINITY);
		return { push, epoch: page.epoch, head: page.head };
	}
}
