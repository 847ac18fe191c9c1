// The subscribers of a live room, unordered: a list in which each subscription knows its index. Fan-out walks it faster than a
// set, a room with one subscriber costs little, and a removed one is replaced by the last.
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

	/** Removes it; no effect if it is not there. */
	delete(subscription: Subscription): void {
		const { index } = subscription;
		if (this.list[index] !== subscription) return;
		const last = this.list.pop();
		if (last === undefined || last === subscription) return;
		this.list[index] = last;
		last.index = index;
	}

	/**
	 * Offers to every subscription, from last to first, so that they may be added and deleted meanwhile: an added one is skipped;
	 * one that replaces a deleted one was offered to already, or is offered to twice, which its cursor makes harmless. One that
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

	/** Calls `act` for every subscription, in the order and with the isolation of `offer`. */
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
