/// <reference lib="esnext.disposable" preserve="true" />
// The SDK's public types: the client, its rooms, its deliveries. `connect` (client.ts) creates a client.
// One file because it is what a user of the SDK reads: the types are the reference, mostly docstrings.
import type {
	CodecName,
	Limits,
	Room_Kind,
	Room_Standing,
	Sent,
	Timing,
	Tokens,
	User,
	Room as WireRoom,
} from "@verbatim/protocol";
import type { Clock, Random } from "../base/clock.ts";
import type { Entry, Page } from "../base/entry.ts";
import type { RefusedError, UnknownOutcomeError, VerbatimError } from "../base/errors.ts";
import type { Off } from "../base/events.ts";
import type { MarkStore } from "./mark-store.ts";
import type { OutboxStore } from "./outbox-store.ts";
import type { TokenStore } from "./token-store.ts";
import type { Transport } from "./transport.ts";

export type { Entry, Page };

/** The server's description of a room, as in room lists and invitations. */
export type RoomInfo = WireRoom;

/** How the client authenticates. With `refresh`, an expired token is renewed automatically. */
export type Credential =
	| { readonly guest: string }
	| { readonly login: { readonly name: string; readonly password: string } }
	| { readonly register: { readonly name: string; readonly password: string } }
	| { readonly token: string; readonly refresh?: string };

export interface ConnectOptions {
	/**
	 * The server's address: `wss://chat.example.org`, `ws://…` (or `https://`, `http://`; default path `/ws`), and on Node and Bun
	 * also `tcp://host:port`, `tls://host:port` and `unix:/path`. Several are tried in turn.
	 */
	readonly endpoints: string | readonly string[];
	/**
	 * How to authenticate. A function is called whenever a fresh credential is needed. Tokens stored in `tokens` are tried first.
	 * Without either the client stays `idle` until `logIn`.
	 */
	readonly credential?: Credential | (() => Promise<Credential>);
	/** Default: `proto`. */
	readonly codec?: CodecName;
	/** Stores sends until they are acknowledged, across reloads and crashes. Default: IndexedDB where available, else memory. */
	readonly outbox?: OutboxStore;
	/**
	 * Stores the identity across reloads and restarts. Default: on Node and Bun a guest's in a file of the user's state folder
	 * (`$XDG_STATE_HOME/verbatim/guests`), any other in memory.
	 */
	readonly tokens?: TokenStore;
	/** Stores the last seen seq of each room, so that unread counts survive reloads. Default: not stored. */
	readonly marks?: MarkStore;
	/** Default: WebSocket; with `@verbatim/client/node` also TCP and TLS. */
	readonly transports?: readonly Transport[];
	/** Overrides single times of the protocol's `TIMING`. */
	readonly timing?: Partial<Timing>;
	/** Overrides single limits of the protocol's `LIMITS`. */
	readonly limits?: Partial<Limits>;
	/** Give up after this many attempts in a row. Default: never. */
	readonly attemptsMax?: number;
	/** Newest entries held in memory per room; older ones are loaded again on demand. Default: 2,000. */
	readonly timelineMax?: number;
	/** Sends in flight at once. Default: 64. */
	readonly sendsInFlightMax?: number;
	/** Sends in the outbox at once, failed ones included; further ones are refused. Default: 10,000. */
	readonly outboxMax?: number;
	/** Name and version of the program, for the server's log. */
	readonly client?: string;
	/**
	 * Subscribes `task` to hints that a reconnect may succeed now; returns the unsubscribe function. Default: in browsers when the page
	 * is online, shown or restored again; on Node and Bun when the network interfaces change or the device has slept.
	 */
	readonly wake?: (task: () => void) => Off;
	/** Logs connection state, problems and failed sends. Default: no logging. */
	readonly logger?: Logger;
	readonly clock?: Clock;
	readonly random?: Random;
}

/**
 * Log sink: fields, then a message, as with pino (a pino logger fits; so does `console`). Errors are in the field `err`. Texts,
 * tokens and passwords are never logged. An exception from a logger is reported as an uncaught error.
 */
export interface Logger {
	debug(fields: object, message: string): void;
	info(fields: object, message: string): void;
	warn(fields: object, message: string): void;
	error(fields: object, message: string): void;
}

/** Counters over all connections of a client. */
export interface ConnectionStatistics {
	/** Round trip of the newest answered ping, in ms; each connection starts with one. Undefined before the first. */
	readonly roundTripMs: number | undefined;
	/** Connections that were welcomed. */
	readonly connections: number;
	/** Welcomed connections after the first. */
	readonly reconnects: number;
	/** Messages to and from the server, heartbeats included. */
	readonly messagesUp: number;
	readonly messagesDown: number;
	/** Their bytes, without transport overhead (framing, TLS, compression). */
	readonly bytesUp: number;
	readonly bytesDown: number;
	/** Why the last failed connection was lost or could not be opened; undefined if none failed. */
	readonly lastError: VerbatimError | undefined;
}

/** Bounds of `drain`. */
export interface DrainOptions {
	readonly signal?: AbortSignal;
	/** Default: none. */
	readonly timeoutMs?: number;
}

/** State of the connection. Times are milliseconds of the wall clock. */
export type Status =
	/** Not logged in, and no credential to log in with: see `logIn`. */
	| { readonly state: "idle" }
	/** `attempt` counts from 1 and starts again after a stable connection. */
	| { readonly state: "connecting"; readonly attempt: number; readonly endpoint: string }
	/**
	 * `suspect`: a heartbeat was missed, or a command was not answered within `timing.suspectAfterMs` (3 s); the connection may be
	 * dead. A ping was sent; if nothing arrives the client reconnects, after 5 s in the second case. `behind`: this connection was
	 * too slow, and the server is in catch-up for it: it sends from the log, late but complete.
	 */
	| {
			readonly state: "live";
			readonly endpoint: string;
			readonly sinceMs: number;
			readonly suspect: boolean;
			readonly behind: boolean;
	  }
	| { readonly state: "waiting"; readonly attempt: number; readonly retryAtMs: number; readonly why: VerbatimError }
	/** No further attempts: closed by the caller, or after an error that is not retryable. `logIn` starts again. */
	| { readonly state: "stopped"; readonly why: VerbatimError | "closed" };

/**
 * Bounds of one call. A call that is refused as `rate_limited` or `busy` is repeated within them, when the server says; it rejects
 * with the refusal only if they end before the server takes it.
 */
export interface CallOptions {
	readonly signal?: AbortSignal;
	/** Default: `timing.answerMs` (10 s). Includes waiting for the connection, and for the server to take the call. */
	readonly timeoutMs?: number;
}

export interface JoinOptions extends CallOptions {
	/** Creates a public channel if none has this name. Default: false. */
	readonly create?: boolean;
	/** Newest entries to load with the join. Default: `limits.historyEntriesDefault` (50). */
	readonly history?: number;
}

export interface RoomsPageOptions extends CallOptions {
	/** Default: the first page. */
	readonly after?: string;
	/** At most this many public channels. Default: `limits.roomsPageMax` (500). */
	readonly limit?: number;
}

export interface RoomsPage {
	readonly rooms: readonly RoomInfo[];
	/** Undefined: this was the last page. */
	readonly next: string | undefined;
}

export type { Off } from "../base/events.ts";

export interface ClientEvents {
	status: Status;
	/** Another identity, or the first. */
	user: User;
	roomAdded: Room;
	/** The user is not a member any more. The room's iterations end. */
	roomRemoved: Room;
	invited: { readonly room: RoomInfo; readonly by: User | undefined };
	/** An invitation is closed: accepted or declined in any session of the user, or another user has logged in. */
	invitationClosed: RoomInfo;
	presence: { readonly user: User; readonly online: boolean };
	/** Fresh tokens, already given to the token store. */
	tokens: Tokens;
	/** An error that no call reports: a lost connection, a damaged frame, an outbox whose store fails. */
	problem: VerbatimError;
}

/** An event as a value, for `for await`. `lost` counts events that were dropped because the loop was too slow. */
export type ClientEvent =
	| { readonly [E in keyof ClientEvents]: { readonly type: E; readonly value: ClientEvents[E] } }[keyof ClientEvents]
	| { readonly type: "lost"; readonly value: number };

export interface Client {
	readonly status: Status;
	/** The authenticated user; undefined before the first welcome. */
	readonly user: User | undefined;
	/** The rooms that the user is a member of, by id. */
	readonly rooms: ReadonlyMap<string, Room>;
	/** Rooms to which an invitation is open, by id; `join(id)` accepts, `decline(id)` declines. */
	readonly invitations: ReadonlyMap<string, RoomInfo>;
	/** A snapshot; a new object each time. */
	readonly statistics: ConnectionStatistics;
	/** Sends of all rooms that are not in the log yet, oldest first; failed ones until they are retried or discarded. */
	readonly outbox: readonly Delivery[];

	/** Resolves with the user when the connection is live. Rejects when the client has stopped, and with the call's bounds. */
	ready(options?: CallOptions): Promise<User>;
	/** Joins the room `ref` (`#name`, `@name` or an id) and loads its newest entries. Returns the room unchanged to a member. */
	join(ref: string, options?: JoinOptions): Promise<Room>;
	/**
	 * Declines the open invitation to `ref` (an id or `#name`), which is then gone from `invitations`. Does nothing if none is open;
	 * leaves no room, but one that a join under way at the same moment brings. One may be invited again.
	 */
	decline(ref: string, options?: CallOptions): Promise<void>;
	/** The direct conversation with the user of this name; created if there is none. */
	direct(name: string, options?: CallOptions): Promise<Room>;
	/** Whether there is a user of this name. Creates no conversation. */
	hasUser(name: string, options?: CallOptions): Promise<boolean>;
	/** Whether there is a channel of this name, or of a confusable one, that the user may join. Private channels of others count as absent. */
	hasRoom(name: string, options?: CallOptions): Promise<boolean>;
	/** Creates a channel; rejects with `room_taken` if the name is in use. */
	create(name: string, options?: CallOptions & { readonly private?: boolean }): Promise<Room>;
	/** All rooms visible to the user: joined rooms and public channels. Reads every page, which may be thousands of rooms; see `listRoomsPage`. */
	listRooms(options?: CallOptions): Promise<readonly RoomInfo[]>;
	/** One page of them. The first has all joined rooms and the first public channels; `after` takes the `next` of the page before. */
	listRoomsPage(options?: RoomsPageOptions): Promise<RoomsPage>;
	/** Switches the identity: drops the connection, removes the rooms of the previous user, and resolves when welcomed. */
	logIn(credential: Credential, options?: CallOptions): Promise<User>;
	/** Forgets the identity, here and in the token store, and becomes `idle`. The outbox keeps pending sends for the same user. */
	logOut(): Promise<void>;
	/**
	 * Reconnects without waiting for the back-off, for instance from a button. Abandons an attempt that has taken longer than
	 * `timing.suspectAfterMs` (3 s) and starts another; pings a live connection and reconnects if nothing arrives within
	 * `timing.pongMs` (5 s). Sends in back-off are retried at once. Does nothing while the client is `idle` or has `stopped`.
	 */
	reconnect(): void;
	/**
	 * Waits until no send is pending: each is in the log, has failed, or was discarded. Returns the failed ones (`retry` or `discard`
	 * them); an empty list means that all are in the log. Also waits for the first welcome, because only then the sends of an earlier
	 * run are read; while nobody is logged in it resolves at once. Rejects with `TimeoutError`, `AbortedError`, the reason why the
	 * client has stopped, and with `ClosedError` at `logOut` and when another user logs in; pending sends stay in the outbox then.
	 *
	 * @example
	 * ```ts
	 * for (const line of lines) room.send(line);
	 * const failed = await client.drain({ timeoutMs: 30_000 });
	 * await client.close();
	 * ```
	 */
	drain(options?: DrainOptions): Promise<readonly Delivery[]>;
	/** Closes the connection; pending calls reject with `ClosedError`. The outbox keeps what is not acknowledged. */
	close(): Promise<void>;

	on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Off;
	/** As `on`, for the next event of its kind only. */
	once<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Off;
	/** All events in order, from now on, until `close` or the signal. Buffers 1,024; beyond, drops the oldest and reports `lost`. */
	events(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<ClientEvent>;

	[Symbol.asyncDispose](): Promise<void>;
}

export interface RoomMember {
	readonly user: User;
	readonly standing: Room_Standing;
	/** As last reported by the server; undefined: not known. */
	readonly online: boolean | undefined;
}

/** A range of entries that was not delivered; the timeline continues after it. */
export interface SkippedRange {
	readonly from: number;
	readonly to: number;
	/** far: too many to send. epoch: the log was restored from an older state. trimmed: this iteration was slower than the timeline. */
	readonly reason: "far" | "epoch" | "trimmed";
}

export interface RoomEvents {
	/** Timeline, pending, members, name, head, unread or typing changed. At most once per turn of the event loop. */
	changed: Room;
	/** A new entry, once each, in order. Not emitted for older pages. */
	entry: Entry;
	typing: readonly User[];
	skipped: SkippedRange;
}

export interface SendOptions {
	readonly signal?: AbortSignal;
	/** Default: none; the outbox retries until the server has answered. */
	readonly timeoutMs?: number;
}

export interface EntriesOptions {
	/** Start after this seq. Default: the timeline's end, that is, live. */
	readonly after?: number;
	readonly signal?: AbortSignal;
}

/** At most one of the first four. */
export interface HistoryBound {
	readonly before?: number;
	readonly after?: number;
	readonly around?: number;
	readonly atMs?: number;
	readonly limit?: number;
}

export interface Room {
	readonly id: string;
	readonly kind: Room_Kind;
	/** A channel's name without `#`; empty for a direct conversation. */
	readonly name: string;
	/** The other user of a direct conversation. */
	readonly peer: User | undefined;
	/** `#name` or `@peer`. */
	readonly title: string;
	/** The user's own membership. */
	readonly standing: Room_Standing;
	/** The incarnation of the log. */
	readonly epoch: number;
	/** The newest known seq. */
	readonly head: number;
	/**
	 * The known members: all after `who`, else the pages that `loadMembers` has loaded, else those whose join is in the timeline. Kept
	 * up to date from the log; after skipped entries, pages may have to be loaded again.
	 */
	readonly members: ReadonlyMap<string, RoomMember>;
	/** Whether `members` holds all members. False after skipped entries, until the room has loaded the list again, which it does by itself. */
	readonly membersComplete: boolean;
	/** Number of members, without the invited. */
	readonly memberCount: number;
	/** Number of members online; in a large room, as of the last request for members. Undefined before the first. */
	readonly onlineCount: number | undefined;

	/**
	 * A gap-free range of the log: entries `from` to `to`, in order. The same array until it changes. Empty at first
	 * (`to` = `from` - 1); `loadOlder` prepends older entries.
	 */
	readonly timeline: readonly Entry[];
	readonly from: number;
	readonly to: number;
	/** Sends to this room that are not in the timeline yet, in order. The same array until it changes. */
	readonly pending: readonly Delivery[];
	/** Messages of others after `seen`. Entries between that are not in the timeline count as one message each. */
	readonly unread: number;
	/** The newest seq marked by `markSeen`; at first the head at the time of joining. */
	readonly seen: number;
	/** Other users who are typing. */
	readonly typing: readonly User[];

	/**
	 * Sends `text`. It is stored in the outbox first, then retried until the server acknowledges it or refuses it for good. Throws
	 * `RefusedError` (`invalid`, `too_large`, `bad_utf8`) for an invalid text, `OutboxError` when the outbox is full, and
	 * `ClosedError` when the client was closed or nobody is logged in.
	 *
	 * @example
	 * ```ts
	 * const delivery = room.send("hello"); // now in `room.pending`
	 * const { seq } = await delivery.done; // now in the log, durably
	 * ```
	 */
	send(text: string, options?: SendOptions): Delivery;
	/** Loads up to `limit` entries before `from` into the timeline; returns how many; 0 at the beginning of the log. */
	loadOlder(limit?: number, options?: CallOptions): Promise<number>;
	/** Drops the oldest entries of the timeline so that `keep` remain; they can be loaded again. */
	trim(keep: number): void;
	/** Marks entries up to `seq` (default: the timeline's end) as seen. Never goes back. */
	markSeen(seq?: number): void;
	/**
	 * All members, with their presence if the room is small enough for the server to report it (100 members by default). A large room
	 * is loaded page by page; later calls request only changes, and the presence of the members given to `lookAt`.
	 */
	who(options?: CallOptions): Promise<readonly RoomMember[]>;
	/**
	 * Loads the next up to `limit` (200) members of a large room into `members`; returns how many; 0 when all are loaded. Concurrent
	 * calls share one request, each with its own bounds.
	 */
	loadMembers(limit?: number, options?: CallOptions): Promise<number>;
	/**
	 * Sets the members (ids, at most 100) whose presence is shown. In a large room it is requested now, after each reconnect and with
	 * `who`; in a small one the server reports it for all members.
	 */
	lookAt(users: readonly string[], options?: CallOptions): Promise<void>;
	leave(options?: CallOptions): Promise<void>;
	rename(name: string, options?: CallOptions): Promise<void>;
	/** Invites the user of this name. */
	invite(name: string, options?: CallOptions): Promise<void>;
	/** Sends a typing notice. Call it on each key press: it is sent at most once in 3 s, and never queued. */
	sendTyping(): void;
	/**
	 * A page of the server's log; does not change the timeline. The newest page, or one bound: `before` or `after` a seq (exclusive),
	 * `around` a seq, or `atMs`: around the first entry at or after a time (ms since 1970).
	 */
	history(bound: HistoryBound, options?: CallOptions): Promise<Page>;

	on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): Off;
	/** As `on`, for the next event of its kind only. */
	once<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): Off;
	/**
	 * Every entry exactly once, in order, without a gap, across reconnects: skipped entries are fetched page by page. A slow loop
	 * reads the log at its own pace and loses nothing. Ends when the room is left or the client closed; throws `EpochError` when
	 * the log was restored from an older state, and the reason if the client has stopped.
	 *
	 * @example
	 * ```ts
	 * // A program that must see every entry stores its own cursor, and resumes from it after any time.
	 * for await (const entry of room.entries({ after: await lastSeqDone() })) {
	 * 	await handle(entry);
	 * 	await keep(entry.seq);
	 * }
	 * ```
	 */
	entries(options?: EntriesOptions & { readonly fill?: true }): AsyncIterableIterator<Entry>;
	/** With `fill: false` skipped entries, also by a new epoch, are not fetched but reported as `{ skipped: { from, to, reason } }`. */
	entries(
		options: EntriesOptions & { readonly fill: boolean },
	): AsyncIterableIterator<Entry | { readonly skipped: SkippedRange }>;
}

/** Progress of a send. */
export type DeliveryState =
	/** In the outbox, not in flight. `retryAtMs` is set during a back-off; `refusal`: why it waits, where its last try was refused. */
	| { readonly state: "waiting"; readonly retryAtMs?: number; readonly refusal?: RefusedError }
	/** In flight, not yet acknowledged. `refusal`: of the try before. */
	| { readonly state: "sent"; readonly refusal?: RefusedError }
	/** In the log, durably, at `sent.seq`. */
	| { readonly state: "done"; readonly sent: Sent }
	/**
	 * In the outbox until `retry` or `discard`. `RefusedError`: refused for good, not in the log. `UnknownOutcomeError`: the server
	 * failed repeatedly; it may be in the log.
	 */
	| { readonly state: "failed"; readonly error: RefusedError | UnknownOutcomeError }
	| { readonly state: "discarded" };

/** One send, from `room.send` until it is in the timeline or discarded. */
export interface Delivery {
	/** The idempotency key; the entry in the log has the same. Another one after `retry` of a send that was refused for good. */
	readonly cid: string;
	/** The room's id. */
	readonly room: string;
	readonly text: string;
	/** Time of `room.send`, milliseconds of the wall clock. */
	readonly atMs: number;
	readonly status: DeliveryState;
	/**
	 * Whether the outbox's store has it: until then a crash of the program loses it. Also true when the store failed, which `problem`
	 * has reported.
	 */
	readonly kept: boolean;
	/**
	 * Resolves when it is durable. Rejects with `RefusedError` or `UnknownOutcomeError` when it failed (see `status`), with
	 * `DiscardedError` when it was discarded, and with the bounds of `send`: a send that was in flight before then has an unknown
	 * outcome and is still retried; any other is discarded. An unhandled rejection is not reported.
	 */
	readonly done: Promise<Sent>;
	/**
	 * Sends it again, after the sends made since. After an `UnknownOutcomeError` under the same cid: if it is in the log already, it is
	 * acknowledged with its seq there. After a `RefusedError` under a new one: the refused cid can never come into the log. Replaces `done`.
	 */
	retry(): void;
	/**
	 * Removes it from the outbox. Certain to have no effect only if it was never in flight or was refused for good; any other, also
	 * one that failed with `UnknownOutcomeError`, may be in the log.
	 */
	discard(): void;
}
