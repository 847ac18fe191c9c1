// Who is writing just now, as far as one was told; and telling others, not too often.
import type { User } from "@verbatim/protocol";
import type { Cancel, Clock } from "../clock.ts";

/** One is told at most this often, and forgets after twice that. */
const TYPING_EVERY_MS = 3_000;
const TYPING_HOLDS_MS = 2 * TYPING_EVERY_MS;

export class Typing {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly changed: () => void;
	private readonly writers = new Map<string, { readonly user: User; readonly cancel: Cancel }>();
	private snapshot: readonly User[] = [];
	private toldAtMs = Number.NEGATIVE_INFINITY;

	constructor(clock: Pick<Clock, "monotonic" | "after">, changed: () => void) {
		this.clock = clock;
		this.changed = changed;
	}

	get users(): readonly User[] {
		return this.snapshot;
	}

	/** `user` is writing. */
	hear(user: User): void {
		const before = this.writers.get(user.id);
		before?.cancel();
		this.writers.set(user.id, { user, cancel: this.clock.after(TYPING_HOLDS_MS, () => this.end(user.id)) });
		if (before === undefined) this.update();
	}

	/** What was being written has come, or never will. */
	end(userId: string): void {
		const writer = this.writers.get(userId);
		if (writer === undefined) return;
		writer.cancel();
		this.writers.delete(userId);
		this.update();
	}

	clear(): void {
		for (const { cancel } of this.writers.values()) cancel();
		const any = this.writers.size > 0;
		this.writers.clear();
		if (any) this.update();
	}

	/** May the others be told now? If so, it counts as told. */
	mayTell(): boolean {
		const now = this.clock.monotonic();
		if (now - this.toldAtMs < TYPING_EVERY_MS) return false;
		this.toldAtMs = now;
		return true;
	}

	/** Something was said: the next key tells again. */
	said(): void {
		this.toldAtMs = Number.NEGATIVE_INFINITY;
	}

	private update(): void {
		this.snapshot = Array.from(this.writers.values(), ({ user }) => user);
		this.changed();
	}
}
