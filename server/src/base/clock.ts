// Clock and randomness are passed in, so that the server can run inside a seeded simulation. Outside this file and main.ts nothing in the
// server uses `Date`, timers or `Math.random`. The SDK has its own (client/src/base/clock.ts): the packages share the protocol alone, which is pure.

/** Cancels a timer; calling it late or twice does nothing. */
export type Cancel = () => void;

export interface Clock {
	/** Wall clock, milliseconds since the Unix epoch. May jump; for display and token expiry only. */
	now(): number;
	/** Milliseconds since an arbitrary start; never goes back. For every duration and deadline. */
	monotonic(): number;
	/** Runs `task` once, `ms` from now. */
	after(ms: number, task: () => void): Cancel;
	/** Runs `task` at the end of this turn of the event loop, after all promises that are due. */
	soon(task: () => void): void;
}

export interface Random {
	/** A float in [0, 1). */
	float(): number;
	/** `count` random bytes, fit for keys and ids. */
	bytes(count: number): Uint8Array;
}

/** A clock's time as a Date, for libraries that take one. */
export function dateAt(ms: number): Date {
	return new Date(ms);
}

export const systemClock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
	after(ms, task) {
		const timer = setTimeout(task, ms);
		return () => clearTimeout(timer);
	},
	soon: (task) => void setImmediate(task),
};

export const systemRandom: Random = {
	float: () => Math.random(),
	bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
