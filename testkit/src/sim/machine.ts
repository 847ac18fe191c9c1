// A process and its machine: the clock and the randomness of the code under test. It can be paused (timers and deliveries wait), killed
// (nothing of it runs any more), and its wall clock can jump.
import type { Chance } from "./chance.ts";
import type { Executor, Scheduler, Timer } from "./scheduler.ts";

/** The wall clock at the beginning of every run. */
export const WALL_MS = Date.UTC(2026, 0, 1);

/** No timer of a runtime is shorter. */
const TIMER_MIN_MS = 1;

export class Machine implements Executor {
	readonly name: string;
	readonly scheduler: Scheduler;
	alive = true;
	private readonly wall: { offsetMs: number };
	private readonly bornMs: number;
	private readonly chance: Chance;
	private pausedUntilMs = 0;
	/** What is due and has to wait until it goes on. */
	private readonly waiting: Array<Pick<Timer, "task">> = [];

	/** `wall` outlives the process: the machine's clock. */
	constructor(name: string, scheduler: Scheduler, chance: Chance, wall: { offsetMs: number }) {
		this.name = name;
		this.scheduler = scheduler;
		this.chance = chance;
		this.wall = wall;
		this.bornMs = scheduler.nowMs;
	}

	// ------------------------------------------------------------ as a Clock of server and client

	readonly now = (): number => WALL_MS + Math.floor(this.scheduler.nowMs) + this.wall.offsetMs;

	readonly monotonic = (): number => this.scheduler.nowMs - this.bornMs;

	readonly after = (ms: number, task: () => void): (() => void) => {
		const timer = this.scheduler.at(this.scheduler.nowMs + Math.max(TIMER_MIN_MS, ms), task, this);
		return () => {
			timer.task = undefined;
		};
	};

	readonly soon = (task: () => void): void => {
		this.scheduler.soon(() => {
			if (this.alive) task();
		});
	};

	// ------------------------------------------------------------ as its Random

	readonly float = (): number => this.chance.float();

	readonly bytes = (count: number): Uint8Array => this.chance.bytes(count);

	// ------------------------------------------------------------ what can happen to it

	/** Does what is planned in this process: later if it is paused, never if it is dead. */
	execute(timer: Pick<Timer, "task">): void {
		if (!this.alive) return;
		if (this.scheduler.nowMs < this.pausedUntilMs || this.waiting.length > 0) this.waiting.push(timer);
		else timer.task?.();
	}

	/** As `execute`, for something that was not planned. */
	do(task: () => void): void {
		this.execute({ task });
	}

	pause(ms: number): void {
		this.pausedUntilMs = Math.max(this.pausedUntilMs, this.scheduler.nowMs + ms);
		this.scheduler.at(this.pausedUntilMs, this.wake);
	}

	/** No fault lasts beyond the healing. */
	unpause(): void {
		this.pausedUntilMs = Math.min(this.pausedUntilMs, this.scheduler.nowMs);
		this.wake();
	}

	/** Does what has waited, in order, one thing after the other with all that it sets off. */
	private readonly wake = (): void => {
		if (this.scheduler.nowMs < this.pausedUntilMs || !this.alive) return;
		const timer = this.waiting.shift();
		if (timer === undefined) return;
		// It may have been cancelled while it waited.
		timer.task?.();
		this.scheduler.at(this.scheduler.nowMs, this.wake);
	};

	kill(): void {
		this.alive = false;
	}
}
