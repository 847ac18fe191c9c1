// The pending sends of one room, in order, and the room's own back-off: no head-of-line blocking between rooms.
import type { PendingSend } from "./pending-send.ts";

export class Lane {
	readonly room: string;
	items: PendingSend[] = [];
	/** End of its back-off (monotonic ms). */
	pausedUntilMs = 0;
	/** At most one send in flight, until one is acknowledged: a failure then identifies the send at fault. */
	stopAndWait = false;
	/** `internal` answers since the last acknowledgement. */
	faults = 0;
	/** A send was given up since the last acknowledgement. */
	gaveUp = false;
	/** Retryable refusals of this room alone, since the last acknowledgement. */
	refusals = 0;
	/** Count of acknowledgements of all rooms at the last refusal; undefined: none since its last acknowledgement. */
	refusedAt: number | undefined;
	/** Items that are acknowledged, but not in the timeline yet. */
	private done = 0;
	private snapshotNow: readonly PendingSend[] | undefined;

	constructor(room: string) {
		this.room = room;
	}

	/** The same array until `changed`. */
	get snapshot(): readonly PendingSend[] {
		this.snapshotNow ??= this.items.slice();
		return this.snapshotNow;
	}

	/** Whether a send that was answered `internal` waits for its retry. */
	get faulty(): boolean {
		return this.items.some(({ stored, status }) => status.state === "waiting" && (stored.faults ?? 0) > 0);
	}

	changed(): void {
		this.snapshotNow = undefined;
	}

	/** The next send that may go out, and the unanswered one before it. */
	next(): { readonly item: PendingSend; readonly behind: PendingSend | undefined } | undefined {
		let behind: PendingSend | undefined;
		for (const item of this.items) {
			const { state } = item.status;
			if (state === "sent") {
				if (this.stopAndWait) return undefined;
				behind = item;
			}
			// Not stored yet, as new or as refused: later sends must not overtake it.
			if (!item.kept && (state === "waiting" || state === "failed")) return undefined;
			if (state === "waiting") return { item, behind };
		}
		return undefined;
	}

	/** One item is in the log. */
	acknowledged(): void {
		this.done++;
		this.refusals = 0;
		this.refusedAt = undefined;
		if (!this.stopAndWait && !this.gaveUp) return;
		// An earlier item at fault is still in its back-off.
		if (this.faulty) return;
		this.stopAndWait = false;
		this.gaveUp = false;
		this.faults = 0;
		this.pausedUntilMs = 0;
	}

	/** Removes acknowledged items that the timeline shows, calling `removed` for each; true if there were any. */
	dropShown(shows: (seq: number) => boolean, removed: (item: PendingSend) => void): boolean {
		const before = this.items.length;
		let look = this.done;
		for (let i = 0; look > 0 && i < this.items.length; i++) {
			const item = this.items[i];
			if (item?.status.state !== "done") continue;
			look--;
			if (!shows(item.status.sent.seq)) continue;
			this.take(item);
			removed(item);
			i--;
		}
		return this.items.length < before;
	}

	take(item: PendingSend): void {
		// Usually the first.
		this.items.splice(this.items.indexOf(item), 1);
		if (item.status.state === "done") this.done--;
	}
}
