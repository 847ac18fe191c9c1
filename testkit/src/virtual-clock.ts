// A clock that stands still until a test moves it. Timers fire in order of their time, each with the clock at its own moment,
// and everything they set off is carried out before the next.
interface Timer {
	readonly atMs: number;
	readonly order: number;
	readonly task: () => void;
}

export class VirtualClock {
	private nowMs: number;
	private wallOffsetMs: number;
	private timers: Timer[] = [];
	private tasks: Array<() => void> = [];
	private order = 0;

	constructor(wallMs = Date.UTC(2026, 0, 1)) {
		this.nowMs = 0;
		this.wallOffsetMs = wallMs;
	}

	readonly now = (): number => this.wallOffsetMs + this.nowMs;

	readonly monotonic = (): number => this.nowMs;

	readonly after = (ms: number, task: () => void): (() => void) => {
		const timer: Timer = { atMs: this.nowMs + Math.max(0, ms), order: this.order++, task };
		this.timers.push(timer);
		return () => {
			this.timers = this.timers.filter((other) => other !== timer);
		};
	};

	readonly soon = (task: () => void): void => {
		this.tasks.push(task);
	};

	/** The wall clock jumps; durations do not notice. */
	jump(ms: number): void {
		this.wallOffsetMs += ms;
	}

	/** Timers that have not fired. */
	get pending(): number {
		return this.timers.length;
	}

	/** Carries out everything that is due now, promises included, until nothing is left. */
	async settle(): Promise<void> {
		do {
			const tasks = this.tasks;
			this.tasks = [];
			for (const task of tasks) task();
			await promisesDone();
		} while (this.tasks.length > 0);
	}

	/** Moves on by `ms`, timer by timer. */
	async advance(ms: number): Promise<void> {
		const untilMs = this.nowMs + ms;
		await this.settle();
		for (;;) {
			let next: Timer | undefined;
			for (const timer of this.timers) {
				if (
					timer.atMs <= untilMs &&
					(next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order))
				)
					next = timer;
			}
			if (next === undefined) break;
			this.timers = this.timers.filter((timer) => timer !== next);
			this.nowMs = next.atMs;
			next.task();
			await this.settle();
		}
		this.nowMs = untilMs;
		await this.settle();
	}
}

/** One turn of the real event loop: every promise that can be resolved has been. */
function promisesDone(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
