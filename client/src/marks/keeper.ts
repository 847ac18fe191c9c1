// Brings marks from their store to the rooms and back, gathered over a little while.
import type { Cancel, Clock } from "../clock.ts";
import type { LiveRoom } from "../room/room.ts";
import type { Mark, MarkStore } from "./store.ts";

const SAVE_AFTER_MS = 500;

export class MarkKeeper {
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

	become(user: string): void {
		void this.flush();
		this.user = user;
		this.marks = new Map();
		if (this.store === undefined || user === "") return;
		const { marks } = this;
		this.loaded = this.store.load(user).then(
			(kept) => {
				for (const [room, mark] of kept) if (!marks.has(room)) marks.set(room, mark);
			},
			(cause: unknown) => this.problem("what was seen could not be read", cause),
		);
	}

	/** The room is new here: what was seen of it in an earlier life still holds. */
	async restore(room: LiveRoom): Promise<void> {
		const { user } = this;
		await this.loaded;
		if (user !== this.user) return;
		const mark = this.marks.get(room.id);
		if (mark?.epoch === room.epoch) room.seenBefore(mark.seq);
		else this.seen(room);
	}

	seen(room: LiveRoom): void {
		if (this.store === undefined) return;
		this.marks.set(room.id, { epoch: room.epoch, seq: room.seen });
		this.cancelSave ??= this.clock.after(SAVE_AFTER_MS, () => void this.flush());
	}

	/** Saves now what waits to be saved; resolves when it is. */
	async flush(): Promise<void> {
		if (this.cancelSave === undefined || this.store === undefined) return;
		this.cancelSave();
		this.cancelSave = undefined;
		const { store, user, marks } = this;
		try {
			await this.loaded;
			await store.save(user, marks);
		} catch (cause) {
			this.problem("what was seen could not be kept", cause);
		}
	}
}
