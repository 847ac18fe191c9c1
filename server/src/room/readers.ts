// The readers of a live room, in no order that means anything. A list in which everybody knows their own place: fan-out walks
// it faster than a set, a room with one reader costs little, and leaving is the last one taking the place.
import type { EntriesPush } from "./push.ts";
import type { Subscription } from "./subscription.ts";

export class Readers implements Iterable<Subscription> {
	private readonly list: Subscription[] = [];

	get size(): number {
		return this.list.length;
	}

	add(subscription: Subscription): void {
		subscription.place = this.list.length;
		this.list.push(subscription);
	}

	/** Takes out one that is there; nothing for one that is not. */
	delete(subscription: Subscription): void {
		const { place } = subscription;
		if (this.list[place] !== subscription) return;
		const last = this.list.pop();
		if (last === undefined || last === subscription) return;
		this.list[place] = last;
		last.place = place;
	}

	/**
	 * Offers to every subscription, from the last to the first, so that they may come and go meanwhile: who comes is not met, whoever
	 * takes the place of one that goes was met already or, at worst, is met twice, which its cursor makes harmless. One that throws ends its
	 * own session.
	 */
	offer(push: EntriesPush): void {
		for (let i = this.list.length - 1; i >= 0; i--) {
			const subscription = this.list[i];
			try {
				subscription?.offer(push);
			} catch (cause) {
				subscription?.reader.broken(cause);
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
				subscription.reader.broken(cause);
			}
		}
	}

	[Symbol.iterator](): Iterator<Subscription> {
		return this.list.values();
	}
}
