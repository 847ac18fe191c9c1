// One session's subscription to one room: a cursor, and the state of its delivery. A live connection and one far behind are the
// same thing; live push is the fast path when the cursor is at the head.
import { nextPlace, type PlaceState } from "./place.ts";
import type { EntriesPush } from "./push.ts";
import type { LiveRoom } from "./room.ts";
import type { Subscriber } from "./subscriber.ts";

export class Subscription {
	readonly room: LiveRoom;
	readonly subscriber: Subscriber;
	/** The newest seq sent to the connection. */
	cursor: number;
	/** The seq as of which the user is a member: earlier notifications of the membership are stale. */
	since = 0;
	/** The session's place in the room; after removal, a state without a subscription. */
	state: PlaceState;
	/** Its index in `Subscribers`, which sets it. */
	index = 0;

	constructor(room: LiveRoom, subscriber: Subscriber, cursor: number, state: PlaceState) {
		this.room = room;
		this.subscriber = subscriber;
		this.cursor = cursor;
		this.state = state;
	}

	/** New entries of the room: taken if they continue the cursor, otherwise left to the log. */
	offer(push: EntriesPush): void {
		if (this.state !== "live") return;
		if (push.from === this.cursor + 1 && this.subscriber.takePush(push)) {
			this.cursor = push.to;
		} else if (push.to > this.cursor) {
			this.leaveToLog();
		}
	}

	/** New entries are to be read from the log. */
	leaveToLog(): void {
		if (this.state !== "live") return;
		this.state = nextPlace(this.state, "lagged").to;
		this.subscriber.fallBehind(this);
	}
}
