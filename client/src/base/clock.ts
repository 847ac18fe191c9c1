// Clock and randomness are passed in, so that tests and simulations control them. Only `systemClock` and `systemRandom` use the
// globals. The server has its own (server/src/base/clock.ts): the packages share the protocol alone, which is pure.

/** Cancels a timer; calling it late or twice does nothing. */
export type Cancel = () => void;

export interface Clock {
	/** Wall clock, milliseconds since the Unix epoch. May jump; only for display, ids and token expiry. */
	now(): number;
	/** Milliseconds since an arbitrary start; never goes back. For every duration and deadline. */
	monotonic(): number;
	/** Runs `task` once, `ms` from now. */
	after(ms: number, task: () => void): Cancel;
}

export interface Random {
	/** A float in [0, 1). */
	float(): number;
	/** `count` random bytes, fit for ids. */
	bytes(count: number): Uint8Array;
}

export const systemClock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
	after(ms, task) {
		const timer = setTimeout(task, ms);
		return () => clearTimeout(timer);
	},
};

export const systemRandom: Random = {
	float: () => Math.random(),
	bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
