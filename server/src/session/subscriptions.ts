// A session's subscriptions by room. Most sessions stand in a few rooms, and there may be a hundred thousand sessions: a short
// list costs a tenth of a map and is found through as fast. Who is in many rooms gets the map.
import type { Subscription } from "../room/subscription.ts";

const LISTED_MAX = 16;
const NONE: Subscription[] = [];

export class Subscriptions implements Iterable<Subscription> {
	private list = NONE;
	/** Where there are more than `LISTED_MAX`. */
	private byRoom: Map<string, Subscription> | undefined;

	get size(): number {
		return this.byRoom?.size ?? this.list.length;
	}

	get(room: string): Subscription | undefined {
		if (this.byRoom !== undefined) return this.byRoom.get(room);
		for (const subscription of this.list) if (subscription.room.id === room) return subscription;
		return undefined;
	}

	has(room: string): boolean {
		return this.get(room) !== undefined;
	}

	/** Adds one whose room is not there yet. */
	add(subscription: Subscription): void {
		if (this.byRoom !== undefined) {
			this.byRoom.set(subscription.room.id, subscription);
		} else if (this.list.length === 0) {
			this.list = [subscription];
		} else if (this.list.length < LISTED_MAX) {
			this.list.push(subscription);
		} else {
			this.byRoom = new Map([...this.list, subscription].map((each) => [each.room.id, each]));
			this.list = NONE;
		}
	}

	delete(subscription: Subscription): void {
		if (this.byRoom !== undefined) this.byRoom.delete(subscription.room.id);
		else this.list = this.list.filter((each) => each !== subscription);
	}

	clear(): void {
		this.list = NONE;
		this.byRoom = undefined;
	}

	[Symbol.iterator](): Iterator<Subscription> {
		return (this.byRoom ?? this.list).values();
	}
}
