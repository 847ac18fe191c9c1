// A session as rooms see it: it belongs to a user and subscribes to rooms.
import type { RoomView, UserRef } from "../store/store.ts";
import type { EntriesPush, Push } from "./push.ts";
import type { LiveRoom } from "./room.ts";
import type { Subscription } from "./subscription.ts";

export interface Subscriber {
	/** Its user, by the current name. */
	readonly user: UserRef;
	/** Has it been welcomed? */
	readonly present: boolean;
	/** Has it a subscription to this room? */
	isSubscribed(room: string): boolean;
	/** The entry `seq` has made `user`, whose session this is, a member: the subscription begins with it. */
	memberJoined(user: string, room: LiveRoom, seq: number): void;
	/** The entry `seq` has ended the user's membership: nothing after it may be sent. */
	memberLeft(room: string, seq: number): void;
	/** The entry `seq` has invited the user to `room`. */
	invited(room: string, seq: number, by: UserRef): void;
	/** The invitation to `room` was declined. */
	declined(room: string): void;
	/** Log-ins before `generation` are void: ends the session if it is of an earlier one. */
	revoked(generation: number, why: "banned" | "expired"): void;
	/**
	 * Compares with the user's rooms in the store: subscribes to those of which the session was not notified. Returns whether
	 * there were any.
	 */
	compare(views: readonly RoomView[]): boolean;
	/** The user's generation at log-in. */
	readonly generation: number;
	/** Takes the push, or returns false when its outbox is full. */
	takePush(push: EntriesPush): boolean;
	/** The subscription is no longer at the head: its entries come from the log. */
	fallBehind(subscription: Subscription): void;
	/** A message that may be dropped when the subscriber is slow; returns whether it was sent. */
	pushEphemeral(push: Push): boolean;
	/** One of the above has thrown: a bug, which ends this session and no other. Never throws. */
	broken(cause: unknown): void;
}
