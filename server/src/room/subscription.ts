// One session's subscription to one room: a cursor, and how it is being moved. A live connection and one that is far behind are the same
// thing; live push is the short cut when the cursor stands at the head.
import { nextPlace, type PlaceState } from "./place.ts";
import type { EntriesPush } from "./push.ts";
import type { LiveRoom } from "./room.ts";
import type { Subscriber } from "./subscriber.ts";

export class Subscription {
	readonly room: LiveRoom;
	readonly subscriber: Subscriber;
	/** The newest seq handed to the connection. */
	cursor: number;
	/** The user is a member as of this seq: what is notified of its membership up to here is known. */
	since = 0;
	/** The session's place in the room; once it is over, one without a subscription. */
	state: PlaceState;
	/** Where it stands among the room's subscribers; theirs to set. */
	index = 0;

	constructor(room: LiveRoom, subscriber: Subscriber, cursor: number, state: PlaceState) {
		this.room = room;
		this.subscriber = subscriber;
		this.cursor = cursor;
		this.state = state;
	}

	/** Fresh entries of the room: taken if they continue the cursor, otherwise left in the log. */
	offer(push: EntriesPush): void {
		if (this.state !== "live") return;
		if (push.from === this.cursor + 1 && this.subscriber.takePush(push)) {
			this.cursor = push.to;
		} else if (push.to > this.cursor) {
			this.leaveToLog();
		}
	}

	/** What is new is to be read from the log. */
	leaveToLog(): void {
		if (this.state !== "live") return;
		this.state = nextPlace(this.state, "lagged").to;
		this.subscriber.fallBehind(this);
	}
}
