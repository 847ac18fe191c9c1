// The sends of one room, in the order of saying, and the room's own back-off: what goes wrong in one room holds up no other.
import type { Item } from "./item.ts";

export class Lane {
	readonly room: string;
	items: Item[] = [];
	/** Nothing of it goes out before this (monotonic ms). */
	pausedUntilMs = 0;
	/** One at a time on the wire, until one is acknowledged: how it went wrong shows which send is at fault. */
	cautious = false;
	/** `internal` answers since the last acknowledgement. */
	faults = 0;
	/** A send was given up since the last acknowledgement. */
	gaveUp = false;
	/** Passing refusals that were this room's own, since the last acknowledgement. */
	refusals = 0;
	/** Acknowledgements of all rooms when this one was last refused; undefined: not since its last acknowledgement. */
	refusedAt: number | undefined;
	/** How many of its items are done, and only wait to be shown. */
	private done = 0;
	private snapshotNow: readonly Item[] | undefined;

	constructor(room: string) {
		this.room = room;
	}

	/** The same array until something of it changes. */
	get snapshot(): readonly Item[] {
		this.snapshotNow ??= this.items.slice();
		return this.snapshotNow;
	}

	/** Does a send that the server failed at wait to be tried again? */
	get faulty(): boolean {
		return this.items.some(({ stored, status }) => status.state === "waiting" && (stored.faults ?? 0) > 0);
	}

	changed(): void {
		this.snapshotNow = undefined;
	}

	/** The next that may go out, and the unanswered one that it stands behind. */
	next(): { readonly item: Item; readonly behind: Item | undefined } | undefined {
		let behind: Item | undefined;
		for (const item of this.items) {
			const { state } = item.status;
			if (state === "sent") {
				if (this.cautious) return undefined;
				behind = item;
			}
			// Not kept yet, as said or as refused: what was said later must not overtake it.
			if (!item.kept && (state === "waiting" || state === "failed")) return undefined;
			if (state === "waiting") return { item, behind };
		}
		return undefined;
	}

	/** One of them is in the log. */
	acknowledged(): void {
		this.done++;
		this.refusals = 0;
		this.refusedAt = undefined;
		if (!this.cautious && !this.gaveUp) return;
		// An earlier one that was at fault still has its pause.
		if (this.faulty) return;
		this.cautious = false;
		this.gaveUp = false;
		this.faults = 0;
		this.pausedUntilMs = 0;
	}

	/** What is done and shown by the timeline leaves; true if anything did. `left` is told each. */
	dropShown(shows: (seq: number) => boolean, left: (item: Item) => void): boolean {
		const before = this.items.length;
		let look = this.done;
		for (let i = 0; look > 0 && i < this.items.length; i++) {
			const item = this.items[i];
			if (item?.status.state !== "done") continue;
			look--;
			if (!shows(item.status.sent.seq)) continue;
			this.take(item);
			left(item);
			i--;
		}
		return this.items.length < before;
	}

	take(item: Item): void {
		// Nearly always at the front.
		this.items.splice(this.items.indexOf(item), 1);
		if (item.status.state === "done") this.done--;
	}
}
