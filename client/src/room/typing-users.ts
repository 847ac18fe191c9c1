// TypingUsers notices: the users who are typing, by the notices received; and the rate limit of the user's own.
import type { User } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";

/** Shortest interval between sent notices; a received one expires after twice that. */
const TYPING_EVERY_MS = 3_000;
const TYPING_HOLDS_MS = 2 * TYPING_EVERY_MS;

export class TypingUsers {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly changed: () => void;
	private readonly typists = new Map<string, { readonly user: User; readonly cancel: Cancel }>();
	private snapshot: readonly User[] = [];
	private sentAtMs = Number.NEGATIVE_INFINITY;

	constructor(clock: Pick<Clock, "monotonic" | "after">, changed: () => void) {
		this.clock = clock;
		this.changed = changed;
	}

	get users(): readonly User[] {
		return this.snapshot;
	}

	/** A notice of `user` was received. */
	received(user: User): void {
		const before = this.typists.get(user.id);
		before?.cancel();
		this.typists.set(user.id, { user, cancel: this.clock.after(TYPING_HOLDS_MS, () => this.ended(user.id)) });
		if (before === undefined) this.update();
	}

	/** The user has sent a message, gone offline, or the notice has expired. */
	ended(userId: string): void {
		const writer = this.typists.get(userId);
		if (writer === undefined) return;
		writer.cancel();
		this.typists.delete(userId);
		this.update();
	}

	clear(): void {
		for (const { cancel } of this.typists.values()) cancel();
		const any = this.typists.size > 0;
		this.typists.clear();
		if (any) this.update();
	}

	/** Whether a notice may be sent now; if so, it counts as sent. */
	takeTurn(): boolean {
		const now = this.clock.monotonic();
		if (now - this.sentAtMs < TYPING_EVERY_MS) return false;
		this.sentAtMs = now;
		return true;
	}

	/** The user has sent a message, which ends the notice: the next one may be sent at once. */
	messageSent(): void {
		this.sentAtMs = Number.NEGATIVE_INFINITY;
	}

	private update(): void {
		this.snapshot = Array.from(this.typists.values(), ({ user }) => user);
		this.changed();
	}
}
