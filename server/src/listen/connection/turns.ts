// Fair shares of the event loop. A connection may use only a share of a turn for its messages. With more, it queues the rest, is not read meanwhile,
// and continues in later turns, round-robin with other such connections: a flooding connection does not delay those that send little.
import type { Clock } from "../../base/clock.ts";
import type { Faults } from "../../base/faults.ts";

export interface TurnLimits {
	/** One connection's share of a turn, in milliseconds and in bytes of messages; beyond either, no further message is begun. */
	readonly turnMsMax: number;
	readonly turnBytesMax: number;
}

/** A connection with queued messages. */
export interface TurnWaiter {
	/** Processes queued messages while `mayRead` allows; calls `wait` again if any are left. */
	continueReading(): void;
	/** Terminates the connection, after an unexpected error. */
	cut(): void;
}

/** The part of a share that others get while some wait. */
const SHARE_CROWDED = 1 / 8;
/** Shares of a turn that all waiting connections get together. */
const SHARES_PER_TURN = 3;

export class Turns {
	private readonly clock: Pick<Clock, "monotonic" | "soon">;
	private readonly limits: TurnLimits;
	private readonly faults: Pick<Faults, "report">;
	/** In order of their turns. */
	private waiting = new Set<TurnWaiter>();
	private isScheduled = false;
	private isRunning = false;
	/** The connection read last, and what it has used since another was read. */
	private reader: object | undefined;
	private spentMs = 0;
	private spentBytes = 0;

	constructor(clock: Pick<Clock, "monotonic" | "soon">, limits: TurnLimits, faults: Pick<Faults, "report">) {
		this.clock = clock;
		this.limits = limits;
		this.faults = faults;
	}

	/** May another message of `who` be processed in this turn? */
	mayRead(who: object): boolean {
		if (this.reader !== who) {
			this.reader = who;
			this.spentMs = 0;
			this.spentBytes = 0;
		}
		const share = this.isRunning || this.waiting.size === 0 ? 1 : SHARE_CROWDED;
		return this.spentMs < this.limits.turnMsMax * share && this.spentBytes < this.limits.turnBytesMax * share;
	}

	/** Charges a message to the connection of the last `mayRead`. */
	spend(ms: number, bytes: number): void {
		this.spentMs += ms;
		this.spentBytes += bytes;
	}

	/** `who` continues in a later turn. */
	wait(who: TurnWaiter): void {
		this.waiting.add(who);
		this.schedule();
	}

	/** `who` no longer waits. */
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
			// A new share, also if it was read last.
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
		// Connections that had no turn go before those that had one.
		if (round.size > 0) {
			for (const who of again) round.add(who);
			this.waiting = round;
		}
		if (this.waiting.size > 0) this.schedule();
	}
}
