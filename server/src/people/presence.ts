// Who is online, told to those who share a room. Ephemeral: merged, shed first, and never told in rooms where it would cost
// more than it says. "Offline" is said only after a while: a reload or a short drop is not an absence. While the server has more to
// do than it can, nothing is told; who has come or gone meanwhile is told once it is over, as it is then.
//
// A node decides for its own users, and publishes it; every node tells its own subscribers of what the bus brings.

import type { Cancel, Clock } from "../base/clock.ts";
import type { LabeledCounter } from "../base/metrics.ts";
import type { Bus, Ephemeral } from "../bus/bus.ts";
import type { Shedding } from "../overload/shedding.ts";
import { Push } from "../room/push.ts";
import type { LiveRoom } from "../room/room.ts";
import type { UserRef } from "../store/store.ts";
import type { Directory } from "./directory.ts";
import type { RemoteSessions } from "./remote-sessions.ts";

/** Whose presence is told, and how. */
export interface PresenceParts {
	readonly directory: Directory;
	readonly remoteSessions: Pick<RemoteSessions, "has">;
	readonly bus: Pick<Bus, "publish" | "lossy">;
	/** What a comparison has found that the bus had not brought. */
	readonly missed: LabeledCounter;
	/** This process, as the bus names it. */
	readonly node: string;
	readonly liveRoom: (id: string) => LiveRoom | undefined;
	readonly clock: Pick<Clock, "after">;
	readonly shedding: Shedding;
}

export interface PresenceOptions {
	readonly offlineGraceMs: number;
	/** Rooms with more subscribers than this do not hear of presence. */
	readonly subscribersMax: number;
}

/** Changes kept while nothing is told; beyond, the oldest are never notified. */
const PENDING_MAX = 10_000;
const RETRY_MS = 200;

type PresenceMessage = Extract<Ephemeral, { kind: "presence" }>;

interface Published {
	readonly message: PresenceMessage;
	/** The number of the newest that the bus has brought back. */
	brought: number;
}

interface Pending {
	readonly user: UserRef;
	/** The ids of all in which something was to be told of the user. */
	readonly rooms: Iterable<string>;
}

/** Rooms are kept by their ids: one that is idle is let go of, and live again as another object, while an absence waits to be notified. */
export class Presence {
	private readonly parts: PresenceParts;
	private readonly options: PresenceOptions;
	/** Of what this node has published of presence. */
	private number = 0;
	/** With a lossy bus, what this node has published last of each of its users. */
	private readonly published = new Map<string, Published>();
	/** What this node had published before the last comparison. */
	private numberBefore = 0;
	/** Who has just gone, and where it will be missed. */
	private readonly leaving = new Map<string, { readonly cancel: Cancel; readonly rooms: Set<string> }>();
	/** By user, the newest last. */
	private readonly pending = new Map<string, Pending>();
	private stopped = false;
	private cancelRetry: Cancel | undefined;

	constructor(parts: PresenceParts, options: PresenceOptions) {
		this.parts = parts;
		this.options = options;
	}

	/** Do the others see the user as online? Whoever has just gone is not away yet. */
	shows(userId: string): boolean {
		return this.isOnline(userId) || this.leaving.has(userId);
	}

	/** Is the user online in `room`, as its members see it? For those who are not in it, no. */
	showsIn(userId: string, room: string): boolean {
		for (const subscriber of this.parts.directory.of(userId))
			if (subscriber.present && subscriber.isSubscribed(room)) return true;
		return this.leaving.get(userId)?.rooms.has(room) === true;
	}

	/** The user's first session here stands in its rooms. */
	online(user: UserRef, rooms: readonly string[]): void {
		if (this.leaving.has(user.id)) this.stays(user.id);
		else if (!this.parts.remoteSessions.has(user.id)) this.publish(user, rooms, true);
	}

	/** The user's last session here has gone. */
	offline(user: UserRef, rooms: readonly string[]): void {
		this.stays(user.id);
		if (this.stopped) return;
		const leaving = new Set(rooms);
		const cancel = this.parts.clock.after(this.options.offlineGraceMs, () => {
			this.leaving.delete(user.id);
			if (!this.isOnline(user.id)) this.publish(user, [...leaving], false);
		});
		this.leaving.set(user.id, { cancel, rooms: leaving });
	}

	/** The user has become a member, perhaps by a command that its last session did not live to see answered. */
	entered(userId: string, room: string): void {
		this.leaving.get(userId)?.rooms.add(room);
	}

	/** The entry by which the user has become a member is out: the others, who do not know of them yet, learn whether they are online. */
	joined(user: UserRef, room: string): void {
		this.notify(user, [room], this.shows(user.id));
	}

	/** What a node has decided: those who share a room with the user here are notified. */
	receive(message: PresenceMessage): void {
		const { user, rooms, online, node, number } = message;
		const published = node === this.parts.node ? this.published.get(user.id) : undefined;
		if (published !== undefined) {
			if (published.brought >= number) return;
			published.brought = number;
		}
		this.notify(user, rooms, online);
	}

	/** Publishes again what a lossy bus has not brought of this node's users; the others are their own nodes' concern. */
	compare(): void {
		for (const [id, { message, brought }] of this.published) {
			const { user, rooms, online, number } = message;
			if (brought < number) {
				this.parts.missed.add("presence");
				this.publish(user, rooms, online);
			} else if (!online && number <= this.numberBefore) {
				// Nothing that is older is still on its way.
				this.published.delete(id);
			}
		}
		this.numberBefore = this.number;
	}

	/** Nothing is told any more. */
	stop(): void {
		this.stopped = true;
		for (const { cancel } of this.leaving.values()) cancel();
		this.leaving.clear();
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

	private stays(userId: string): void {
		this.leaving.get(userId)?.cancel();
		this.leaving.delete(userId);
	}

	private notify(user: UserRef, rooms: Iterable<string>, online: boolean): void {
		if (this.stopped) return;
		if (this.parts.shedding.sheds("presence")) {
			this.keep(user, rooms);
			return;
		}
		const push = new Push({ case: "presence", value: { user: { id: user.id, name: user.name }, online } }, user.id);
		const notified = new Set<unknown>();
		for (const id of rooms) {
			const room = this.parts.liveRoom(id);
			// One that is not live has no subscribers.
			if (room === undefined || room.subscribers.size > this.options.subscribersMax) continue;
			room.subscribers.each(({ subscriber }) => {
				if (subscriber.user.id === user.id || notified.has(subscriber)) return;
				notified.add(subscriber);
				subscriber.pushEphemeral(push);
			});
		}
	}

	private keep(user: UserRef, rooms: Iterable<string>): void {
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
