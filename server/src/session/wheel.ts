// Coarse timers for many sessions: one system timer a second serves them all, however many they are.
import type { Cancel, Clock } from "../clock.ts";

const TICK_MS = 1_000;

export class Wheel {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly slots = new Map<number, Set<() => void>>();
	private now: number;
	private cancel: Cancel | undefined;

	constructor(clock: Pick<Clock, "monotonic" | "after">) {
		this.clock = clock;
		this.now = Math.floor(clock.monotonic() / TICK_MS);
	}

	/** Runs `task` once, `ms` from now, up to a second late. */
	after(ms: number, task: () => void): Cancel {
		if (this.slots.size === 0) this.now = Math.floor(this.clock.monotonic() / TICK_MS);
		const due = Math.max(this.now + 1, Math.ceil((this.clock.monotonic() + ms) / TICK_MS));
		let slot = this.slots.get(due);
		if (slot === undefined) {
			slot = new Set();
			this.slots.set(due, slot);
		}
		slot.add(task);
		this.start();
		return () => {
			const set = this.slots.get(due);
			if (set?.delete(task) && set.size === 0) this.slots.delete(due);
		};
	}

	stop(): void {
		this.cancel?.();
		this.cancel = undefined;
		this.slots.clear();
	}

	private start(): void {
		this.cancel ??= this.clock.after(TICK_MS - (this.clock.monotonic() % TICK_MS), () => {
			this.cancel = undefined;
			this.turn();
			if (this.slots.size > 0) this.start();
		});
	}

	private turn(): void {
		const reached = Math.floor(this.clock.monotonic() / TICK_MS);
		while (this.now < reached) {
			this.now++;
			const slot = this.slots.get(this.now);
			this.slots.delete(this.now);
			if (slot !== undefined) for (const task of slot) task();
			if (this.slots.size === 0) this.now = reached;
		}
	}
}
