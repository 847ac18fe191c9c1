// Presence: publishes whether users are online, to those who share a room. Ephemeral: coalesced, shed first, and not sent in
// large rooms. "Offline" is published after a grace period: a reload or a short cut is no absence.
//
// A node publishes the presence of its own users; every node notifies its own subscribers (presence-notices.ts).

import type { Cancel } from "../base/clock.ts";
import type { LabeledCounter } from "../base/metrics.ts";
import type { Bus, Ephemeral } from "../bus/bus.ts";
import type { UserRef } from "../store/store.ts";
import type { Directory } from "./directory.ts";
import { PresenceNotices, type PresenceNoticesParts } from "./presence-notices.ts";
import type { RemoteSessions } from "./remote-sessions.ts";

export interface PresenceParts extends PresenceNoticesParts {
	readonly directory: Directory;
	readonly remoteSessions: Pick<RemoteSessions, "has">;
	readonly bus: Pick<Bus, "publish" | "lossy">;
	/** Counts what the bus had not delivered. */
	readonly missed: LabeledCounter;
	/** This process's name on the bus. */
	readonly node: string;
}

export interface PresenceOptions {
	readonly offlineGraceMs: number;
	/** Rooms with more subscribers than this get no presence. */
	readonly subscribersMax: number;
}

type PresenceMessage = Extract<Ephemeral, { kind: "presence" }>;

interface Published {
	readonly message: PresenceMessage;
	/** The number of the newest that the bus has delivered back. */
	brought: number;
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
	private readonly notices: PresenceNotices;
	private stopped = false;

	constructor(parts: PresenceParts, options: PresenceOptions) {
		this.parts = parts;
		this.options = options;
		this.notices = new PresenceNotices(parts, options.subscribersMax);
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

	/** Has the user a session at another node? */
	isElsewhere(userId: string): boolean {
		return this.parts.remoteSessions.has(userId);
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
		this.notices.notify(user, [room], this.shows(user.id));
	}

	/** A node's message: notifies the subscribers here that share a room with the user. */
	receive(message: PresenceMessage): void {
		const { user, rooms, online, node, number } = message;
		const published = node === this.parts.node ? this.published.get(user.id) : undefined;
		if (published !== undefined) {
			if (published.brought >= number) return;
			published.brought = number;
		}
		this.notices.notify(user, rooms, online);
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
		this.notices.stop();
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
}
