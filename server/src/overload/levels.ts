// What is shed in overload, in which order, and by which signals. Data only.
//
// The order follows from what is lost: typing is worthless a second later; presence is sent again when the overload ends; reads of history are
// retried; new log-ins wait, so that returning clients get in; sends go last, refused before they are queued.

/** What can be shed, and from which level on. */
export const SHED_FROM = { typing: 1, presence: 2, history: 3, logins: 3, sends: 4 } as const;

export type Sheddable = keyof typeof SHED_FROM;

/** Levels go from 0 (nothing is shed) to this. */
export const LEVEL_MAX = 4;

export interface Signals {
	/** By how much recent timers all fired late: the delay of every turn. A single late turn does not count. */
	readonly loopLagMs: number;
	/** The age of the oldest send that is not durable yet. */
	readonly draftAgeMs: number;
	/** Memory of the process as a share of its limit. */
	readonly memoryShare: number;
}

export type SignalName = keyof Signals;

export const NO_LOAD: Signals = { loopLagMs: 0, draftAgeMs: 0, memoryShare: 0 };

/** By signal, the thresholds that enter levels 1 to 4, rising. */
export const ENTER: { readonly [S in SignalName]: readonly number[] } = {
	// At 100 ms a user notices the delay of typing; at 1 s no answer is in time.
	loopLagMs: [100, 250, 500, 1_000],
	// Clients wait 10 s for an answer: sends are refused long before they would time out.
	draftAgeMs: [250, 500, 1_000, 2_000],
	memoryShare: [0.8, 0.85, 0.9, 0.95],
};

/**
 * A level is left when every signal has been below this share of its threshold for `LEAVE_AFTER_MS`, one level at a time: the work that is
 * admitted again must not raise the level again at once. Memory is returned late and in part, so its share is close to 1.
 */
export const LEAVE_SHARE: { readonly [S in SignalName]: number } = { loopLagMs: 0.5, draftAgeMs: 0.5, memoryShare: 0.97 };
export const LEAVE_AFTER_MS = 500;

/** What is refused with an answer; the rest is dropped silently. */
export type Refusable = Extract<Sheddable, "history" | "logins" | "sends">;

/** When to retry: after this to twice as much, at random, so that clients do not retry together. */
export const RETRY_AFTER_MS = 1_000;
