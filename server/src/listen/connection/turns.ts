// How much of a turn of the event loop one connection may take for what it has sent. Whoever has more than that holds the rest, is not
// read meanwhile, and goes on in the turns after, in order with all others that hold something: those who ask little are never behind
// somebody who asks without end.
import type { Clock } from "../../base/clock.ts";
import type { Faults } from "../../base/faults.ts";

export interface TurnLimits {
	/** Share of one connection in one turn: milliseconds, and bytes of messages, after which no further one is begun. */
	readonly turnMsMax: number;
	readonly turnBytesMax: number;
}

/** A connection that holds messages. */
export interface TurnWaiter {
	/** Goes on with what it holds, as far as `mayRead` lets it; to come again it waits anew. */
	continueReading(): void;
	/** Ends it at once: it met an unexpected error. */
	cut(): void;
}

/** While some wait, the share of all others. */
const SHARE_CROWDED = 1 / 8;
/** Whoever waits may take so many shares of a turn, all together. */
const SHARES_PER_TURN = 3;

export class Turns {
	private readonly clock: Pick<Clock, "monotonic" | "soon">;
	private readonly limits: TurnLimits;
	private readonly faults: Pick<Faults, "report">;
	/** In the order in which they go on. */
	private waiting = new Set<TurnWaiter>();
	private isScheduled = false;
	private isRunning = false;
	/** Who was read last, and what that took since another was. */
	private reader: object | undefined;
	private spentMs = 0;
	private spentBytes = 0;

	constructor(clock: Pick<Clock, "monotonic" | "soon">, limits: TurnLimits, faults: Pick<Faults, "report">) {
		this.clock = clock;
		this.limits = limits;
		this.faults = faults;
	}

	/** May `who` have a further message carried out in this turn? */
	mayRead(who: object): boolean {
		if (this.reader !== who) {
			this.reader = who;
			this.spentMs = 0;
			this.spentBytes = 0;
		}
		const share = this.isRunning || this.waiting.size === 0 ? 1 : SHARE_CROWDED;
		return this.spentMs < this.limits.turnMsMax * share && this.spentBytes < this.limits.turnBytesMax * share;
	}

	/** What a message has taken, of whoever was asked about last. */
	spend(ms: number, bytes: number): void {
		this.spentMs += ms;
		this.spentBytes += bytes;
	}

	/** `who` goes on in a later turn. */
	wait(who: TurnWaiter): void {
		this.waiting.add(who);
		this.schedule();
	}

	/** `who` is gone. */
	leave(who: TurnWaiter): void {
		this.waiting.delete(who);
	}

	private schedule(): void {
		if (this.isScheduled) return;
		this.isScheduled = true;
		this.clock.soon(() => this.run());
	}

	private run(): void {
		this.isScheduled = false;
		this.isRunning = true;
		const round = this.waiting;
		const again = new Set<TurnWaiter>();
		this.waiting = again;
		const endMs = this.clock.monotonic() + SHARES_PER_TURN * this.limits.turnMsMax;
		for (const who of round) {
			if (this.clock.monotonic() >= endMs) break;
			round.delete(who);
			// A turn of its own, also if it was the last one read.
			this.reader = undefined;
			try {
				who.continueReading();
			} catch (err) {
				this.faults.report("turns", "a connection met an unexpected error and was cut", err);
				who.cut();
			}
		}
		this.isRunning = false;
		this.reader = undefined;
		// Who has not had its turn goes before who has.
		if (round.size > 0) {
			for (const who of again) round.add(who);
			this.waiting = round;
		}
		if (this.waiting.size > 0) this.schedule();
	}
}
