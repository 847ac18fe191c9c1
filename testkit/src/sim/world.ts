// Virtual time: a heap of events, carried out one after the other in the order of their time, each with everything that it sets
// off (promises, and what was put off to the end of the turn) before the next. No turn of the real event loop is ever needed:
// the queue of microtasks is drained by hand, which costs 20 ns when it is empty. So a run is one synchronous call.
import { drainMicrotasks } from "bun:jsc";

/** Who carries a task out: at once, later, or never. */
export interface Performer {
	perform(timer: Timer): void;
}

/** Something planned. There are hundreds in a run of milliseconds, so it is one object and no closure. */
export interface Timer {
	readonly atMs: number;
	readonly order: number;
	/** Undefined: the world itself. */
	readonly performer: Performer | undefined;
	/** Undefined when it was cancelled. */
	task: (() => void) | undefined;
}

/** More events in one run are a loop without an end. */
const STEPS_MAX = 3_000_000;

export class World {
	nowMs = 0;
	/** Events carried out. */
	steps = 0;
	private readonly heap: Timer[] = [];
	private order = 0;
	private soonTasks: Array<() => void> = [];

	/** Runs `task` at `atMs`, after all that was planned for the same time before. To cancel it, take its task away. */
	at(atMs: number, task: () => void, performer?: Performer): Timer {
		const timer: Timer = { atMs: Math.max(atMs, this.nowMs), order: this.order++, performer, task };
		this.push(timer);
		return timer;
	}

	/** Runs `task` at the end of this turn. */
	soon(task: () => void): void {
		this.soonTasks.push(task);
	}

	/** Carries out everything until `untilMs`. */
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
			if (next.performer === undefined) task();
			else next.performer.perform(next);
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
