// `connect`: builds a client from its parts. The connector maintains the session; the client dispatches its messages to the rooms
// and the outbox, in wire order.
// One file because it is the public methods, each a few lines that hand on to a part, and the ports of those parts, which share its
// private state.
import {
	type Command,
	jsonCodec,
	LIMITS,
	type Limits,
	protoCodec,
	Room_Kind,
	type RoomList,
	TIMING,
	type Tokens,
	type User,
	type Welcome,
} from "@verbatim/protocol";
import type {
	CallOptions,
	Client,
	ClientEvent,
	ClientEvents,
	ConnectionStatistics,
	ConnectOptions,
	Credential,
	Delivery,
	DrainOptions,
	JoinOptions,
	Room,
	RoomInfo,
	RoomsPage,
	RoomsPageOptions,
	SendOptions,
	Status,
} from "./api/api.ts";
import { systemClock, systemRandom } from "./base/clock.ts";
import { AbortedError, ClosedError, ProtocolError, RefusedError, VerbatimError } from "./base/errors.ts";
import type { Off } from "./base/events.ts";
import { Emitter, Stream, Waiters } from "./base/events.ts";
import type { Parts } from "./base/parts.ts";
import { Calls, stoppedError } from "./calls.ts";
import { logEvents, logFailed } from "./log.ts";
import { MarkCache } from "./marks/cache.ts";
import { indexedDbOutbox } from "./outbox/indexeddb.ts";
import { memoryOutbox } from "./outbox/memory.ts";
import { Outbox } from "./outbox/outbox.ts";
import type { RoomPort } from "./room/room.ts";
import { RoomRegistry, type RoomRegistryPort } from "./room/room-registry.ts";
import { Connector } from "./session/connector.ts";
import { Identity } from "./session/identity.ts";
import type { Body } from "./session/session.ts";
import { Statistics } from "./session/statistics.ts";
import { onWake } from "./session/wake.ts";
import { memoryTokens } from "./tokens/memory.ts";
import { endpointOf } from "./transport/endpoint.ts";
import { webSocketTransport } from "./transport/websocket.ts";

/**
 * Opens a client: it begins to connect at once and keeps at it until `close`. Throws `TypeError` for an endpoint that is
 * no URL, or of a scheme that no transport serves.
 *
 * @example
 * ```ts
 * import { connect } from "@verbatim/client";
 *
 * const client = connect({ endpoints: "wss://chat.example.org/ws", credential: { guest: "ann" } });
 * await client.ready();
 * const tea = await client.join("#tea", { create: true });
 * await tea.send("hello").done; // durable, at its place in the log
 * for await (const { seq, sender, text } of tea.entries()) {
 * 	if (text !== undefined) show(seq, sender?.name, text);
 * }
 * ```
 */
export function connect(options: ConnectOptions): Client {
	return new LiveClient(options);
}

const EVENTS_BUFFERED_MAX = 1_024;
/** How long `decline` waits at most for the invitation to be gone, after the server has taken it. */
const DECLINED_MS = 1_000;
const NOT_FOUND: ReadonlySet<string> = new Set(["no_such_room", "no_such_user", "name_invalid"]);

class LiveClient implements Client {
	private readonly parts: Omit<Parts, "limits"> & { readonly limits: { -readonly [K in keyof Limits]: Limits[K] } };
	private readonly emitter = new Emitter<ClientEvents>();
	private readonly streams = new Set<Stream<ClientEvent>>();
	private readonly identity: Identity;
	private readonly connector: Connector;
	private readonly calls: Calls;
	private readonly sends: Outbox;
	private readonly marks: MarkCache;
	private readonly registry: RoomRegistry;
	private readonly offWake: Off;
	private readonly statisticsNow = new Statistics();
	/** Calls of `drain`. */
	private readonly draining = new Waiters();
	private userNow: User | undefined;
	/** The token store was read: it is known whether there is a credential. */
	private started = false;
	private closing: Promise<void> | undefined;

	constructor(options: ConnectOptions) {
		const clock = options.clock ?? systemClock;
		const random = options.random ?? systemRandom;
		const timing = { ...TIMING, ...options.timing };
		this.parts = { clock, random, timing, limits: { ...LIMITS, ...options.limits } };
		const transports = options.transports ?? [webSocketTransport()];
		const endpoints = [options.endpoints].flat().map((endpoint) => endpointOf(endpoint, transports));
		if (endpoints.length === 0) throw new TypeError("at least one endpoint is needed");
		const self = this;
		this.calls = new Calls(clock, random, timing, {
			get status() {
				return self.status;
			},
			get session() {
				return self.connector.live;
			},
		});
		this.sends = new Outbox(
			this.parts,
			options.outbox ?? (typeof indexedDB === "undefined" ? memoryOutbox() : indexedDbOutbox()),
			{
				get session() {
					return self.connector.live;
				},
				shows: (room, seq) => (this.registry.rooms.get(room)?.to ?? Number.POSITIVE_INFINITY) >= seq,
				changed: (room) => {
					this.registry.rooms.get(room)?.change();
					this.draining.wake();
				},
				failed: (delivery) => {
					if (options.logger !== undefined) logFailed(options.logger, delivery);
				},
				problem: (error) => this.emitter.emit("problem", error),
			},
			{ inFlightMax: options.sendsInFlightMax ?? 64, itemsMax: options.outboxMax ?? 10_000 },
		);
		this.marks = new MarkCache(options.marks, clock, (what, cause) =>
			this.emitter.emit("problem", new VerbatimError(what, { cause })),
		);
		this.registry = new RoomRegistry(this.parts, options.timelineMax ?? 2_000, this.roomPort(), this.registryPort());
		this.identity = new Identity(options.credential, options.tokens ?? memoryTokens(), this.parts, (what, cause) =>
			this.emitter.emit("problem", new VerbatimError(what, { cause })),
		);
		this.connector = new Connector(
			this.parts,
			{
				endpoints,
				transports,
				codec: options.codec === "json" ? jsonCodec : protoCodec,
				client: (options.client ?? "").replace(/[^\x20-\x7e]/g, "").slice(0, this.parts.limits.traceCharsMax),
				attemptsMax: options.attemptsMax ?? 0,
			},
			this.identity,
			this.statisticsNow,
			{
				cursors: () => this.registry.cursors(),
				welcomed: (welcome) => this.welcomed(welcome),
				push: (body) => this.pushed(body),
				damaged: (problem) => {
					this.emitter.emit("problem", problem);
					this.registry.damaged();
				},
				lost: () => this.lost(),
				status: (status) => this.statusChanged(status),
				problem: (error) => this.emitter.emit("problem", error),
				tokens: (tokens: Tokens) => this.emitter.emit("tokens", tokens),
			},
		);
		if (options.logger !== undefined) logEvents(options.logger, this.emitter, clock);
		this.emitter.tap((type, value) => {
			for (const stream of [...this.streams]) stream.push({ type, value } as ClientEvent);
		});
		this.offWake = (options.wake ?? onWake)(() => this.connector.wake());
		void this.start();
	}

	get status(): Status {
		return this.connector.status;
	}
	get user(): User | undefined {
		return this.userNow;
	}
	get rooms(): ReadonlyMap<string, Room> {
		return this.registry.rooms;
	}
	get invitations(): ReadonlyMap<string, RoomInfo> {
		return this.registry.invitations;
	}
	get statistics(): ConnectionStatistics {
		return this.statisticsNow.snapshot;
	}
	get outbox(): readonly Delivery[] {
		return this.sends.all;
	}

	// ------------------------------------------------------------ public calls

	ready(options: CallOptions = {}): Promise<User> {
		return this.calls.bounded("ready", options, async (signal) => {
			await this.calls.live(signal);
			return this.mustUser();
		});
	}

	async join(ref: string, { create = false, history, ...options }: JoinOptions = {}): Promise<Room> {
		for (const room of this.registry.rooms.values()) if (room.id === ref || room.title === ref) return room;
		const value = { room: ref, create, history: history ?? this.parts.limits.historyEntriesDefault };
		return this.joinWith({ case: "join", value }, options);
	}

	async decline(ref: string, { timeoutMs = this.parts.timing.answerMs, ...options }: CallOptions = {}): Promise<void> {
		const { clock } = this.parts;
		const deadlineMs = clock.monotonic() + timeoutMs;
		// Invitations are known from the welcome on.
		await this.ready({ ...options, timeoutMs });
		const id = this.registry.invitationOf(ref);
		if (id === undefined) return;
		const leftMs = Math.max(1, deadlineMs - clock.monotonic());
		try {
			await this.calls.call({ case: "leave", value: { room: id } }, { ...options, timeoutMs: leftMs });
		} catch (error) {
			// Declined already: by a try whose answer was lost, or by another call.
			if (!(error instanceof RefusedError && error.code === "no_such_room")) throw error;
		}
		// Closed by the server's word, which comes soon; not if one was invited again meanwhile.
		await this.registry.invitationClosed(id, DECLINED_MS);
	}

	direct(name: string, options?: CallOptions): Promise<Room> {
		return this.join(`@${name.replace(/^@/, "")}`, options);
	}

	hasUser(name: string, options?: CallOptions): Promise<boolean> {
		return this.exists(`@${name.replace(/^@/, "")}`, options);
	}

	hasRoom(name: string, options?: CallOptions): Promise<boolean> {
		return this.exists(`#${name.replace(/^#/, "")}`, options);
	}

	create(
		name: string,
		{ private: hidden = false, ...options }: CallOptions & { readonly private?: boolean } = {},
	): Promise<Room> {
		const kind = hidden ? Room_Kind.PRIVATE : Room_Kind.PUBLIC;
		return this.joinWith({ case: "create", value: { name, kind, history: this.parts.limits.historyEntriesDefault } }, options);
	}

	async listRooms(options: CallOptions = {}): Promise<readonly RoomInfo[]> {
		// By id: a channel that is renamed between two pages may be on both.
		const rooms = new Map<string, RoomInfo>();
		let after: string | undefined;
		do {
			const page = await this.listRoomsPage({ ...options, ...(after !== undefined && { after }) });
			for (const room of page.rooms) rooms.set(room.id, room);
			after = page.next;
		} while (after !== undefined);
		return [...rooms.values()];
	}

	async listRoomsPage({ after = "", limit = 0, ...options }: RoomsPageOptions = {}): Promise<RoomsPage> {
		const { rooms, next } = roomListOf(await this.calls.call({ case: "rooms", value: { after, limit } }, options));
		return { rooms, next: next === "" ? undefined : next };
	}

	logIn(credential: Credential, options?: CallOptions): Promise<User> {
		if (this.closing !== undefined) return Promise.reject(stoppedError("closed"));
		this.connector.logIn(credential);
		return this.ready(options);
	}

	async logOut(): Promise<void> {
		if (this.closing !== undefined) return;
		const forgotten = this.connector.logOut();
		this.setUser(undefined);
		await forgotten;
	}

	reconnect(): void {
		this.connector.reconnect();
		this.sends.retryNow();
	}

	drain({ signal, timeoutMs = Number.POSITIVE_INFINITY }: DrainOptions = {}): Promise<readonly Delivery[]> {
		return this.calls.bounded("drain", { timeoutMs, ...(signal && { signal }) }, async (bounds) => {
			const user = this.userNow?.id;
			while (this.sends.underWay) {
				const { status } = this;
				if (status.state === "stopped") throw stoppedError(status.why);
				if (bounds.aborted) throw new AbortedError("drain", bounds.reason);
				// Nobody is logged in: nothing is sent.
				if (this.started && status.state === "idle") break;
				await this.draining.wait(bounds);
				if (user !== undefined && this.userNow?.id !== user) throw new ClosedError("another identity has taken over");
			}
			return this.sends.all.filter((delivery) => delivery.status.state === "failed");
		});
	}

	close(): Promise<void> {
		this.closing ??= this.closeAll();
		return this.closing;
	}

	on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Off {
		return this.emitter.on(event, listener);
	}

	once<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Off {
		return this.emitter.once(event, listener);
	}

	events({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<ClientEvent> {
		const onAbort = (): void => stream.end();
		const stream: Stream<ClientEvent> = new Stream(
			EVENTS_BUFFERED_MAX,
			(value) => ({ type: "lost", value }),
			() => {
				this.streams.delete(stream);
				signal?.removeEventListener("abort", onAbort);
			},
		);
		this.streams.add(stream);
		if (signal?.aborted || this.closing !== undefined) stream.end();
		else signal?.addEventListener("abort", onAbort, { once: true });
		return stream;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	// ------------------------------------------------------------ messages and state of the connection

	private welcomed(welcome: Welcome): void {
		const { user } = welcome;
		if (user === undefined) {
			this.connector.resync(new ProtocolError("a welcome named no user"));
			return;
		}
		if (welcome.textBytesMax > 0) this.parts.limits.textBytesMax = welcome.textBytesMax;
		this.setUser(user);
		this.registry.welcomed(welcome.rooms);
	}

	private pushed(body: Body): void {
		this.registry.pushed(body);
		switch (body.case) {
			case "behind":
				this.connector.behind(body.value.behind);
				// Presence is ephemeral: it was not sent during catch-up.
				if (!body.value.behind) for (const room of this.registry.rooms.values()) room.refreshMembers();
				return;
			case "presence": {
				const { user, online } = body.value;
				if (user !== undefined) this.emitter.emit("presence", { user, online });
				return;
			}
			case "failure":
				// Of a command whose id the server could not read.
				this.emitter.emit("problem", new RefusedError(body.value));
				return;
			default:
			// For rooms (handled above), a late answer, or a message of a newer server.
		}
	}

	private lost(): void {
		this.sends.disconnected();
		for (const room of this.registry.rooms.values()) room.disconnected();
	}

	private statusChanged(status: Status): void {
		if (status.state === "stopped" && status.why !== "closed")
			for (const room of this.registry.rooms.values()) room.clientStopped(status.why);
		this.calls.statusChanged();
		this.draining.wake();
		this.emitter.emit("status", status);
		if (status.state === "live") this.sends.resume();
	}

	// ------------------------------------------------------------ rooms

	private async exists(ref: string, options: CallOptions = {}): Promise<boolean> {
		try {
			// `who` of a room that the user need not be in: the error code tells whether it exists.
			await this.calls.call({ case: "who", value: { room: ref, limit: 1 } }, options);
			return true;
		} catch (error) {
			const code = error instanceof RefusedError ? error.code : "";
			// The user exists; there is no conversation with them yet.
			if (code === "not_member" || (code === "no_such_room" && ref.startsWith("@"))) return true;
			if (NOT_FOUND.has(code)) return false;
			throw error;
		}
	}

	private async joinWith(command: Command, options: CallOptions): Promise<Room> {
		let room: Room | undefined;
		await this.calls.call(command, options, (body) => {
			room = this.registry.joined(body);
		});
		if (room === undefined) throw new ProtocolError(`${command.case ?? "a command"} gave no room`);
		return room;
	}

	private registryPort(): RoomRegistryPort {
		const self = this;
		return {
			get session() {
				return self.connector.live;
			},
			listRooms: async () => {
				// The first page has all joined rooms; the public channels on it are not needed.
				const ask: Command = { case: "rooms", value: { limit: 1 } };
				return roomListOf(await this.calls.persist(() => ask, new AbortController().signal)).rooms;
			},
			resync: (why) => this.connector.resync(why),
			added: (room) => {
				void this.marks.restore(room);
				this.emitter.emit("roomAdded", room);
			},
			removed: (room) => this.emitter.emit("roomRemoved", room),
			invited: (room, by) => this.emitter.emit("invited", { room, by }),
			invitationClosed: (room) => this.emitter.emit("invitationClosed", room),
		};
	}

	private roomPort(): RoomPort {
		const self = this;
		return {
			get user() {
				return self.userNow;
			},
			call: (command, options = {}) => this.calls.call(command, options),
			bounded: (what, options, task) => this.calls.bounded(what, options, task),
			persist: (command, signal) => this.calls.persist(command, signal),
			typing: (room) => this.connector.live?.post({ case: "typing", value: { room } }),
			send: (room, text, options?: SendOptions) => {
				if (this.closing !== undefined) throw stoppedError("closed");
				if (this.userNow === undefined) throw new ClosedError("nobody is logged in");
				return this.sends.enqueue(room, text, options);
			},
			pending: (room) => this.sends.pending(room),
			arrived: (room, fresh) => this.sends.arrived(room.id, room.epoch, fresh),
			resync: (why) => this.connector.resync(why),
			infoOutdated: () => this.registry.refreshInfos(),
			left: (room) => this.registry.remove(room.id),
			seen: (room) => this.marks.seen(room),
		};
	}

	// ------------------------------------------------------------ start, identity, end

	private async start(): Promise<void> {
		try {
			await this.connector.start();
		} catch (cause) {
			this.emitter.emit("problem", new VerbatimError("the client could not start", { cause }));
		}
		this.started = true;
		this.draining.wake();
	}

	/** Rooms, outbox and marks belong to one user: another one replaces them. */
	private setUser(user: User | undefined): void {
		const before = this.userNow;
		this.userNow = user;
		if (before?.id !== user?.id) {
			this.registry.clear();
			this.sends.setUser(user?.id ?? "");
			this.marks.setUser(user?.id ?? "");
		}
		if (user !== undefined && (before?.id !== user.id || before.name !== user.name)) this.emitter.emit("user", user);
	}

	private async closeAll(): Promise<void> {
		this.offWake();
		this.connector.stop("closed");
		for (const room of this.registry.rooms.values()) room.end();
		await Promise.all([this.marks.flush(), this.identity.settled(), this.sends.close()]);
		for (const stream of [...this.streams]) stream.end();
	}

	private mustUser(): User {
		if (this.userNow === undefined) throw new ProtocolError("live without a user");
		return this.userNow;
	}
}

function roomListOf(body: Body): RoomList {
	if (body.case !== "roomList") throw new ProtocolError(`rooms was answered by ${body.case ?? "something unknown"}`);
	return body.value;
}
