// Timer wheel: coarse timers for many sessions, driven by one system timer a second. A task is stored itself, without a closure:
// one entry in a set.
import type { Cancel, Clock } from "../base/clock.ts";

const TICK_MS = 1_000;

export interface TimerTask {
	/** The time has come, at most a second ago. */
	due(): void;
	/** `due` has thrown: a bug, which ends this session and no other. Never throws. */
	broken(cause: unknown): void;
}

export class TimerWheel {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly slots = new Map<number, Set<TimerTask>>();
	private now: number;
	private cancel: Cancel | undefined;

	constructor(clock: Pick<Clock, "monotonic" | "after">) {
		this.clock = clock;
		this.now = Math.floor(clock.monotonic() / TICK_MS);
	}

	/**
	 * Calls `task.due()` once at `atMs` (monotonic), up to a second late; returns the tick (1 or more) by which it can be
	 * removed.
	 */
	add(atMs: number, task: TimerTask): number {
		if (this.slots.size === 0) this.now = Math.floor(this.clock.monotonic() / TICK_MS);
		const tick = this.tickOf(atMs);
		let slot = this.slots.get(tick);
		if (slot === undefined) {
			slot = new Set();
			this.slots.set(tick, slot);
		}
		slot.add(task);
		this.start();
		return tick;
	}

	/** Cancels what `add` returned `tick` for; no effect once that has come. */
	remove(tick: number, task: TimerTask): void {
		const slot = this.slots.get(tick);
		if (slot?.delete(task) && slot.size === 0) this.slots.delete(tick);
	}

	/** The tick by which `atMs` will have come. */
	tickOf(atMs: number): number {
		return Math.max(this.now + 1, Math.ceil(atMs / TICK_MS));
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

	private call(task: TimerTask): void {
		try {
			task.due();
		} catch (cause) {
			task.broken(cause);
		}
	}

	private turn(): void {
		const reached = Math.floor(this.clock.monotonic() / TICK_MS);
		while (this.now < reached) {
			this.now++;
			const slot = this.slots.get(this.now);
			this.slots.delete(this.now);
			if (slot !== undefined) for (const task of slot) this.call(task);
			if (this.slots.size === 0) this.now = reached;
		}
	}
}
