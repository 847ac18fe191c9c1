// What a command's handler gets: the user, the session if there is one, and the server's parts.
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
	/** For effects of commands that write no entry. */
	readonly bus: Bus;
	readonly accounts: Accounts;
	readonly clock: Clock;
	readonly random: Random;
	readonly limits: ServerLimits;
	readonly rooms: Rooms;
	readonly lists: MemberLists;
	readonly presence: Presence;
	readonly logCache: LogCache;
	/** The queue for reading pages: few at once, so that they take the event loop in short turns. */
	readonly pageTurns: FairQueue;
	readonly shedding: Shedding;
	/** Sends by outcome. */
	readonly sends: LabeledCounter;
	/** The rate limit of typing notices, by user. */
	readonly typing: Buckets;
}

/** The session of the command; the HTTP API has none. */
export interface CommandSession {
	/** Begins a join of `room`; one at a time. Until it fails or is answered, nothing of the room is sent. */
	beginJoin(room: string): void;
	/** The join will not be answered. */
	failJoin(room: string): void;
	/** The join's answer, which is sent next, sets the cursor. */
	answerJoin(room: RoomView, cursor: number): void;
	/** Has the session a subscription to this room? */
	isSubscribed(room: string): boolean;
	/** Extends the session to this time (wall clock, ms). */
	prolong(expiresMs: number): void;
}

export interface CommandContext {
	readonly parts: CommandParts;
	/** The user who sent the command. */
	readonly user: Account;
	readonly session: CommandSession | undefined;
}

/** A handler answers with the body of its reply, or rejects with `Refusal`. */
export type Handler<Value> = (context: CommandContext, value: Value) => Promise<DownBody>;
