// Typed events, also as an async iteration with a bounded buffer.

/** Ends a subscription to an event; calling it twice does nothing. */
export type Off = () => void;

/** An exception of a listener does not reach the emitter or other listeners: it is rethrown as an uncaught error. */
export class Emitter<Events extends object> {
	private readonly listeners = new Map<keyof Events, Set<(value: never) => void>>();
	private readonly taps = new Set<(event: keyof Events, value: Events[keyof Events]) => void>();

	on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): Off {
		// Wrapped, so that a function may be registered twice and each `off` removes its own registration.
		const own = (value: Events[E]): void => listener(value);
		let set = this.listeners.get(event);
		if (set === undefined) {
			set = new Set();
			this.listeners.set(event, set);
		}
		set.add(own);
		return () => void set.delete(own);
	}

	/** As `on`, for the next event of its kind only. */
	once<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): Off {
		const off = this.on(event, (value) => {
			off();
			listener(value);
		});
		return off;
	}

	/** Listens to every event. */
	tap(listener: (event: keyof Events, value: Events[keyof Events]) => void): Off {
		this.taps.add(listener);
		return () => void this.taps.delete(listener);
	}

	emit<E extends keyof Events>(event: E, value: Events[E]): void {
		const set = this.listeners.get(event) as Set<(value: Events[E]) => void> | undefined;
		if (set !== undefined) for (const listener of [...set]) guarded(() => listener(value));
		for (const tap of [...this.taps]) guarded(() => tap(event, value));
	}
}

/** Runs `task`; rethrows its exception in a microtask, as an uncaught error. */
export function guarded(task: () => void): void {
	try {
		task();
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}

/** A condition variable: promises that resolve at the next `wake`. */
export class Waiters {
	private readonly waiting = new Set<() => void>();

	/** Resolves at the next `wake`, or with the signal. */
	wait(signal: AbortSignal): Promise<void> {
		if (signal.aborted) return Promise.resolve();
		return new Promise((resolve) => {
			const done = (): void => {
				this.waiting.delete(done);
				signal.removeEventListener("abort", done);
				resolve();
			};
			this.waiting.add(done);
			signal.addEventListener("abort", done);
		});
	}

	wake(): void {
		for (const done of [...this.waiting]) done();
	}
}

/**
 * A bounded queue from `push` to one `for await`. Beyond `max` the oldest values are dropped; the next value is then `lost` with
 * their number.
 */
export class Stream<T> implements AsyncIterableIterator<T> {
	private readonly max: number;
	private readonly lost: (count: number) => T;
	private readonly onReturn: () => void;
	private values: T[] = [];
	private dropped = 0;
	private ended = false;
	private waiting: Array<() => void> = [];

	constructor(max: number, lost: (count: number) => T, onReturn: () => void) {
		this.max = max;
		this.lost = lost;
		this.onReturn = onReturn;
	}

	push(value: T): void {
		if (this.ended) return;
		this.values.push(value);
		if (this.values.length > this.max) {
			this.values.shift();
			this.dropped++;
		}
		this.notify();
	}

	/** Ends the iteration after the values that are queued. */
	end(): void {
		if (this.ended) return;
		this.ended = true;
		this.onReturn();
		this.notify();
	}

	async next(): Promise<IteratorResult<T>> {
		for (;;) {
			if (this.dropped > 0) {
				const value = this.lost(this.dropped);
				this.dropped = 0;
				return { done: false, value };
			}
			const value = this.values.shift();
			if (value !== undefined) return { done: false, value };
			if (this.ended) return { done: true, value: undefined };
			await new Promise<void>((resolve) => {
				this.waiting.push(resolve);
			});
		}
	}

	async return(): Promise<IteratorResult<T>> {
		this.values = [];
		this.dropped = 0;
		this.end();
		return { done: true, value: undefined };
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	private notify(): void {
		const { waiting } = this;
		this.waiting = [];
		for (const wake of waiting) wake();
	}
}
