// Virtual time: a heap of timers, fired in order, each with all that it causes (promises, and tasks for the end of the turn) before the
// next. The microtask queue is drained directly, which costs 20 ns when it is empty, and the real event loop is never needed: a run is
// one synchronous call.
import { drainMicrotasks } from "bun:jsc";

/** Executes a task: at once, later, or never. */
export interface Executor {
	execute(timer: Timer): void;
}

/** A timer: one object and no closure, because a run has thousands. */
export interface Timer {
	readonly atMs: number;
	readonly order: number;
	/** Undefined: the scheduler. */
	readonly executor: Executor | undefined;
	/** Undefined when it was cancelled. */
	task: (() => void) | undefined;
}

/** More events in one run are a loop without an end. */
const STEPS_MAX = 3_000_000;

export class Scheduler {
	nowMs = 0;
	/** Events executed. */
	steps = 0;
	private readonly heap: Timer[] = [];
	private order = 0;
	private soonTasks: Array<() => void> = [];

	/** Runs `task` at `atMs`, after the timers that were set for the same time before. Cancelled by removing its task. */
	at(atMs: number, task: () => void, executor?: Executor): Timer {
		const timer: Timer = { atMs: Math.max(atMs, this.nowMs), order: this.order++, executor, task };
		this.push(timer);
		return timer;
	}

	/** Runs `task` at the end of this turn. */
	soon(task: () => void): void {
		this.soonTasks.push(task);
	}

	/** Runs everything due until `untilMs`. */
	run(untilMs: number): void {
		this.settle();
		for (;;) {
			const next = this.heap[0];
			if (next === undefined || next.atMs > untilMs) break;
			this.pop();
			const { task } = next;
			if (task === undefined) continue;
			this.nowMs = next.atMs;
			if (++this.steps > STEPS_MAX) throw new Error(`more than ${STEPS_MAX} events at ${this.nowMs} ms`);
			if (next.executor === undefined) task();
			else next.executor.execute(next);
			this.settle();
		}
		this.nowMs = untilMs;
	}

	/** Everything that is due now, promises included. */
	settle(): void {
		drainMicrotasks();
		while (this.soonTasks.length > 0) {
			const tasks = this.soonTasks;
			this.soonTasks = [];
			for (const task of tasks) {
				if (++this.steps > STEPS_MAX) throw new Error(`more than ${STEPS_MAX} events at ${this.nowMs} ms`);
				task();
				drainMicrotasks();
			}
		}
	}

	private push(timer: Timer): void {
		const { heap } = this;
		let at = heap.length;
		heap.push(timer);
		while (at > 0) {
			const up = (at - 1) >> 1;
			const parent = heap[up] as Timer;
			if (!earlier(timer, parent)) break;
			heap[at] = parent;
			at = up;
		}
		heap[at] = timer;
	}

	private pop(): void {
		const { heap } = this;
		const last = heap.pop() as Timer;
		const size = heap.length;
		if (size === 0) return;
		let at = 0;
		for (;;) {
			let down = 2 * at + 1;
			if (down >= size) break;
			if (down + 1 < size && earlier(heap[down + 1] as Timer, heap[down] as Timer)) down++;
			const child = heap[down] as Timer;
			if (!earlier(child, last)) break;
			heap[at] = child;
			at = down;
		}
		heap[at] = last;
	}
}

function earlier(a: Timer, b: Timer): boolean {
	return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
