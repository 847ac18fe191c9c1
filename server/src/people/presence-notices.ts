// Notifies the subscribers of this node of presence, at a bounded pace: thousands who come or go at once (a cut, a restart, the end of an
// overload) take many short turns of the event loop, between which everything else is served. Users who wait are coalesced: each is notified
// once, by the newest state. In overload all wait.
import type { Cancel, Clock } from "../base/clock.ts";
import type { Shedding } from "../overload/shedding.ts";
import { Push } from "../room/push.ts";
import type { LiveRoom } from "../room/room.ts";
import type { UserRef } from "../store/store.ts";

export interface PresenceNoticesParts {
	readonly liveRoom: (id: string) => LiveRoom | undefined;
	readonly clock: Pick<Clock, "after" | "soon" | "monotonic">;
	readonly shedding: Shedding;
}

/** Messages of one period; beyond, users wait for the next. About 5 ms, if each goes to another connection. */
export const MESSAGES_PER_PERIOD = 1_000;
const PERIOD_MS_MIN = 10;
const PERIOD_MS_MAX = 200;
/** A period lasts so many times as long as the turn that sent, writes included: presence takes at most a quarter of the event loop. */
const PERIOD_PER_TURN = 4;
/** In overload, how often is asked whether it is over. */
const RETRY_MS = 200;
/** Users who wait; beyond that, the oldest are dropped. */
const WAITING_MAX = 100_000;

interface Notice {
	readonly user: UserRef;
	readonly online: boolean;
	/** Ids of the rooms to notify. */
	readonly rooms: readonly string[];
	/** The index of the first room that is not notified yet. */
	next: number;
	/** Who was notified already, where several rooms are shared. */
	readonly notified: Set<unknown> | undefined;
}

export class PresenceNotices {
	private readonly parts: PresenceNoticesParts;
	/** Rooms with more subscribers are not notified. */
	private readonly subscribersMax: number;
	/** By user, the oldest first. */
	private readonly waiting = new Map<string, Notice>();
	/** Messages of this period. */
	private sent = 0;
	/** A period has begun; its end sends what waits. */
	private inPeriod = false;
	private cancel: Cancel | undefined;
	private isStopped = false;

	constructor(parts: PresenceNoticesParts, subscribersMax: number) {
		this.parts = parts;
		this.subscribersMax = subscribersMax;
	}

	/** Notifies those who share one of the rooms with the user: in this turn, if the period has room for it. */
	notify(user: UserRef, rooms: readonly string[], online: boolean): void {
		if (this.isStopped) return;
		const { waiting } = this;
		const before = waiting.get(user.id);
		const all = before === undefined ? rooms : [...new Set([...before.rooms.slice(before.next), ...rooms])];
		waiting.set(user.id, { user, online, rooms: all, next: 0, notified: all.length > 1 ? new Set() : undefined });
		if (waiting.size > WAITING_MAX) {
			for (const oldest of waiting.keys()) {
				waiting.delete(oldest);
				break;
			}
		}
		this.send();
	}

	stop(): void {
		this.isStopped = true;
		this.cancel?.();
		this.waiting.clear();
	}

	private send(): void {
		if (this.sent >= MESSAGES_PER_PERIOD) return;
		const { clock, shedding } = this.parts;
		if (shedding.sheds("presence")) {
			if (!this.inPeriod) this.endPeriodAfter(RETRY_MS);
			return;
		}
		if (!this.inPeriod) {
			this.inPeriod = true;
			const sinceMs = clock.monotonic();
			// At the end of the turn, after its writes.
			clock.soon(() => {
				const turnMs = clock.monotonic() - sinceMs;
				this.endPeriodAfter(Math.min(Math.max(PERIOD_MS_MIN, turnMs * (PERIOD_PER_TURN - 1)), PERIOD_MS_MAX));
			});
		}
		for (const [id, notice] of this.waiting) {
			if (!this.sendNotice(notice)) return;
			this.waiting.delete(id);
		}
	}

	/** Returns whether all of its rooms are notified. */
	private sendNotice(notice: Notice): boolean {
		const { user, online, rooms, notified } = notice;
		const push = new Push({ case: "presence", value: { user: { id: user.id, name: user.name }, online } }, user.id);
		for (; notice.next < rooms.length; notice.next++) {
			if (this.sent >= MESSAGES_PER_PERIOD) return false;
			this.sent++;
			const room = this.parts.liveRoom(rooms[notice.next] as string);
			// A room that is not live has no subscribers.
			if (room === undefined || room.subscribers.size > this.subscribersMax) continue;
			room.subscribers.each(({ subscriber }) => {
				if (subscriber.user.id === user.id || notified?.has(subscriber)) return;
				notified?.add(subscriber);
				this.sent++;
				subscriber.pushEphemeral(push);
			});
		}
		return true;
	}

	private endPeriodAfter(ms: number): void {
		if (this.isStopped) return;
		this.inPeriod = true;
		this.cancel = this.parts.clock.after(ms, () => {
			this.inPeriod = false;
			this.sent = 0;
			if (this.waiting.size > 0) this.send();
		});
	}
}
