// Moves the subscriptions of one session that are not at the head (after a resume, a push that was not taken, a join) from the log, room by
// room in turn, no faster than the connection takes it and than its user may read. There is one while there are such subscriptions.
import { type DownBody, Refusal, Skipped_Reason } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import type { ServerLimits } from "../base/limits.ts";
import type { RateLimits } from "../command/run.ts";
import type { CatchUpReader } from "../limit/read-limit.ts";
import type { Format } from "../link/link.ts";
import type { Shedding } from "../overload/shedding.ts";
import { newestAsOf } from "../room/as-of.ts";
import type { LogCache } from "../room/log-cache.ts";
import { nextPlace, type PlaceEvent } from "../room/place.ts";
import { type EntriesPush, entriesBytes } from "../room/push.ts";
import type { Subscription } from "../room/subscription.ts";
import type { UserRef } from "../store/store.ts";
import type { TimerTask, TimerWheel } from "./timer-wheel.ts";

/** What catching up needs of its session. */
export interface CatchUpPort {
	/** How the connection wants its messages. */
	readonly format: Format;
	/** May more be written now? */
	readonly writable: boolean;
	readonly closed: boolean;
	/** Whose rate pays for what is read. */
	readonly user: UserRef;
	notify(body: DownBody): void;
	sendPush(push: EntriesPush): void;
	/** Our bug: the session cannot keep its promise of order without gaps and must end, resumable. Never throws. */
	broken(cause: unknown): void;
}

export interface CatchUpParts {
	readonly logCache: LogCache;
	readonly shedding: Shedding;
	readonly limits: Pick<ServerLimits, "catchUpEntriesMax" | "historyEntriesMax" | "historyEntriesDefault" | "pageBytesMax">;
	readonly clock: Pick<Clock, "monotonic" | "after">;
	readonly wheel: TimerWheel;
	readonly rateLimits: Pick<RateLimits, "read">;
}

/** A store that could not be read is asked again after this. */
export const READ_AGAIN_MS = 1_000;

export class CatchUp implements TimerTask, CatchUpReader {
	private readonly port: CatchUpPort;
	private readonly parts: CatchUpParts;
	private readonly owner: { caughtUp(): void };
	private readonly behind = new Set<Subscription>();
	private pumping = false;
	/** A push was not taken. */
	private wasRefused = false;
	/** The client was told that it is behind. */
	private behindNotified = false;
	/** Where in the wheel it stands while the store cannot be read; 0: nowhere. */
	private againAt = 0;
	/** waiting: its user may not read more now; held: it may read about a page, and must say so when it has. */
	private turn: "none" | "waiting" | "held" = "none";
	/** Bytes read in this turn. */
	private given = 0;

	/** `owner`: is told when all have caught up; this is at its end then. */
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

	/** It is behind because a push was not taken: told once, unless the connection takes what waits as soon as it is written. */
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

	/** The connection has not taken all that was written. */
	onBackpressure(): void {
		if (this.wasRefused && this.behind.size > 0) this.notifyBehind();
	}

	/** Goes on, as far as the connection takes it. */
	pump(): void {
		if (!this.pumping && this.turn !== "waiting" && this.againAt === 0 && this.behind.size > 0) void this.pumpAll();
	}

	/** The store is asked once more. */
	due(): void {
		this.againAt = 0;
		this.pump();
	}

	broken(cause: unknown): void {
		this.port.broken(cause);
	}

	/** The user may read on. */
	mayRead(): void {
		this.turn = "held";
		this.pump();
		if (!this.pumping) this.endTurn();
	}

	stop(): void {
		if (this.againAt > 0) this.parts.wheel.remove(this.againAt, this);
		this.leaveLimit();
		this.behind.clear();
	}

	private leaveLimit(): void {
		if (this.turn !== "waiting") return;
		this.turn = "none";
		this.parts.rateLimits.read.leave(this.port.user.id, this);
	}

	/** All have caught up, or are not wanted any more. */
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
			// Not in the caller's own call: its reply (a welcome, a join) goes out first.
			await Promise.resolve();
			while (!this.port.closed && this.port.writable) {
				if (!this.takeTurn()) break;
				const subscription = this.nextBehind();
				if (subscription === undefined) break;
				this.given += await this.advance(subscription);
				// Many short pieces are as good as a long one.
				if (this.given >= this.parts.limits.pageBytesMax / 2) this.endTurn();
			}
		} catch (cause) {
			if (!(cause instanceof Refusal)) this.port.broken(cause);
			// A store that cannot read is no bug: what is behind stays so until it can.
			else if (!this.port.closed) this.againAt = this.parts.wheel.add(this.parts.clock.monotonic() + READ_AGAIN_MS, this);
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
		const { given } = this;
		this.turn = "none";
		this.given = 0;
		this.parts.rateLimits.read.done(this.port.user.id, given);
	}

	/** The subscription whose turn it is; undefined when all have caught up. */
	private nextBehind(): Subscription | undefined {
		const { behind } = this;
		for (const subscription of behind) {
			behind.delete(subscription);
			// A join holds it, or its answer has set the cursor: where it must, it is added again.
			if (subscription.state !== "behind" && subscription.state !== "stale") continue;
			if (subscription.state === "behind" && subscription.cursor >= subscription.room.head) {
				this.step(subscription, "caughtUp");
			} else {
				// Back in at the end: every room gets its turn.
				behind.add(subscription);
				return subscription;
			}
		}
		this.finish();
		return undefined;
	}

	/** Moves one cursor by one piece of the log; returns the bytes that were read for it. */
	private async advance(subscription: Subscription): Promise<number> {
		const { room } = subscription;
		if (subscription.state === "stale" || room.head - subscription.cursor > this.behindMax) {
			return this.skip(subscription);
		}
		const { cursor } = subscription;
		const piece = await this.parts.logCache.after(room, cursor, this.port.format);
		const bytes = piece?.push?.bytes ?? 0;
		if (!this.stillWants(subscription, cursor)) return bytes;
		if (piece === undefined) throw new Error(`room ${room.id} has no log`);
		// The head was clamped while this was read: what is beyond comes with its notification.
		if (piece.push === undefined ? room.head <= cursor : piece.push.to > room.head) return bytes;
		if (piece.push === undefined) {
			if (piece.head <= cursor) throw new Error(`the log of room ${room.id} ends at ${piece.head}, before its head ${room.head}`);
			return bytes;
		}
		this.port.sendPush(piece.push);
		subscription.cursor = piece.push.to;
		return bytes;
	}

	/** A subscription further behind is told what lies between instead of being sent it; in overload, one that needs more than one page. */
	private get behindMax(): number {
		const { limits, shedding } = this.parts;
		return shedding.sheds("history") ? limits.historyEntriesMax : limits.catchUpEntriesMax;
	}

	/** Too far behind, or in another epoch: the newest page, and word of what lies between. */
	private async skip(subscription: Subscription): Promise<number> {
		const { room, cursor } = subscription;
		const newest = await this.parts.logCache.newest(room.id, this.parts.limits.historyEntriesDefault);
		const bytes = entriesBytes(newest?.entries ?? []);
		if (!this.stillWants(subscription, cursor)) return bytes;
		if (newest === undefined) throw new Error(`room ${room.id} has no log`);
		const page = newestAsOf(newest, room.head);
		const stale = subscription.state === "stale";
		const from = stale ? 1 : cursor + 1;
		const reason = stale ? Skipped_Reason.EPOCH : Skipped_Reason.FAR;
		this.step(subscription, "skipped");
		subscription.cursor = page.to;
		this.port.notify({
			case: "skipped",
			value: { room: room.id, epoch: page.epoch, from, to: page.from - 1, reason, page },
		});
		return bytes;
	}

	/** After a read from `cursor`: is the subscription still to be moved, and has no join set its cursor meanwhile? */
	private stillWants({ state, cursor }: Subscription, before: number): boolean {
		return !this.port.closed && (state === "behind" || state === "stale") && cursor === before;
	}

	private step(subscription: Subscription, event: PlaceEvent): void {
		subscription.state = nextPlace(subscription.state, event).to;
	}
}
