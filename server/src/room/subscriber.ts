// What rooms know of a session: one that belongs to a user and subscribes to rooms.
import type { RoomView, UserRef } from "../store/store.ts";
import type { EntriesPush, Push } from "./push.ts";
import type { LiveRoom } from "./room.ts";
import type { Subscription } from "./subscription.ts";

export interface Subscriber {
	/** Whose it is, under the name of now. */
	readonly user: UserRef;
	/** Has it been let in? */
	readonly present: boolean;
	/** Has it a subscription to this room? */
	isSubscribed(room: string): boolean;
	/** The entry `seq` of `room` has made `user`, whose session this is, a member: the subscription begins with it. */
	memberJoined(user: string, room: LiveRoom, seq: number): void;
	/** The user is no member any more as of the entry `seq`, and nothing after it may be sent. */
	memberLeft(room: string, seq: number): void;
	/** An invitation to `room` is open, by the entry `seq`. */
	invited(room: string, seq: number, by: UserRef): void;
	/** The invitation to `room` was declined. */
	declined(room: string): void;
	/** The session was let in on what is void now, unless its user was read at `generation` or later. */
	revoked(generation: number, why: "banned" | "expired"): void;
	/** The user's rooms, as the store has them: it becomes a subscriber of those of which it was not told. Returns whether there are such. */
	compare(views: readonly RoomView[]): boolean;
	/** The generation that its user had when it was let in. */
	readonly generation: number;
	/** Takes the push, or returns false when its outbox is full. */
	takePush(push: EntriesPush): boolean;
	/** The subscription is not at the head any more: it is to be moved from the log. */
	fallBehind(subscription: Subscription): void;
	/** A message that may be dropped when the subscriber is slow; returns whether it went out. */
	pushEphemeral(push: Push): boolean;
	/** One of the above has thrown: our bug, which ends this session and nothing else. Never throws. */
	broken(cause: unknown): void;
}
