// Coarse timers for many sessions: one system timer a second serves them all, however many they are. Whoever waits is in the
// wheel itself, with no closure made for it: a waiting session costs one place in a set.
import type { Cancel, Clock } from "../base/clock.ts";

const TICK_MS = 1_000;

/** Somebody who waits for a time. */
export interface TimerTask {
	/** It has come, up to a second ago. */
	due(): void;
	/** `due` has thrown: our bug, which ends this session and nothing else. Never throws. */
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

	/** Calls `who.due()` once at `atMs` (monotonic), up to a second late, and gives the tick (1 or more) under which it can be removed. */
	add(atMs: number, who: TimerTask): number {
		if (this.slots.size === 0) this.now = Math.floor(this.clock.monotonic() / TICK_MS);
		const tick = this.tickOf(atMs);
		let slot = this.slots.get(tick);
		if (slot === undefined) {
			slot = new Set();
			this.slots.set(tick, slot);
		}
		slot.add(who);
		this.start();
		return tick;
	}

	/** Takes back what `add` gave `tick` for; nothing if that has come. */
	remove(tick: number, who: TimerTask): void {
		const slot = this.slots.get(tick);
		if (slot?.delete(who) && slot.size === 0) this.slots.delete(tick);
	}

	/** The tick at which `atMs` will have come. */
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

	private call(who: TimerTask): void {
		try {
			who.due();
		} catch (cause) {
			who.broken(cause);
		}
	}

	private turn(): void {
		const reached = Math.floor(this.clock.monotonic() / TICK_MS);
		while (this.now < reached) {
			this.now++;
			const slot = this.slots.get(this.now);
			this.slots.delete(this.now);
			if (slot !== undefined) for (const who of slot) this.call(who);
			if (this.slots.size === 0) this.now = reached;
		}
	}
}
