// The contract of the bus: how a node learns of commits, users and sessions, its own and those of other nodes. It makes things known sooner and is
// never the truth: that is in the store. Implementations lie beside it; one contract suite (server/test/bus/contract.ts) runs on each.
//
// Whatever is brought may be lost, doubled, delayed or reordered by a bus that is `lossy`: receivers order it by seq, number or generation, and
// compare what they know with the store (node/compare.ts).
import type { Committed, UserRef } from "../store/store.ts";

/** What happened to a user. On the user's channel. */
export type UserEvent =
	/** The entry `seq` of the room has made the user a member, or no member, or has invited it. Its commit says so, too. */
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
	/** The user has declined the invitation, of which there is no entry. */
	| { readonly kind: "declined"; readonly user: string; readonly room: string }
	/** What was proved before `generation` is void: disabled, signed out, or another password. */
	| { readonly kind: "revoked"; readonly user: string; readonly generation: number; readonly why: "banned" | "expired" }
	/** A session was let in, or has ended. `node` is the process that has it, `session` its number there, never used twice. */
	| { readonly kind: "opened" | "ended"; readonly user: string; readonly node: string; readonly session: number };

/** What is worth nothing later. On the channels of the rooms that it names. */
export type Ephemeral =
	| { readonly kind: "typing"; readonly user: UserRef; readonly room: string }
	/** A newer one of the same user and node has a greater number. */
	| {
			readonly kind: "presence";
			readonly user: UserRef;
			readonly online: boolean;
			readonly rooms: readonly string[];
			readonly node: string;
			readonly number: number;
	  };

/** On the room's channel, in the order of its log where nothing goes wrong. */
export interface CommitMessage {
	readonly kind: "commit";
	readonly committed: Committed;
}

export type BusMessage = CommitMessage | UserEvent | Ephemeral;

export interface BusStats {
	/** Messages that it holds, and about how many bytes: bounded, whoever does not keep up. */
	readonly held: number;
	readonly heldBytes: number;
	/** Messages that it has let go of for that bound, so far. */
	readonly dropped: number;
}

export interface Bus {
	/** May messages fail to come, or come twice, late, or in another order? Then what is known here is compared with the store. */
	readonly lossy: boolean;
	/**
	 * Brings `message` to all nodes that follow its channel, this one too. Takes nobody's time: it never waits and never throws, and no acknowledgement is held
	 * up by it. The message is not changed afterwards, by anybody.
	 */
	publish(message: BusMessage): void;
	/** Who is told; called once, before anything is published. `receive` never throws. */
	listen(receive: (message: BusMessage) => void): void;
	/**
	 * Messages of this room's or user's channel are wanted here, or no longer. Others may come as well. What was published before it took effect does not come:
	 * who follows looks at the store afterwards. May be repeated.
	 */
	followRoom(room: string): void;
	unfollowRoom(room: string): void;
	followUser(user: string): void;
	unfollowUser(user: string): void;
	stats(): BusStats;
	/** Nothing is brought any more, and nothing is held. */
	close(): void;
}
