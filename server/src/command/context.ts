// What a command's handler has to work with: who asks, the session if there is one, and the parts of the server.
import type { DownBody } from "@verbatim/protocol";
import type { Account, Accounts } from "../account/accounts.ts";
import type { Clock, Random } from "../base/clock.ts";
import type { ServerLimits } from "../base/limits.ts";
import type { LabeledCounter } from "../base/metrics.ts";
import type { Bus } from "../bus/bus.ts";
import type { Buckets } from "../limit/buckets.ts";
import type { FairQueue } from "../limit/fair-queue.ts";
import type { Shedding } from "../overload/shedding.ts";
import type { Presence } from "../people/presence.ts";
import type { LogCache } from "../room/log-cache.ts";
import type { MemberLists } from "../room/member-lists.ts";
import type { Rooms } from "../room/rooms.ts";
import type { RoomView, Store } from "../store/store.ts";

/** The parts that commands use. */
export interface CommandParts {
	readonly store: Store;
	/** What others are to learn of a command that leaves no entry. */
	readonly bus: Bus;
	readonly accounts: Accounts;
	readonly clock: Clock;
	readonly random: Random;
	readonly limits: ServerLimits;
	readonly rooms: Rooms;
	readonly lists: MemberLists;
	readonly presence: Presence;
	readonly logCache: LogCache;
	/** In which pages are read: few at once, so that what users ask for takes no turn of the event loop from all others. */
	readonly pageTurns: FairQueue;
	readonly shedding: Shedding;
	/** Sends by outcome. */
	readonly sends: LabeledCounter;
	/** What each user may have told of its typing. */
	readonly typing: Buckets;
}

/** The session that asks; the HTTP API has none. */
export interface CommandSession {
	/** A join of `room` is begun; one at a time. Until it has failed or is answered, nothing of the room is sent. */
	beginJoin(room: string): void;
	/** It will not be answered. */
	failJoin(room: string): void;
	/** Its answer, which is given next, sets the cursor. */
	answerJoin(room: RoomView, cursor: number): void;
	/** Has the session a subscription to this room? */
	isSubscribed(room: string): boolean;
	/** The send `cid` is about to be handed to the store. Refuses one that a newer connection of the user has brought. */
	claim(cid: string): void;
	/** The send `cid` is in the log. */
	settled(cid: string): void;
	/** The identity holds until then (wall clock, ms). */
	prolong(expiresMs: number): void;
}

export interface CommandContext {
	readonly parts: CommandParts;
	/** Who asks. */
	readonly user: Account;
	readonly session: CommandSession | undefined;
}

/** A handler answers with the body of its reply, or rejects with `Refusal`. */
export type Handler<Value> = (context: CommandContext, value: Value) => Promise<DownBody>;
