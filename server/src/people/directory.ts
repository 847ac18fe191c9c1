// The sessions of this node, by user. Events of a user from the bus go to these; sessions do not call each other.
import type { Bus } from "../bus/bus.ts";
import type { Subscriber } from "../room/subscriber.ts";

export class Directory<S extends Subscriber = Subscriber> {
	/** Nearly every user has one session, which needs no set. */
	private readonly byUser = new Map<string, S | Set<S>>();
	private readonly bus: Pick<Bus, "followUser" | "unfollowUser">;

	constructor(bus: Pick<Bus, "followUser" | "unfollowUser">) {
		this.bus = bus;
	}

	add(subscriber: S): void {
		const { id } = subscriber.user;
		const subscribers = this.byUser.get(id);
		if (subscribers === undefined) {
			this.byUser.set(id, subscriber);
			this.bus.followUser(id);
		} else if (subscribers instanceof Set) subscribers.add(subscriber);
		else this.byUser.set(id, new Set([subscribers, subscriber]));
	}

	/** Returns whether it was the user's last session. */
	remove(subscriber: S): boolean {
		const subscribers = this.byUser.get(subscriber.user.id);
		if (subscribers instanceof Set ? !subscribers.delete(subscriber) || subscribers.size > 0 : subscribers !== subscriber)
			return false;
		this.byUser.delete(subscriber.user.id);
		this.bus.unfollowUser(subscriber.user.id);
		return true;
	}

	of(userId: string): Iterable<S> {
		const subscribers = this.byUser.get(userId);
		if (subscribers === undefined) return [];
		return subscribers instanceof Set ? subscribers : [subscribers];
	}

	has(userId: string): boolean {
		return this.byUser.has(userId);
	}

	/** Ids of all users with a session here. */
	ids(): Iterable<string> {
		return this.byUser.keys();
	}

	/** Is any of the user's sessions welcomed? One whose hello is being checked does not count. */
	isOnline(userId: string): boolean {
		for (const subscriber of this.of(userId)) if (subscriber.present) return true;
		return false;
	}

	/** Users with a session. */
	get users(): number {
		return this.byUser.size;
	}
}
