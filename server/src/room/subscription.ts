// One reader of one room: a cursor, and how it is being moved. A live connection and one that is far behind are the same
// thing; live push is the short cut when the cursor stands at the head.
import type { Device } from "./device.ts";
import type { EntriesPush } from "./push.ts";
import type { LiveRoom } from "./room.ts";

/**
 * live: stands at the head, or a push away from it; pushes move it.
 * behind: is moved from the log, at the reader's own pace.
 * stale: its cursor does not belong to this log (another epoch, or beyond the head): it is to be told and set anew.
 * held: a join is being answered; what is pushed meanwhile is found by the cursor that the answer sets.
 */
export type SubscriptionState = "live" | "behind" | "stale" | "held";

/** The session's side of a subscription. */
export interface Reader {
	/** Takes the push, or returns false when its outbox is full. */
	takePush(push: EntriesPush): boolean;
	/** The subscription is not at the head any more: read the log for it. */
	fallBehind(subscription: Subscription): void;
}

export class Subscription {
	readonly room: LiveRoom;
	readonly reader: Device;
	/** The newest seq handed to the connection. */
	cursor: number;
	state: SubscriptionState;
	/** Its place among the readers of the room; theirs to set. */
	place = 0;

	constructor(room: LiveRoom, reader: Device, cursor: number, state: SubscriptionState) {
		this.room = room;
		this.reader = reader;
		this.cursor = cursor;
		this.state = state;
	}

	/** Fresh entries of the room: taken if they continue the cursor, otherwise left in the log. */
	offer(push: EntriesPush): void {
		if (this.state !== "live") return;
		if (push.from === this.cursor + 1 && this.reader.takePush(push)) {
			this.cursor = push.to;
		} else if (push.to > this.cursor) {
			this.leaveToLog();
		}
	}

	/** What is new is to be read from the log. */
	leaveToLog(): void {
		if (this.state !== "live") return;
		this.state = "behind";
		this.reader.fallBehind(this);
	}
}
