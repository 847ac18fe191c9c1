// Catch-up of one session: moves its subscriptions that are not at the head (after a resume, a join, or a push that was not
// taken) from the log, round-robin by room, no faster than the connection takes it and the user's read rate limit allows. It
// exists only while there are such subscriptions.
import { Refusal } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import type { RateLimits } from "../command/run.ts";
import type { CatchUpReader } from "../limit/read-limit.ts";
import { nextPlace } from "../room/place.ts";
import type { Subscription } from "../room/subscription.ts";
import type { UserRef } from "../store/store.ts";
import { type AdvanceParts, type AdvancePort, advance } from "./advance.ts";
import type { TimerTask, TimerWheel } from "./timer-wheel.ts";

export interface CatchUpPort extends AdvancePort {
	/** May more be written now? False under backpressure. */
	readonly writable: boolean;
	/** The user whose read rate limit is charged. */
	readonly user: UserRef;
	/** A bug: the session cannot keep order without gaps, and must end, resumable. Never throws. */
	broken(cause: unknown): void;
}

export interface CatchUpParts extends AdvanceParts {
	readonly clock: Pick<Clock, "monotonic" | "after">;
	readonly wheel: TimerWheel;
	readonly rateLimits: Pick<RateLimits, "read">;
}

/** Retry interval for a store that could not be read. */
export const READ_RETRY_MS = 1_000;

export class CatchUp implements TimerTask, CatchUpReader {
	private readonly port: CatchUpPort;
	private readonly parts: CatchUpParts;
	private readonly owner: { caughtUp(): void };
	private readonly behind = new Set<Subscription>();
	private pumping = false;
	/** A push was not taken, as against a resume or join. */
	private wasRefused = false;
	/** The client was sent `behind: true`. */
	private behindNotified = false;
	/** Its tick in the timer wheel while the store cannot be read; 0: none. */
	private retryTick = 0;
	/** waiting: queued at the user's read rate limit. held: may read about a page, and must report when done. */
	private turn: "none" | "waiting" | "held" = "none";
	/** Bytes read in this turn. */
	private bytesRead = 0;

	/** `owner` is notified when all have caught up, which ends this. */
	constructor(port: CatchUpPort, parts: CatchUpParts, owner: { caughtUp(): void }) {
		this.port = port;
		this.parts = parts;
		this.owner = owner;
	}

	/** `subscription` is behind or stale. */
	add(subscription: Subscription): void {
		this.behind.add(subscription);
		this.pump();
	}

	/** A push was not taken: the client is sent `behind`, unless the connection can take more at once. */
	refused(subscription: Subscription): void {
		this.wasRefused = true;
		if (!this.port.writable) this.notifyBehind();
		this.add(subscription);
	}

	remove(subscription: Subscription): void {
		this.behind.delete(subscription);
		if (this.behind.size > 0 || this.pumping || this.port.closed) return;
		this.leaveLimit();
		this.finish();
	}

	/** The connection has not taken everything written. */
	onBackpressure(): void {
		if (this.wasRefused && this.behind.size > 0) this.notifyBehind();
	}

	/** Continues, as far as the connection takes it. */
	pump(): void {
		if (!this.pumping && this.turn !== "waiting" && this.retryTick === 0 && this.behind.size > 0) void this.pumpAll();
	}

	/** Retries the store. */
	due(): void {
		this.retryTick = 0;
		this.pump();
	}

	broken(cause: unknown): void {
		this.port.broken(cause);
	}

	/** The user's read rate limit allows the next page. */
	mayRead(): void {
		this.turn = "held";
		this.pump();
		if (!this.pumping) this.endTurn();
	}

	stop(): void {
		if (this.retryTick > 0) this.parts.wheel.remove(this.retryTick, this);
		this.leaveLimit();
		this.behind.clear();
	}

	private leaveLimit(): void {
		if (this.turn !== "waiting") return;
		this.turn = "none";
		this.parts.rateLimits.read.leave(this.port.user.id, this);
	}

	/** All have caught up, or were removed. */
	private finish(): void {
		this.owner.caughtUp();
		if (this.behindNotified) this.port.notify({ case: "behind", value: { behind: false } });
	}

	private notifyBehind(): void {
		if (this.behindNotified) return;
		this.behindNotified = true;
		this.port.notify({ case: "behind", value: { behind: true } });
	}

	private async pumpAll(): Promise<void> {
		this.pumping = true;
		try {
			// Asynchronously: the caller's reply (a welcome, a join) is sent first.
			await Promise.resolve();
			while (!this.port.closed && this.port.writable) {
				if (!this.takeTurn()) break;
				const subscription = this.nextBehind();
				if (subscription === undefined) break;
				this.bytesRead += await advance(subscription, this.port, this.parts);
				// Short ranges share a turn.
				if (this.bytesRead >= this.parts.limits.pageBytesMax / 2) this.endTurn();
			}
		} catch (cause) {
			if (!(cause instanceof Refusal)) this.port.broken(cause);
			// A store that cannot read is no bug: the subscriptions stay behind until it can.
			else if (!this.port.closed) this.retryTick = this.parts.wheel.add(this.parts.clock.monotonic() + READ_RETRY_MS, this);
		} finally {
			this.pumping = false;
			this.endTurn();
		}
	}

	private takeTurn(): boolean {
		if (this.turn === "none") {
			this.turn = "waiting";
			this.parts.rateLimits.read.enterCatchUp(this.port.user.id, this);
		}
		return this.holdsTurn;
	}

	private get holdsTurn(): boolean {
		return this.turn === "held";
	}

	private endTurn(): void {
		if (this.turn !== "held") return;
		const { bytesRead } = this;
		this.turn = "none";
		this.bytesRead = 0;
		this.parts.rateLimits.read.done(this.port.user.id, bytesRead);
	}

	/** The next subscription, round-robin; undefined when all have caught up. */
	private nextBehind(): Subscription | undefined {
		const { behind } = this;
		for (const subscription of behind) {
			behind.delete(subscription);
			// A join is in flight, or its answer has set the cursor: it is added again where needed.
			if (subscription.state !== "behind" && subscription.state !== "stale") continue;
			if (subscription.state === "behind" && subscription.cursor >= subscription.room.head) {
				subscription.state = nextPlace(subscription.state, "caughtUp").to;
			} else {
				// To the end of the queue.
				behind.add(subscription);
				return subscription;
			}
		}
		this.finish();
		return undefined;
	}
}
