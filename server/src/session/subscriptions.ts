// A session's subscriptions by room. Most sessions have few, and there may be a hundred thousand sessions: one subscription needs
// no collection, a short list takes a tenth of a map's memory and is searched as fast; only many get a map.
import type { Subscription } from "../room/subscription.ts";

const LISTED_MAX = 16;
const NONE: readonly Subscription[] = [];

export class Subscriptions implements Iterable<Subscription> {
	/** None, one, a short list, or a map by room. */
	private all: undefined | Subscription | Subscription[] | Map<string, Subscription>;

	get size(): number {
		const { all } = this;
		if (all instanceof Map) return all.size;
		return this.few(all).length;
	}

	get(room: string): Subscription | undefined {
		const { all } = this;
		if (all instanceof Map) return all.get(room);
		for (const subscription of this.few(all)) if (subscription.room.id === room) return subscription;
		return undefined;
	}

	has(room: string): boolean {
		return this.get(room) !== undefined;
	}

	/** Adds one whose room is not there yet. */
	add(subscription: Subscription): void {
		const { all } = this;
		if (all === undefined) this.all = subscription;
		else if (all instanceof Map) all.set(subscription.room.id, subscription);
		else if (!Array.isArray(all)) this.all = [all, subscription];
		else if (all.length < LISTED_MAX) all.push(subscription);
		else this.all = new Map([...all, subscription].map((each) => [each.room.id, each]));
	}

	delete(subscription: Subscription): void {
		const { all } = this;
		if (all instanceof Map) all.delete(subscription.room.id);
		else if (Array.isArray(all)) this.all = all.filter((each) => each !== subscription);
		else if (all === subscription) this.all = undefined;
	}

	clear(): void {
		this.all = undefined;
	}

	[Symbol.iterator](): Iterator<Subscription> {
		const { all } = this;
		return all instanceof Map ? all.values() : this.few(all).values();
	}

	private few(all: undefined | Subscription | Subscription[]): readonly Subscription[] {
		if (all === undefined) return NONE;
		return Array.isArray(all) ? all : [all];
	}
}
