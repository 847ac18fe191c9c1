// Presence: publishes whether users are online, to those who share a room. Ephemeral: coalesced, shed first, and not sent in
// large rooms. "Offline" is published after a grace period: a reload or a short cut is no absence. In overload nothing is sent;
// afterwards the newest state of each user is.
//
// A node publishes the presence of its own users; every node notifies its own subscribers.

import type { Cancel, Clock } from "../base/clock.ts";
import type { LabeledCounter } from "../base/metrics.ts";
import type { Bus, Ephemeral } from "../bus/bus.ts";
import type { Shedding } from "../overload/shedding.ts";
import { Push } from "../room/push.ts";
import type { LiveRoom } from "../room/room.ts";
import type { UserRef } from "../store/store.ts";
import type { Directory } from "./directory.ts";
import type { RemoteSessions } from "./remote-sessions.ts";

export interface PresenceParts {
	readonly directory: Directory;
	readonly remoteSessions: Pick<RemoteSessions, "has">;
	readonly bus: Pick<Bus, "publish" | "lossy">;
	/** Counts what the bus had not delivered. */
	readonly missed: LabeledCounter;
	/** This process's name on the bus. */
	readonly node: string;
	readonly liveRoom: (id: string) => LiveRoom | undefined;
	readonly clock: Pick<Clock, "after">;
	readonly shedding: Shedding;
}

export interface PresenceOptions {
	readonly offlineGraceMs: number;
	/** Rooms with more subscribers than this get no presence. */
	readonly subscribersMax: number;
}

/** Users with a pending change while presence is shed; beyond that, the oldest are dropped. */
const PENDING_MAX = 10_000;
const RETRY_MS = 200;

type PresenceMessage = Extract<Ephemeral, { kind: "presence" }>;

interface Published {
	readonly message: PresenceMessage;
	/** The number of the newest that the bus has delivered back. */
	brought: number;
}

interface Pending {
	readonly user: UserRef;
	/** Ids of the rooms to notify. */
	readonly rooms: Iterable<string>;
}

/** Holds rooms by id: an idle room is evicted, and may be live again as another object before its absence is published. */
export class Presence {
	private readonly parts: PresenceParts;
	private readonly options: PresenceOptions;
	/** The number of this node's newest presence message. */
	private number = 0;
	/** With a lossy bus, the last message published for each user of this node. */
	private readonly published = new Map<string, Published>();
	/** `number` at the last comparison. */
	private numberBefore = 0;
	/** Users in the grace period, and the rooms to notify after it. */
	private readonly inGrace = new Map<string, { readonly cancel: Cancel; readonly rooms: Set<string> }>();
	/** By user, newest last. */
	private readonly pending = new Map<string, Pending>();
	private stopped = false;
	private cancelRetry: Cancel | undefined;

	constructor(parts: PresenceParts, options: PresenceOptions) {
		this.parts = parts;
		this.options = options;
	}

	/** Is the user shown as online? In the grace period, yes. */
	shows(userId: string): boolean {
		return this.isOnline(userId) || this.inGrace.has(userId);
	}

	/** Is the user shown as online in `room`? For users outside it, no. */
	showsIn(userId: string, room: string): boolean {
		for (const subscriber of this.parts.directory.of(userId))
			if (subscriber.present && subscriber.isSubscribed(room)) return true;
		return this.inGrace.get(userId)?.rooms.has(room) === true;
	}

	/** The user's first session here has its subscriptions. */
	online(user: UserRef, rooms: readonly string[]): void {
		if (this.inGrace.has(user.id)) this.cancelOffline(user.id);
		else if (!this.parts.remoteSessions.has(user.id)) this.publish(user, rooms, true);
	}

	/** The user's last session here has ended. */
	offline(user: UserRef, rooms: readonly string[]): void {
		this.cancelOffline(user.id);
		if (this.stopped) return;
		const roomIds = new Set(rooms);
		const cancel = this.parts.clock.after(this.options.offlineGraceMs, () => {
			this.inGrace.delete(user.id);
			if (!this.isOnline(user.id)) this.publish(user, [...roomIds], false);
		});
		this.inGrace.set(user.id, { cancel, rooms: roomIds });
	}

	/** The user has become a member, perhaps by a command whose session has ended since. */
	entered(userId: string, room: string): void {
		this.inGrace.get(userId)?.rooms.add(room);
	}

	/** The entry of the user's join is sent: the other members are notified whether the user is online. */
	joined(user: UserRef, room: string): void {
		this.notify(user, [room], this.shows(user.id));
	}

	/** A node's message: notifies the subscribers here that share a room with the user. */
	receive(message: PresenceMessage): void {
		const { user, rooms, online, node, number } = message;
		const published = node === this.parts.node ? this.published.get(user.id) : undefined;
		if (published !== undefined) {
			if (published.brought >= number) return;
			published.brought = number;
		}
		this.notify(user, rooms, online);
	}

	/** Publishes again what a lossy bus has not delivered of this node's users; other nodes do so for theirs. */
	compare(): void {
		for (const [id, { message, brought }] of this.published) {
			const { user, rooms, online, number } = message;
			if (brought < number) {
				this.parts.missed.add("presence");
				this.publish(user, rooms, online);
			} else if (!online && number <= this.numberBefore) {
				// No older message is still in flight.
				this.published.delete(id);
			}
		}
		this.numberBefore = this.number;
	}

	/** Stops all notifications. */
	stop(): void {
		this.stopped = true;
		for (const { cancel } of this.inGrace.values()) cancel();
		this.inGrace.clear();
		this.cancelRetry?.();
		this.cancelRetry = undefined;
		this.pending.clear();
	}

	private isOnline(userId: string): boolean {
		return this.parts.directory.isOnline(userId) || this.parts.remoteSessions.has(userId);
	}

	private publish(user: UserRef, rooms: readonly string[], online: boolean): void {
		if (this.stopped) return;
		const { id, name } = user;
		const { bus, node } = this.parts;
		const message: PresenceMessage = { kind: "presence", user: { id, name }, online, rooms, node, number: ++this.number };
		if (bus.lossy) this.published.set(id, { message, brought: this.published.get(id)?.brought ?? 0 });
		bus.publish(message);
	}

	private cancelOffline(userId: string): void {
		this.inGrace.get(userId)?.cancel();
		this.inGrace.delete(userId);
	}

	private notify(user: UserRef, rooms: Iterable<string>, online: boolean): void {
		if (this.stopped) return;
		if (this.parts.shedding.sheds("presence")) {
			this.queue(user, rooms);
			return;
		}
		const push = new Push({ case: "presence", value: { user: { id: user.id, name: user.name }, online } }, user.id);
		const notified = new Set<unknown>();
		for (const id of rooms) {
			const room = this.parts.liveRoom(id);
			// A room that is not live has no subscribers.
			if (room === undefined || room.subscribers.size > this.options.subscribersMax) continue;
			room.subscribers.each(({ subscriber }) => {
				if (subscriber.user.id === user.id || notified.has(subscriber)) return;
				notified.add(subscriber);
				subscriber.pushEphemeral(push);
			});
		}
	}

	private queue(user: UserRef, rooms: Iterable<string>): void {
		const before = this.pending.get(user.id)?.rooms ?? [];
		this.pending.delete(user.id);
		this.pending.set(user.id, { user, rooms: new Set([...before, ...rooms]) });
		if (this.pending.size > PENDING_MAX) {
			for (const oldest of this.pending.keys()) {
				this.pending.delete(oldest);
				break;
			}
		}
		this.cancelRetry ??= this.parts.clock.after(RETRY_MS, () => this.retry());
	}

	private retry(): void {
		this.cancelRetry = undefined;
		if (this.parts.shedding.sheds("presence")) {
			this.cancelRetry = this.parts.clock.after(RETRY_MS, () => this.retry());
			return;
		}
		const pending = [...this.pending.values()];
		this.pending.clear();
		for (const { user, rooms } of pending) this.notify(user, rooms, this.shows(user.id));
	}
}
