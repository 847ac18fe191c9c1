/// <reference lib="esnext.disposable" preserve="true" />
// What the SDK offers, as types: the client, its rooms, its deliveries. `connect` (client.ts) makes one.
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
import type { Clock, Random } from "./clock.ts";
import type { Entry, Page } from "./entry.ts";
import type { RefusedError, UnknownOutcomeError, VerbatimError } from "./errors.ts";
import type { MarkStore } from "./marks/store.ts";
import type { OutboxStore } from "./outbox/store.ts";
import type { TokenStore } from "./tokens/store.ts";
import type { Transport } from "./transport/transport.ts";

export type { Entry, Page };

/** A room as the server describes it: what lists of rooms and invitations are made of. */
export type RoomInfo = WireRoom;

/** How one proves who one is. With `refresh`, a token that has expired is renewed by itself. */
export type Credential =
	| { readonly guest: string }
	| { readonly login: { readonly name: string; readonly password: string } }
	| { readonly register: { readonly name: string; readonly password: string } }
	| { readonly token: string; readonly refresh?: string };

export interface ConnectOptions {
	/**
	 * Where the server is: `wss://chat.example.org`, `ws://…` (or `https://`, `http://`; the path is `/ws` unless one is given), and
	 * on Node and Bun also `tcp://host:port`, `tls://host:port` and `unix:/path`. Several are tried in turn.
	 */
	readonly endpoints: string | readonly string[];
	/**
	 * Who one is. A function is asked whenever a fresh credential is needed. What `tokens` has kept goes first. Without any of
	 * the two the client stays `idle` until `logIn`.
	 */
	readonly credential?: Credential | (() => Promise<Credential>);
	/** Default: `proto`. */
	readonly codec?: CodecName;
	/** Keeps sends until they are acknowledged, through reloads and crashes. Default: IndexedDB where there is one, else memory. */
	readonly outbox?: OutboxStore;
	/**
	 * Keeps the identity through reloads and restarts. Default: on Node and Bun a guest's in a file of the user's state folder
	 * (`$XDG_STATE_HOME/verbatim/guests`), everything else in memory.
	 */
	readonly tokens?: TokenStore;
	/** Keeps what was seen, so that unread counts survive reloads. Default: nothing is kept. */
	readonly marks?: MarkStore;
	/** Default: WebSocket; with `@verbatim/client/node` also TCP and TLS. */
	readonly transports?: readonly Transport[];
	/** Overrides single times of the protocol's `TIMING`. */
	readonly timing?: Partial<Timing>;
	/** Overrides single limits of the protocol's `LIMITS`. */
	readonly limits?: Partial<Limits>;
	/** Give up after this many attempts in a row. Default: never. */
	readonly attemptsMax?: number;
	/** Entries kept per room at the live end; older ones are loaded again on demand. Default: 2,000. */
	readonly timelineMax?: number;
	/** Sends on the wire at once. Default: 64. */
	readonly sendsInFlightMax?: number;
	/** Sends waiting in the outbox at once, failed ones included; more are refused. Default: 10,000. */
	readonly outboxMax?: number;
	/** Name and version of the program, for the server's log. */
	readonly client?: string;
	/**
	 * Calls its task when now is a good moment to try, until what it gives is called. Default: in browsers when the page is online, shown
	 * or restored again; on Node and Bun when the network interfaces change or the device has slept.
	 */
	readonly wake?: (task: () => void) => Off;
	/** Is told of the connection's life, of problems, and of sends that failed. Default: nobody is. */
	readonly logger?: Logger;
	readonly clock?: Clock;
	readonly random?: Random;
}

/**
 * Where the SDK logs to: fields, then words, as with pino (a pino logger can be given as it is; so can `console`). Errors are in the
 * field `err`. Texts, tokens and passwords are never logged. What a logger throws is reported as an uncaught error.
 */
export interface Logger {
	debug(fields: object, message: string): void;
	info(fields: object, message: string): void;
	warn(fields: object, message: string): void;
	error(fields: object, message: string): void;
}

/** What a client's connections have carried, over its whole life. */
export interface ConnectionStatistics {
	/** Of the newest ping that was answered, in ms; there is one at the start of each connection. Undefined before the first. */
	readonly roundTripMs: number | undefined;
	/** Connections that were welcomed. */
	readonly connections: number;
	/** Those of them that took the place of a lost one. */
	readonly reconnects: number;
	/** Messages to the server and from it, heartbeats included. */
	readonly messagesUp: number;
	readonly messagesDown: number;
	/** Their bytes, without what the transport adds (framing, TLS, compression). */
	readonly bytesUp: number;
	readonly bytesDown: number;
	/** Why a connection was lost, or could not be made, the last time; undefined if that never happened. */
	readonly lastError: VerbatimError | undefined;
}

/** Bounds of `drain`. */
export interface DrainOptions {
	readonly signal?: AbortSignal;
	/** Default: none. */
	readonly timeoutMs?: number;
}

/** Where the connection stands. Times are milliseconds of the wall clock. */
export type Status =
	/** Nobody has said who is there: see `logIn`. */
	| { readonly state: "idle" }
	/** `attempt` counts from 1 and starts again after a stable connection. */
	| { readonly state: "connecting"; readonly attempt: number; readonly endpoint: string }
	/**
	 * `suspect`: a heartbeat was missed, or a command has had no answer for `timing.suspectAfterMs` (3 s); the connection may be
	 * gone. It was asked; without any sign of life another one is made, 5 s later in the second case. `behind`: the server reads
	 * from the log for this connection, which was
	 * too slow; everything comes, later.
	 */
	| {
			readonly state: "live";
			readonly endpoint: string;
			readonly sinceMs: number;
			readonly suspect: boolean;
			readonly behind: boolean;
	  }
	| { readonly state: "waiting"; readonly attempt: number; readonly retryAtMs: number; readonly why: VerbatimError }
	/** It does not try any more: closed by the caller, or for an error that trying again cannot heal. `logIn` starts it anew. */
	| { readonly state: "stopped"; readonly why: VerbatimError | "closed" };

/** Bounds of one call. */
export interface CallOptions {
	readonly signal?: AbortSignal;
	/** Default: `timing.answerMs` (10 s). It covers waiting for the connection too. */
	readonly timeoutMs?: number;
}

export interface JoinOptions extends CallOptions {
	/** Make a public channel if nobody has it yet. Default: false. */
	readonly create?: boolean;
	/** Newest entries wanted at once. Default: `limits.historyEntriesDefault` (50). */
	readonly history?: number;
}

export interface RoomsPageOptions extends CallOptions {
	/** Default: the first page. */
	readonly after?: string;
	/** Public channels wanted at most. Default: `limits.roomsPageMax` (500). */
	readonly limit?: number;
}

export interface RoomsPage {
	readonly rooms: readonly RoomInfo[];
	/** Undefined: this was the last page. */
	readonly next: string | undefined;
}

/** Ends a subscription to an event; calling it twice does nothing. */
export type Off = () => void;

export interface ClientEvents {
	status: Status;
	/** Another identity, or the first. */
	user: User;
	roomAdded: Room;
	/** One is no member any more. The room's iterations end. */
	roomRemoved: Room;
	invited: { readonly room: RoomInfo; readonly by: User | undefined };
	/** An invitation is open no longer: accepted or declined, by this client or another session of the user, or another user is logged in. */
	invitationClosed: RoomInfo;
	presence: { readonly user: User; readonly online: boolean };
	/** Fresh tokens, already kept by the token store. */
	tokens: Tokens;
	/** Something went wrong that no call will tell: a lost connection, a damaged frame, an outbox that cannot keep anything. */
	problem: VerbatimError;
}

/** An event as a value, for `for await`. `lost` says how many were dropped because the loop was too slow. */
export type ClientEvent =
	| { readonly [E in keyof ClientEvents]: { readonly type: E; readonly value: ClientEvents[E] } }[keyof ClientEvents]
	| { readonly type: "lost"; readonly value: number };

export interface Client {
	readonly status: Status;
	/** Who one is; undefined before the first welcome. */
	readonly user: User | undefined;
	/** The rooms one is a member of, by id. */
	readonly rooms: ReadonlyMap<string, Room>;
	/** Rooms to which an invitation is open, by id; `join(id)` accepts. */
	readonly invitations: ReadonlyMap<string, RoomInfo>;
	/** Of this moment; a new object each time. */
	readonly statistics: ConnectionStatistics;
	/** Everything said and not yet in the log, over all rooms, oldest first; failed ones until they are retried or discarded. */
	readonly outbox: readonly Delivery[];

	/** Resolves with the user when the connection is live. Rejects when it has stopped, and with the call's bounds. */
	ready(options?: CallOptions): Promise<User>;
	/** Becomes a member of the room `ref` (`#name`, `@name` or an id), with its newest entries. A member already: the room as it is. */
	join(ref: string, options?: JoinOptions): Promise<Room>;
	/** The direct conversation with the user of this name, made if it is not there. */
	direct(name: string, options?: CallOptions): Promise<Room>;
	/** Is there a user of this name? Begins nothing with them. */
	hasUser(name: string, options?: CallOptions): Promise<boolean>;
	/** Is there a channel of this name, or of one that looks like it, that one may join? Private ones of others are not told. */
	hasRoom(name: string, options?: CallOptions): Promise<boolean>;
	/** Makes a channel; `room_taken` if there is one of this name. */
	create(name: string, options?: CallOptions & { readonly private?: boolean }): Promise<Room>;
	/** All rooms one may see: one's own and public channels, page by page. There may be thousands; `listRoomsPage` gives some. */
	listRooms(options?: CallOptions): Promise<readonly RoomInfo[]>;
	/** One page of them: first one's own and the first public channels, then, after the `next` of the page before, those that follow. */
	listRoomsPage(options?: RoomsPageOptions): Promise<RoomsPage>;
	/** Becomes somebody (else): drops the connection, forgets the rooms of the user before, and resolves when welcomed. */
	logIn(credential: Credential, options?: CallOptions): Promise<User>;
	/** Forgets the identity, here and in the token store, and becomes `idle`. What waits in the outbox stays there for the same user. */
	logOut(): Promise<void>;
	/**
	 * "Try now", for instance behind a button or when a program knows that the network is back. Ends a wait for the next attempt;
	 * gives up an attempt that has hung for `timing.suspectAfterMs` (3 s) and makes another; asks a live connection whether
	 * it still is, and connects anew if nothing comes within `timing.pongMs` (5 s). Sends that were put off are tried at once.
	 * Does nothing where the client is `idle` or has `stopped`.
	 */
	reconnect(): void;
	/**
	 * Waits until nothing that was said is under way any more: everything in the outbox is in the log, has failed, or was taken back.
	 * Gives what has failed and is still there (`retry` or `discard` it); an empty list means that all of it is in the log. Also
	 * waits for the first welcome, because only then it is known what an earlier life has left; while nobody is logged in there is
	 * nothing to wait for. Rejects with `TimeoutError`, `AbortedError`, why the client has stopped if it did, and with `ClosedError` at
	 * `logOut` and when another user logs in; what waits stays in the outbox then.
	 *
	 * @example
	 * ```ts
	 * for (const line of lines) room.send(line);
	 * const failed = await client.drain({ timeoutMs: 30_000 });
	 * await client.close();
	 * ```
	 */
	drain(options?: DrainOptions): Promise<readonly Delivery[]>;
	/** Says goodbye and ends everything; calls under way reject with `ClosedError`. The outbox keeps what is not acknowledged. */
	close(): Promise<void>;

	on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Off;
	/** As `on`, for the next event of its kind only. */
	once<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Off;
	/** All events in order, from now on, until `close` or the signal. Buffers 1,024; drops the oldest beyond, and says so. */
	events(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<ClientEvent>;

	[Symbol.asyncDispose](): Promise<void>;
}

export interface RoomMember {
	readonly user: User;
	readonly standing: Room_Standing;
	/** As far as it was told; undefined: not known. */
	readonly online: boolean | undefined;
}

/** These entries of the room were not sent; the timeline goes on after them. */
export interface SkippedRange {
	readonly from: number;
	readonly to: number;
	/** far: too much to send. epoch: the log was restored from an older state. trimmed: this reader was slower than the window. */
	readonly reason: "far" | "epoch" | "trimmed";
}

export interface RoomEvents {
	/** Something of the room is different: timeline, pending, members, name, head, unread or typing. At most once per turn. */
	changed: Room;
	/** A new entry, once each, in order. Pages of the past come without this event. */
	entry: Entry;
	typing: readonly User[];
	skipped: SkippedRange;
}

export interface SendOptions {
	readonly signal?: AbortSignal;
	/** Default: none; the outbox tries until the server has answered. */
	readonly timeoutMs?: number;
}

export interface EntriesOptions {
	/** Begin after this seq. Default: the timeline's end, that is, live. */
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
	/** The other one of a direct conversation. */
	readonly peer: User | undefined;
	/** `#name` or `@peer`. */
	readonly title: string;
	/** What oneself is in it. */
	readonly standing: Room_Standing;
	/** The incarnation of the log. */
	readonly epoch: number;
	/** The newest seq known of. */
	readonly head: number;
	/**
	 * The members known: all of them once `who` was asked, the pages of them that `loadMembers` has brought, before that those whose coming
	 * was seen. It follows the log; after an absence in which entries were skipped, pages may have to be loaded again.
	 */
	readonly members: ReadonlyMap<string, RoomMember>;
	/** Is everybody in `members`? No longer where entries were skipped, until the list is asked for again, which the room does by itself. */
	readonly membersComplete: boolean;
	/** How many are members, without the invited. */
	readonly memberCount: number;
	/** How many of them are online; in a large room, as it was when members were asked for. Undefined: they were not. */
	readonly onlineCount: number | undefined;

	/**
	 * A gap-free piece of the log: entries `from` to `to`, all of them, in order. The same array until it changes, then another
	 * one. Empty at first (`to` = `from` - 1); `loadOlder` brings what came before.
	 */
	readonly timeline: readonly Entry[];
	readonly from: number;
	readonly to: number;
	/** What was said here and is not in the timeline yet, in order. The same array until it changes. */
	readonly pending: readonly Delivery[];
	/** Messages of others after what was seen. Entries between, which are not in the timeline, count as one message each. */
	readonly unread: number;
	/** The newest seq that was seen, by `markSeen`; at first the head at which one came. */
	readonly seen: number;
	/** Others who are writing just now. */
	readonly typing: readonly User[];

	/**
	 * Says `text`. It is kept in the outbox before anything else and tried until the server has it or refuses it for good.
	 * Throws `RefusedError` (`invalid`, `too_large`, `bad_utf8`) for a text that no server would take, `OutboxError` when
	 * too many wait, and `ClosedError` when the client was closed or nobody is logged in any more.
	 *
	 * @example
	 * ```ts
	 * const delivery = room.send("hello"); // now in `room.pending`
	 * const { seq } = await delivery.done; // now in the log, durably
	 * ```
	 */
	send(text: string, options?: SendOptions): Delivery;
	/** Loads up to `limit` entries before `from` into the timeline, and gives how many came; 0 at the beginning of the log. */
	loadOlder(limit?: number, options?: CallOptions): Promise<number>;
	/** Forgets the oldest entries of the timeline so that `keep` remain; they can be loaded again. */
	trim(keep: number): void;
	/** Everything up to `seq` (default: the timeline's end) was seen. Never goes back. */
	markSeen(seq?: number): void;
	/**
	 * Everybody, with their presence where the room is small enough for it to be told (a hundred, by default). The pages of a large room
	 * are loaded one after the other; asked again, only what has changed is, and who is online of those that one looks at (`lookAt`).
	 */
	who(options?: CallOptions): Promise<readonly RoomMember[]>;
	/**
	 * Loads the next up to `limit` (200) members of a large room into `members`, and gives how many came; 0 where all are there. Who asks
	 * while a page is on its way waits for that one, each within bounds of their own.
	 */
	loadMembers(limit?: number, options?: CallOptions): Promise<number>;
	/**
	 * These members, by id, are being looked at (a hundred at most): whether they are online is asked for now, after each reconnect and with
	 * `who`, where it is not told of everybody.
	 */
	lookAt(users: readonly string[], options?: CallOptions): Promise<void>;
	leave(options?: CallOptions): Promise<void>;
	rename(name: string, options?: CallOptions): Promise<void>;
	/** Invites the user of this name. */
	invite(name: string, options?: CallOptions): Promise<void>;
	/** Tells the others that one is writing. Call it on each key: it is sent at most once in 3 s, and never queued. */
	sendTyping(): void;
	/**
	 * A page of the log as it lies on the server, for those who keep their own view of it; the timeline is not touched. The newest, or by one
	 * bound: `before` or `after` a seq (exclusive), `around` a seq, or `atMs`, around the first entry of a time (ms since 1970) or later.
	 */
	history(bound: HistoryBound, options?: CallOptions): Promise<Page>;

	on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): Off;
	/** As `on`, for the next event of its kind only. */
	once<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): Off;
	/**
	 * Every entry exactly once, in order, without a hole, across reconnects: what was skipped is fetched page by page. A slow
	 * loop is never overrun; it reads the log at its own pace. Ends when the room is left or the client closed; throws
	 * `EpochError` when the log was restored from an older state, and why the client stopped if it did.
	 *
	 * @example
	 * ```ts
	 * // A program that must see everything keeps its own place, and goes on from it after three seconds or three weeks.
	 * for await (const entry of room.entries({ after: await lastSeqDone() })) {
	 * 	await handle(entry);
	 * 	await keep(entry.seq);
	 * }
	 * ```
	 */
	entries(options?: EntriesOptions & { readonly fill?: true }): AsyncIterableIterator<Entry>;
	/** The same, except that what was skipped is not fetched but told, as `{ skipped: { from, to, reason } }`; also a new epoch. */
	entries(
		options: EntriesOptions & { readonly fill: boolean },
	): AsyncIterableIterator<Entry | { readonly skipped: SkippedRange }>;
}

/** How far a send has come. */
export type DeliveryState =
	/** Kept, not on the wire. `retryAtMs` is set where the server asked to wait. */
	| { readonly state: "waiting"; readonly retryAtMs?: number }
	/** On the wire, not yet acknowledged. */
	| { readonly state: "sent" }
	/** In the log, durably, at `sent.seq`. */
	| { readonly state: "done"; readonly sent: Sent }
	/**
	 * Kept until `retry` or `discard`. `RefusedError`: refused for good, it is not in the log. `UnknownOutcomeError`: the server
	 * failed at it again and again; it may be in the log or not.
	 */
	| { readonly state: "failed"; readonly error: RefusedError | UnknownOutcomeError }
	/** Taken back. */
	| { readonly state: "discarded" };

/** One send on its way. */
export interface Delivery {
	/** The send's own id; the entry in the log has the same. */
	readonly cid: string;
	/** The room's id. */
	readonly room: string;
	readonly text: string;
	/** When it was said, milliseconds of the wall clock. */
	readonly atMs: number;
	readonly status: DeliveryState;
	/**
	 * False until the outbox's store has it: a program that is killed before loses it. True also where the store could not take it, which
	 * `problem` has told.
	 */
	readonly kept: boolean;
	/**
	 * Resolves when it is durable. Rejects with `RefusedError` or `UnknownOutcomeError` when it failed (see `status`),
	 * `DiscardedError` when it was taken back, and with the bounds of `send`: then, if it had been on the wire, its outcome is
	 * unknown and it goes on being tried; else it is taken back. Nobody has to handle it.
	 */
	readonly done: Promise<Sent>;
	/**
	 * Tries a failed send again, under the same cid, after what was said since; one that is in the log already is acknowledged in
	 * its place there. `done` is a new promise then.
	 */
	retry(): void;
	/**
	 * Takes it back: certain if it was never on the wire or was refused for good; any other, also one that failed with
	 * `UnknownOutcomeError`, may be in the log all the same.
	 */
	discard(): void;
}
