// What rooms know of a session: a reader with subscriptions that belongs to a user.
import type { UserRef } from "../store/store.ts";
import type { Push } from "./push.ts";
import type { LiveRoom } from "./room.ts";
import type { Reader } from "./subscription.ts";

export interface Device extends Reader {
	/** Whose it is, under the name of now. */
	readonly user: UserRef;
	/** Has it been let in? */
	readonly present: boolean;
	/** Is it a reader of this room? */
	reads(room: string): boolean;
	/** The entry `seq` of `room` has made `user`, whose device this is, a member: the stream begins with it. */
	memberNow(user: string, room: LiveRoom, seq: number): void;
	/** The user is no member any more: everything up to that entry has been offered, nothing more may follow. */
	memberNoLonger(room: string): void;
	/** An invitation to `room` is open. */
	invited(room: string, by: UserRef): void;
	/** The invitation to `room` was declined. */
	uninvited(room: string): void;
	/** A message that may be dropped when the reader is slow; returns whether it went out. */
	pushEphemeral(push: Push): boolean;
	/** One of the above has thrown: our bug, which ends this session and nothing else. Never throws. */
	broken(cause: unknown): void;
}
