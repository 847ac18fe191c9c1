// What a server lets go of when it is asked for more than it can do, in which order, and by what it knows. Data only.
//
// The order follows from what is lost: typing is nothing a second later; presence is made up for when calm returns; old history
// waits until its reader asks again; who has never been in waits outside, so that those who come back get in; sends go last,
// refused before anything of them is queued.

/** What can be shed, and from which level on it is. */
export const SHED_FROM = { typing: 1, presence: 2, history: 3, logins: 3, sends: 4 } as const;

export type Sheddable = keyof typeof SHED_FROM;

/** 0: calm. */
export const LEVEL_MAX = 4;

export interface Signals {
	/** How late timers fire, whichever one looks at in the last moments: what every turn waits. One late turn is none. */
	readonly loopLagMs: number;
	/** For how long the oldest send waits that is not durable yet. */
	readonly draftAgeMs: number;
	/** Memory of the process as a share of what it may have. */
	readonly memoryShare: number;
}

export type SignalName = keyof Signals;

export const CALM: Signals = { loopLagMs: 0, draftAgeMs: 0, memoryShare: 0 };

/** Per signal what it takes to enter levels 1 to 4, rising. */
export const ENTER: { readonly [S in SignalName]: readonly number[] } = {
	// A turn of a tenth of a second is felt in typing first; at a second nothing that is asked is answered in good time.
	loopLagMs: [100, 250, 500, 1_000],
	// Clients wait ten seconds for an answer: far before that, more waiting serves nobody.
	draftAgeMs: [250, 500, 1_000, 2_000],
	memoryShare: [0.8, 0.85, 0.9, 0.95],
};

/**
 * A level is left when every signal has been below this share of what enters it for `LEAVE_AFTER_MS`, one level at a time: what
 * is let in again then must not bring back what drove it out. Memory that was used once is given back late and in part, so a
 * little less than the bound must be enough.
 */
export const LEAVE_SHARE: { readonly [S in SignalName]: number } = { loopLagMs: 0.5, draftAgeMs: 0.5, memoryShare: 0.97 };
export const LEAVE_AFTER_MS = 500;

/** What is refused, and not merely left out. */
export type Refusable = Extract<Sheddable, "history" | "logins" | "sends">;

/** When to come back: at least this, and up to twice as much, so that not all come back together. */
export const COME_BACK_MS = 1_000;
