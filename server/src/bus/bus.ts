// The contract of the bus: it notifies a node of commits, users and sessions, its own and those of other nodes. It is a hint: the
// store has the truth. Implementations lie beside it; one contract suite (server/test/bus/contract.ts) runs on each.
//
// A `lossy` bus may lose, duplicate, delay and reorder messages: receivers order them by seq, number or generation, and compare
// what they know with the store (node/compare.ts).
import type { Committed, UserRef } from "../store/store.ts";

/** An event of a user, on the user's channel. */
export type UserEvent =
	/** The entry `seq` has made the user a member, has ended the membership, or has invited the user. Its commit says so, too. */
	| {
			readonly kind: "joined" | "left";
			readonly user: string;
			readonly room: string;
			readonly epoch: number;
			readonly seq: number;
	  }
	| {
			readonly kind: "invited";
			readonly user: string;
			readonly room: string;
			readonly epoch: number;
			readonly seq: number;
			readonly by: UserRef;
	  }
	/** The user has declined an invitation; there is no entry for it. */
	| { readonly kind: "declined"; readonly user: string; readonly room: string }
	/** Log-ins before `generation` are void: the user was disabled or signed out, or has another password. */
	| { readonly kind: "revoked"; readonly user: string; readonly generation: number; readonly why: "banned" | "expired" }
	/** A session was welcomed, or has ended. `node`: the process that has it; `session`: its number there, never reused. */
	| { readonly kind: "opened" | "ended"; readonly user: string; readonly node: string; readonly session: number };

/** Not stored, worthless later; on the channels of the rooms that it names. */
export type Ephemeral =
	| { readonly kind: "typing"; readonly user: UserRef; readonly room: string }
	/** Of two with the same user and node, the newer has the greater number. */
	| {
			readonly kind: "presence";
			readonly user: UserRef;
			readonly online: boolean;
			readonly rooms: readonly string[];
			readonly node: string;
			readonly number: number;
	  };

/** On the room's channel, in the order of the log unless the bus reorders. */
export interface CommitMessage {
	readonly kind: "commit";
	readonly committed: Committed;
}

export type BusMessage = CommitMessage | UserEvent | Ephemeral;

export interface BusStats {
	/** Messages that it buffers, and about how many bytes: bounded, however slow a receiver is. */
	readonly held: number;
	readonly heldBytes: number;
	/** Messages dropped for that bound, so far. */
	readonly dropped: number;
}

export interface Bus {
	/** May messages be lost, duplicated, delayed or reordered? Then nodes compare with the store. */
	readonly lossy: boolean;
	/** Are published messages delivered, as far as is known? While they are not, nodes compare with the store more often. Always true of one that is not lossy. */
	readonly working: boolean;
	/** Of a lossy one: does it tell of each loss, by `changed`? Then nodes compare when it does, and seldom else. Absent: it does not. */
	readonly tellsLosses?: boolean;
	/**
	 * Delivers `message` to all nodes that follow its channel, this one included. Never waits and never throws: no
	 * acknowledgement depends on it. Nobody changes the message afterwards.
	 */
	publish(message: BusMessage): void;
	/**
	 * Sets the receiver; called once, before anything is published. `changed`: `working` has changed, or messages may just have been lost. Neither throws.
	 */
	listen(receive: (message: BusMessage) => void, changed: () => void): void;
	/**
	 * Subscribes to the channel of a room or user, or ends that. Messages of other channels may arrive as well. What was
	 * published before it took effect is not delivered: read the store afterwards. Idempotent.
	 */
	followRoom(room: string): void;
	unfollowRoom(room: string): void;
	followUser(user: string): void;
	unfollowUser(user: string): void;
	stats(): BusStats;
	/** Nothing is delivered any more, and nothing is buffered. */
	close(): void;
}
