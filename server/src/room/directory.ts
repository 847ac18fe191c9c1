// The sessions of every user of this process.
import type { Subscriber } from "./subscriber.ts";

export class Directory<S extends Subscriber = Subscriber> {
	/** Nearly every user has one session, which needs no set. */
	private readonly byUser = new Map<string, S | Set<S>>();

	add(subscriber: S): void {
		const subscribers = this.byUser.get(subscriber.user.id);
		if (subscribers === undefined) this.byUser.set(subscriber.user.id, subscriber);
		else if (subscribers instanceof Set) subscribers.add(subscriber);
		else this.byUser.set(subscriber.user.id, new Set([subscribers, subscriber]));
	}

	/** Returns whether it was the user's last. */
	remove(subscriber: S): boolean {
		const subscribers = this.byUser.get(subscriber.user.id);
		if (subscribers instanceof Set ? !subscribers.delete(subscriber) || subscribers.size > 0 : subscribers !== subscriber)
			return false;
		this.byUser.delete(subscriber.user.id);
		return true;
	}

	of(userId: string): Iterable<S> {
		const subscribers = this.byUser.get(userId);
		if (subscribers === undefined) return [];
		return subscribers instanceof Set ? subscribers : [subscribers];
	}

	/** Has any of the user's sessions been let in? One that is only about to be may never come. */
	isOnline(userId: string): boolean {
		for (const subscriber of this.of(userId)) if (subscriber.present) return true;
		return false;
	}

	/** Users with a session. */
	get users(): number {
		return this.byUser.size;
	}
}
