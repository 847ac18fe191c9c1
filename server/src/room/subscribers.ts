// The subscribers of a live room, in no order that means anything. A list in which each knows its index: fan-out walks it faster than a
// set, a room with one subscriber costs little, and one that leaves is replaced by the last.
import type { EntriesPush } from "./push.ts";
import type { Subscription } from "./subscription.ts";

export class Subscribers implements Iterable<Subscription> {
	private readonly list: Subscription[] = [];

	get size(): number {
		return this.list.length;
	}

	add(subscription: Subscription): void {
		subscription.index = this.list.length;
		this.list.push(subscription);
	}

	/** Takes out one that is there; nothing for one that is not. */
	delete(subscription: Subscription): void {
		const { index } = subscription;
		if (this.list[index] !== subscription) return;
		const last = this.list.pop();
		if (last === undefined || last === subscription) return;
		this.list[index] = last;
		last.index = index;
	}

	/**
	 * Offers to every subscription, from the last to the first, so that they may be added and deleted meanwhile: one that is added
	 * is not offered to, one that replaces a deleted one was offered to already or, at worst, is twice, which its cursor makes harmless. One that
	 * throws ends its own session.
	 */
	offer(push: EntriesPush): void {
		for (let i = this.list.length - 1; i >= 0; i--) {
			const subscription = this.list[i];
			try {
				subscription?.offer(push);
			} catch (cause) {
				subscription?.subscriber.broken(cause);
			}
		}
	}

	/** Does the same to every subscription, in the order and with the isolation of `offer`. */
	each(act: (subscription: Subscription) => void): void {
		for (let i = this.list.length - 1; i >= 0; i--) {
			const subscription = this.list[i];
			if (subscription === undefined) continue;
			try {
				act(subscription);
			} catch (cause) {
				subscription.subscriber.broken(cause);
			}
		}
	}

	[Symbol.iterator](): Iterator<Subscription> {
		return this.list.values();
	}
}
