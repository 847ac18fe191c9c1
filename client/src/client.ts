// `connect`: chooses the parts and ties them together. The connector keeps a session; this passes what the session brings to
// the rooms and the outbox, in the order of the wire.
import {
	type Command,
	jsonCodec,
	LIMITS,
	type Limits,
	protoCodec,
	Room_Kind,
	Room_Standing,
	type RoomAdded,
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
	ConnectOptions,
	Credential,
	Delivery,
	JoinOptions,
	Off,
	Room,
	RoomInfo,
	SendOptions,
	Status,
} from "./api.ts";
import { Calls, stoppedError } from "./calls.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { ProtocolError, RefusedError, VerbatimError } from "./errors.ts";
import { Emitter, Stream } from "./events.ts";
import { MarkKeeper } from "./marks/keeper.ts";
import { indexedDbOutbox } from "./outbox/indexeddb.ts";
import { memoryOutbox } from "./outbox/memory.ts";
import { Outbox } from "./outbox/outbox.ts";
import type { Parts } from "./parts.ts";
import { LiveRoom, type RoomPort } from "./room/room.ts";
import { Connector } from "./session/connector.ts";
import { Identity } from "./session/identity.ts";
import type { Body, Session } from "./session/session.ts";
import { memoryTokens } from "./tokens/memory.ts";
import { webSocketTransport } from "./transport/websocket.ts";
import { onWake } from "./wake.ts";

/**
 * Opens a client: it begins to connect at once and keeps at it until `close`. Throws `TypeError` for an endpoint that is no URL.
 *
 * @example
 * ```ts
 * import { connect } from "@verbatim/client";
 *
 * const client = connect({ endpoints: "wss://chat.example.org/ws", credential: { guest: "ann" } });
 * await client.ready();
 * const tea = await client.join("#tea", { create: true });
 * await tea.send("hello").done; // durable, at its place in the log
 * for await (const entry of tea.entries()) {
 * 	if (entry.body.case === "message") show(entry.seq, entry.sender?.name, entry.body.value.text);
 * }
 * ```
 */
export function connect(options: ConnectOptions): Client {
	return new LiveClient(options);
}

const EVENTS_BUFFERED_MAX = 1_024;

class LiveClient implements Client {
	private readonly options: ConnectOptions;
	private readonly parts: Omit<Parts, "limits"> & { readonly limits: { -readonly [K in keyof Limits]: Limits[K] } };
	private readonly emitter = new Emitter<ClientEvents>();
	private readonly streams = new Set<Stream<ClientEvent>>();
	private readonly identity: Identity;
	private readonly connector: Connector;
	private readonly calls: Calls;
	private readonly sends: Outbox;
	private readonly marks: MarkKeeper;
	private readonly port: RoomPort;
	private readonly offWake: Off;
	private userNow: User | undefined;
	private readonly held = new Map<string, LiveRoom>();
	private readonly invited = new Map<string, RoomInfo>();
	/** Frames lost since it was last made sure that nothing is missing. */
	private damages = 0;
	private closing: Promise<void> | undefined;

	constructor(options: ConnectOptions) {
		this.options = options;
		const clock = options.clock ?? systemClock;
		const random = options.random ?? systemRandom;
		const timing = { ...TIMING, ...options.timing };
		this.parts = { clock, random, timing, limits: { ...LIMITS, ...options.limits } };
		const endpoints = [options.endpoints].flat().map((endpoint) => new URL(endpoint));
		if (endpoints.length === 0) throw new TypeError("at least one endpoint is needed");
		const self = this;
		this.calls = new Calls(clock, random, timing.answerMs, {
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
				shows: (room, seq) => (this.held.get(room)?.to ?? Number.POSITIVE_INFINITY) >= seq,
				changed: (room) => this.held.get(room)?.change(),
				problem: (error) => this.emitter.emit("problem", error),
			},
			{ inFlightMax: options.sendsInFlightMax ?? 64, itemsMax: options.outboxMax ?? 10_000 },
		);
		this.marks = new MarkKeeper(options.marks, clock, (what, cause) =>
			this.emitter.emit("problem", new VerbatimError(what, { cause })),
		);
		this.port = this.roomPort();
		this.identity = new Identity(options.credential, options.tokens ?? memoryTokens(), clock);
		this.connector = new Connector(
			this.parts,
			{
				endpoints,
				transports: options.transports ?? [webSocketTransport()],
				codec: options.codec === "json" ? jsonCodec : protoCodec,
				client: (options.client ?? "").replace(/[^\x20-\x7e]/g, "").slice(0, this.parts.limits.traceCharsMax),
				attemptsMax: options.attemptsMax ?? 0,
			},
			this.identity,
			{
				cursors: () => Array.from(this.held.values(), ({ id, epoch, to }) => ({ room: id, epoch, seq: to })),
				welcomed: (welcome, session) => this.welcomed(welcome, session),
				push: (body) => this.pushed(body),
				damaged: (problem) => this.damaged(problem),
				lost: () => this.lost(),
				status: (status) => this.statusChanged(status),
				problem: (error) => this.emitter.emit("problem", error),
				tokens: (tokens: Tokens) => this.emitter.emit("tokens", tokens),
			},
		);
		this.emitter.tap((type, value) => {
			for (const stream of [...this.streams]) stream.push({ type, value } as ClientEvent);
		});
		this.offWake = onWake(() => this.connector.wake());
		this.connector.start().catch((cause: unknown) => {
			this.emitter.emit("problem", new VerbatimError("the client could not start", { cause }));
		});
	}

	get status(): Status {
		return this.connector.status;
	}
	get user(): User | undefined {
		return this.userNow;
	}
	get rooms(): ReadonlyMap<string, Room> {
		return this.held;
	}
	get invitations(): ReadonlyMap<string, RoomInfo> {
		return this.invited;
	}
	get outbox(): readonly Delivery[] {
		return this.sends.all;
	}

	// ------------------------------------------------------------ what one does

	ready(options: CallOptions = {}): Promise<User> {
		return this.calls.bounded("ready", options, async (signal) => {
			await this.calls.live(signal);
			return this.mustUser();
		});
	}

	async join(ref: string, { create = false, history, ...options }: JoinOptions = {}): Promise<Room> {
		for (const room of this.held.values()) if (room.id === ref || room.title === ref) return room;
		const value = { room: ref, create, history: history ?? this.parts.limits.historyEntriesDefault };
		return this.enter({ case: "join", value }, options);
	}

	direct(name: string, options?: CallOptions): Promise<Room> {
		return this.join(`@${name.replace(/^@/, "")}`, options);
	}

	create(
		name: string,
		{ private: hidden = false, ...options }: CallOptions & { readonly private?: boolean } = {},
	): Promise<Room> {
		const kind = hidden ? Room_Kind.PRIVATE : Room_Kind.PUBLIC;
		return this.enter({ case: "create", value: { name, kind, history: this.parts.limits.historyEntriesDefault } }, options);
	}

	async listRooms(options: CallOptions = {}): Promise<readonly RoomInfo[]> {
		const body = await this.calls.call({ case: "rooms", value: {} }, options);
		if (body.case !== "roomList") throw new ProtocolError(`rooms was answered by ${body.case ?? "something unknown"}`);
		return body.value.rooms;
	}

	logIn(credential: Credential, options?: CallOptions): Promise<User> {
		if (this.closing !== undefined) return Promise.reject(stoppedError("closed"));
		this.connector.become(credential);
		return this.ready(options);
	}

	async logOut(): Promise<void> {
		if (this.closing !== undefined) return;
		const forgotten = this.connector.forget();
		this.become(undefined);
		await forgotten;
	}

	reconnect(): void {
		this.connector.hurry();
	}

	close(): Promise<void> {
		this.closing ??= this.shut();
		return this.closing;
	}

	on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Off {
		return this.emitter.on(event, listener);
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

	// ------------------------------------------------------------ what the connection brings

	private welcomed(welcome: Welcome, _session: Session): void {
		const { user } = welcome;
		if (user === undefined) {
			this.connector.resync(new ProtocolError("a welcome named no user"));
			return;
		}
		if (welcome.textBytesMax > 0) this.parts.limits.textBytesMax = welcome.textBytesMax;
		this.become(user);
		const present = new Set<string>();
		this.invited.clear();
		for (const info of welcome.rooms) {
			if (info.standing === Room_Standing.INVITED) this.invited.set(info.id, info);
			if (!isMember(info)) continue;
			present.add(info.id);
			const room = this.held.get(info.id);
			// What this room has missed follows, after its cursor.
			if (room !== undefined) room.describe(info);
			else this.add(info, info.head, info.head);
		}
		for (const room of [...this.held.values()]) if (!present.has(room.id)) this.remove(room.id);
	}

	private pushed(body: Body): void {
		switch (body.case) {
			case "entries":
				this.roomOf(body.value.room)?.entriesPushed(body.value);
				return;
			case "skipped":
				this.roomOf(body.value.room)?.skipped(body.value);
				return;
			case "roomAdded":
				this.roomAdded(body.value);
				return;
			case "roomRemoved":
				this.invited.delete(body.value.room);
				this.remove(body.value.room);
				return;
			case "invited":
				if (body.value.room === undefined) return;
				this.invited.set(body.value.room.id, body.value.room);
				this.emitter.emit("invited", { room: body.value.room, by: body.value.by });
				return;
			case "behind":
				this.connector.behind(body.value.behind);
				return;
			case "typist":
				if (body.value.user !== undefined) this.held.get(body.value.room)?.typist(body.value.user);
				return;
			case "presence": {
				const { user, online } = body.value;
				if (user === undefined) return;
				for (const room of this.held.values()) room.presence(user, online);
				this.emitter.emit("presence", { user, online });
				return;
			}
			case "failure":
				// For a command that the server could not even read the id of.
				this.emitter.emit("problem", new RefusedError(body.value));
				return;
			case "joined":
				// Its caller has given up, but the stream of the room has begun.
				this.joined(body);
				return;
			default:
			// An answer that nobody waits for any more, or what a newer server says.
		}
	}

	private roomAdded({ room: info }: RoomAdded): void {
		if (info === undefined) return;
		this.invited.delete(info.id);
		const room = this.held.get(info.id);
		if (room === undefined) this.add(info, info.head, info.head);
		else room.verify(info);
	}

	/** A frame was lost, and it may have been any: see what the rooms should be, and fetch what is missing. */
	private damaged(problem: VerbatimError): void {
		this.emitter.emit("problem", problem);
		this.damages++;
		if (this.damages > 1) return;
		this.verify().catch((cause: unknown) => {
			this.damages = 0;
			this.connector.resync(new ProtocolError("what was lost could not be found out", { cause }));
		});
	}

	private async verify(): Promise<void> {
		let session: Session | undefined;
		let body: Body;
		let damages: number;
		do {
			({ damages } = this);
			session = this.connector.live;
			body = await this.calls.persist({ case: "rooms", value: {} }, new AbortController().signal);
			// What was lost meanwhile may be newer than this list.
		} while (damages !== this.damages);
		this.damages = 0;
		// A new session has begun with cursors, which set everything right.
		if (body.case !== "roomList" || session !== this.connector.live) return;
		const own = new Map(body.value.rooms.filter(isMember).map((info) => [info.id, info]));
		for (const room of this.held.values()) {
			const info = own.get(room.id);
			if (info !== undefined) room.verify(info);
		}
		if (own.size !== this.held.size || [...own.keys()].some((id) => !this.held.has(id))) {
			this.connector.resync(new ProtocolError("the rooms are not those that were told"));
		}
	}

	private lost(): void {
		this.sends.disconnected();
		for (const room of this.held.values()) room.disconnected();
	}

	private statusChanged(status: Status): void {
		if (status.state === "stopped" && status.why !== "closed") for (const room of this.held.values()) room.pause(status.why);
		this.calls.stir();
		this.emitter.emit("status", status);
		if (status.state === "live") this.sends.resume();
	}

	// ------------------------------------------------------------ rooms

	private async enter(command: Command, options: CallOptions): Promise<Room> {
		let room: Room | undefined;
		await this.calls.call(command, options, (body) => {
			room = this.joined(body);
		});
		if (room === undefined) throw new ProtocolError(`${command.case ?? "a command"} gave no room`);
		return room;
	}

	private joined(body: Body): LiveRoom {
		if (body.case !== "joined" || body.value.room === undefined || body.value.page === undefined) {
			throw new ProtocolError(`a join was answered by ${body.case ?? "something unknown"}`);
		}
		const { room: info, page } = body.value;
		this.invited.delete(info.id);
		const room = this.held.get(info.id) ?? this.add(info, page.from - 1, page.to);
		room.joined(info, page);
		return room;
	}

	/** A new room; its stream goes on after `cursor`. */
	private add(info: RoomInfo, cursor: number, seen: number): LiveRoom {
		const room = new LiveRoom(this.parts, this.port, this.options.timelineMax ?? 2_000, info, cursor, seen);
		this.held.set(info.id, room);
		void this.marks.restore(room);
		this.emitter.emit("roomAdded", room);
		return room;
	}

	private remove(id: string): void {
		const room = this.held.get(id);
		if (room === undefined) return;
		this.held.delete(id);
		room.end();
		this.emitter.emit("roomRemoved", room);
	}

	/** The room that the server speaks of. One that is not known was told in a frame that got lost. */
	private roomOf(id: string): LiveRoom | undefined {
		const room = this.held.get(id);
		if (room === undefined) this.connector.resync(new ProtocolError("entries came of a room that was never told"));
		return room;
	}

	private roomPort(): RoomPort {
		const self = this;
		return {
			get user() {
				return self.userNow;
			},
			call: (command, options = {}) => this.calls.call(command, options),
			persist: (command, signal) => this.calls.persist(command, signal),
			typing: (room) => this.connector.live?.post({ case: "typing", value: { room } }),
			say: (room, text, options?: SendOptions) => this.sends.say(room, text, options),
			pending: (room) => this.sends.pending(room),
			arrived: (room, fresh) => this.sends.arrived(room.id, room.epoch, fresh),
			resync: (why) => this.connector.resync(why),
			left: (room) => this.remove(room.id),
			seen: (room) => this.marks.seen(room),
		};
	}

	// ------------------------------------------------------------ life

	/** The rooms, sends and marks of another user are another matter. */
	private become(user: User | undefined): void {
		const before = this.userNow;
		this.userNow = user;
		if (before?.id !== user?.id) {
			for (const id of [...this.held.keys()]) this.remove(id);
			this.invited.clear();
			this.sends.become(user?.id ?? "");
			this.marks.become(user?.id ?? "");
		}
		if (user !== undefined && (before?.id !== user.id || before.name !== user.name)) this.emitter.emit("user", user);
	}

	private async shut(): Promise<void> {
		this.offWake();
		this.connector.stop("closed");
		for (const room of this.held.values()) room.end();
		await Promise.all([this.marks.flush(), this.identity.settled(), this.sends.close()]);
		for (const stream of [...this.streams]) stream.end();
	}

	private mustUser(): User {
		if (this.userNow === undefined) throw new ProtocolError("live without a user");
		return this.userNow;
	}
}

function isMember({ standing }: RoomInfo): boolean {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER;
}
