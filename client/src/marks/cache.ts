// Read marks of the current user, cached over the mark store: loaded once, written back at most every `SAVE_AFTER_MS`.

import type { Mark, MarkStore } from "../api/mark-store.ts";
import type { Cancel, Clock } from "../base/clock.ts";
import type { ClientRoom } from "../room/room.ts";

const SAVE_AFTER_MS = 500;

export class MarkCache {
	private readonly store: MarkStore | undefined;
	private readonly clock: Pick<Clock, "after">;
	private readonly problem: (what: string, cause: unknown) => void;
	private user = "";
	private marks = new Map<string, Mark>();
	private loaded: Promise<void> = Promise.resolve();
	private cancelSave: Cancel | undefined;

	constructor(store: MarkStore | undefined, clock: Pick<Clock, "after">, problem: (what: string, cause: unknown) => void) {
		this.store = store;
		this.clock = clock;
		this.problem = problem;
	}

	/** Switches the user; an empty id is nobody. Writes back the marks of the previous one. */
	setUser(user: string): void {
		void this.flush();
		this.user = user;
		this.marks = new Map();
		if (this.store === undefined || user === "") return;
		const { marks } = this;
		this.loaded = this.store.load(user).then(
			(stored) => {
				for (const [room, mark] of stored) if (!marks.has(room)) marks.set(room, mark);
			},
			(cause: unknown) => this.problem("the read marks could not be loaded", cause),
		);
	}

	/** Applies the stored mark to a room that was just added; stores the room's own if there is none of its epoch. */
	async restore(room: ClientRoom): Promise<void> {
		const { user } = this;
		await this.loaded;
		if (user !== this.user) return;
		const mark = this.marks.get(room.id);
		if (mark?.epoch === room.epoch) room.restoreSeen(mark.seq);
		else this.seen(room);
	}

	seen(room: ClientRoom): void {
		if (this.store === undefined) return;
		this.marks.set(room.id, { epoch: room.epoch, seq: room.seen });
		this.cancelSave ??= this.clock.after(SAVE_AFTER_MS, () => void this.flush());
	}

	/** Writes back now if a write is scheduled; resolves when it is stored. */
	async flush(): Promise<void> {
		if (this.cancelSave === undefined || this.store === undefined) return;
		this.cancelSave();
		this.cancelSave = undefined;
		const { store, user, marks } = this;
		try {
			await this.loaded;
			await store.save(user, marks);
		} catch (cause) {
			this.problem("the read marks could not be stored", cause);
		}
	}
}
