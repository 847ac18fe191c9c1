// A server in a few lines, for scripting bad days: it keeps rooms as logs, answers commands like the real one, and lets a test
// step in before each answer. Connections are in memory; what goes over them is encoded and decoded by the real codecs.
import {
	type Codec,
	type Command,
	create,
	type Down,
	type DownBody,
	DownSchema,
	type Entry,
	EntrySchema,
	ERRORS,
	type ErrorCode,
	type Init,
	jsonCodec,
	type MemberList,
	protoCodec,
	type Room,
	Room_Kind,
	Room_Standing,
	type RoomList,
	type Rooms,
	Skipped_Reason,
	type Up,
	type Who,
} from "@verbatim/protocol";
import { type Ending, type MemoryPeer, memoryTransport, type Transport } from "../../src/mod.ts";

export interface FakeRoom {
	readonly id: string;
	name: string;
	epoch: number;
	entries: Entry[];
	readonly members: Set<string>;
	readonly invited: Set<string>;
	/** Changes of the members that have no entry. */
	unlogged: number;
	readonly peers?: readonly [string, string];
}

/** What a test may do with a command instead of the usual. */
export type Reaction = DownBody | "silent" | undefined;

export const T0 = Date.UTC(2026, 0, 1);

export class FakeServer {
	readonly transport: Transport;
	readonly rooms = new Map<string, FakeRoom>();
	readonly sessions: FakeSession[] = [];
	/** Connections that were tried, by endpoint. */
	readonly dialled: string[] = [];
	/** Every command received, over all sessions, in order. */
	readonly heard: Up[] = [];
	accepting: (endpoint: URL) => boolean = () => true;
	/** Called before the usual answer. */
	react: (command: Up["command"], session: FakeSession, up: Up) => Reaction = () => undefined;
	heartbeatMs = 30_000;
	/** Further behind than this a hello gets `Skipped`. */
	catchUpMax = 1_000;
	pageMax = 50;
	membersPageMax = 1_000;
	roomsPageMax = 500;
	/** Rooms with more members do not say who is online. */
	presenceMax = 100;
	/** Members who are not online. */
	readonly away = new Set<string>();
	now = (): number => T0;

	constructor(schemes: readonly string[] = ["memory"]) {
		this.transport = memoryTransport((peer, codec) => {
			this.dialled.push(peer.endpoint.href);
			if (!this.accepting(peer.endpoint)) return false;
			this.sessions.push(new FakeSession(this, peer, codec === "json" ? jsonCodec : protoCodec));
			return true;
		}, schemes);
	}

	/** The newest session. */
	get session(): FakeSession {
		const session = this.sessions.at(-1);
		if (session === undefined) throw new Error("nobody has connected");
		return session;
	}

	get live(): FakeSession[] {
		return this.sessions.filter((session) => session.user !== undefined && session.open);
	}

	room(name: string, members: readonly string[] = [], messages = 0): FakeRoom {
		const people = { members: new Set(members), invited: new Set<string>() };
		const room: FakeRoom = { id: `r_${name}`, name, epoch: 1, entries: [], ...people, unlogged: 0 };
		this.rooms.set(room.id, room);
		for (let i = 0; i < messages; i++) this.say(room, "host", `message ${i + 1}`);
		return room;
	}

	say(room: FakeRoom, sender: string, text: string, cid = ""): Entry {
		return this.append(room, sender, { case: "message", value: { text } }, cid);
	}

	append(room: FakeRoom, sender: string, body: Init<Entry>["body"] & object, cid = ""): Entry {
		const entry = create(EntrySchema, { seq: room.entries.length + 1, atMs: this.now(), sender: userOf(sender), cid, body });
		room.entries.push(entry);
		if (body.case === "joined") room.members.add(sender);
		if (body.case === "left") room.members.delete(sender);
		for (const session of this.live) session.offer(room);
		return entry;
	}

	/** Cuts every connection. */
	cut(ending?: Ending): void {
		for (const session of this.sessions) session.peer.close(ending);
	}

	info(room: FakeRoom, user: string): Init<Room> {
		const other = room.invited.has(user) ? Room_Standing.INVITED : Room_Standing.NONE;
		const standing = room.members.has(user) ? Room_Standing.MEMBER : other;
		const { id, name, epoch, entries, members } = room;
		return { id, name, epoch, head: entries.length, kind: Room_Kind.PUBLIC, standing, members: members.size };
	}

	page(room: FakeRoom, from: number, to: number): Extract<DownBody, { case: "page" }>["value"] {
		const { id, epoch, entries } = room;
		return { room: id, epoch, from, to, head: entries.length, asOf: entries.length, entries: entries.slice(from - 1, to) };
	}

	newest(room: FakeRoom, limit: number): ReturnType<FakeServer["page"]> {
		return this.page(room, Math.max(1, room.entries.length - limit + 1), room.entries.length);
	}

	/** One's own rooms on the first page, and the others in order of name. */
	roomList(user: string, { after, limit }: Rooms): Init<RoomList> {
		const all = [...this.rooms.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
		const own = after === "" ? all.filter((room) => concerns(room, user)) : [];
		const others = all.filter((room) => room.name > after && !concerns(room, user));
		const page = others.slice(0, Math.min(limit || this.roomsPageMax, this.roomsPageMax));
		const next = page.length < others.length ? (page.at(-1)?.name ?? "") : "";
		return { rooms: [...own, ...page].map((room) => this.info(room, user)), next };
	}

	/** How often the list of members has changed. */
	memberVersion({ entries, unlogged }: FakeRoom): number {
		return 1 + unlogged + entries.filter(({ body }) => body.case === "joined" || body.case === "left").length;
	}

	/** A page of it, as a server gives it. */
	memberList(room: FakeRoom, who: Partial<Who>): Init<MemberList> {
		const { after = "", limit = 0, epoch = 0, version = 0, users = [] } = who;
		const online = [...room.members].filter((name) => !this.away.has(name));
		const presence = room.members.size <= this.presenceMax;
		const facts = { room: room.id, epoch: room.epoch, version: this.memberVersion(room), asOf: room.entries.length };
		const base = { ...facts, total: room.members.size, online: online.length, presence };
		if (users.length > 0) return { ...base, here: users.filter(({ id }) => online.some((name) => userOf(name).id === id)) };
		if (after === "" && !presence && epoch === room.epoch && version === base.version) return { ...base, same: true };
		const all = [...room.members].map(userOf).sort((a, b) => (a.id < b.id ? -1 : 1));
		const following = all.filter(({ id }) => id > after);
		const page = following.slice(0, limit || this.membersPageMax);
		return {
			...base,
			members: page.map((user) => ({
				user,
				standing: Room_Standing.MEMBER,
				online: presence && online.includes(user.name),
			})),
			next: following.length > page.length ? (page.at(-1)?.id ?? "") : "",
		};
	}

	texts(room: FakeRoom): string[] {
		return room.entries.flatMap(({ body }) => (body.case === "message" ? [body.value.text] : []));
	}
}

/** Is the user in it, or invited? */
function concerns({ members, invited }: FakeRoom, user: string): boolean {
	return members.has(user) || invited.has(user);
}

export class FakeSession {
	readonly peer: MemoryPeer;
	private readonly server: FakeServer;
	private readonly codec: Codec;
	user: string | undefined;
	open = true;
	/** Seq up to which each room was sent. */
	readonly sentTo = new Map<string, number>();
	/** Frames that this lets pass; the others are lost on the way down. */
	passes: (down: Down) => boolean | "damaged" = () => true;

	constructor(server: FakeServer, peer: MemoryPeer, codec: Codec) {
		this.server = server;
		this.peer = peer;
		this.codec = codec;
		peer.onFrame = (body) => this.receive(this.codec.decodeUp(body));
		peer.onClosed = () => {
			this.open = false;
		};
	}

	push(body: DownBody, id = 0): void {
		const down = create(DownSchema, { id, body });
		const passes = this.passes(down);
		if (passes === "damaged") this.peer.damage();
		else if (passes) this.peer.send(this.codec.encodeDown(down));
	}

	refuse(id: number, code: ErrorCode, retryAfterMs = 0): void {
		this.push(refusal(code, retryAfterMs), id);
	}

	/** Sends what of the room was not sent yet. */
	offer(room: FakeRoom): void {
		const sent = this.sentTo.get(room.id);
		if (sent === undefined || sent >= room.entries.length || !this.open) return;
		this.sentTo.set(room.id, room.entries.length);
		this.push({ case: "entries", value: { room: room.id, epoch: room.epoch, entries: room.entries.slice(sent) } });
	}

	private receive(up: Up): void {
		const { server } = this;
		if (up.command.case !== "ping" && up.command.case !== "pong") server.heard.push(up);
		const reaction = server.react(up.command, this, up);
		if (reaction === "silent") return;
		const answer = reaction ?? this.usual(up.command);
		if (answer !== undefined) this.push(answer, up.id);
		if (up.command.case === "hello" && answer?.case === "welcome") this.catchUp(up.command.value.cursors);
	}

	private usual(command: Up["command"]): DownBody | undefined {
		const { server } = this;
		const user = this.user ?? "";
		switch (command.case) {
			case "hello":
				return this.hello(command.value);
			case "ping":
				return { case: "pong", value: { nonce: command.value.nonce } };
			case "send": {
				const { cid, text, behind } = command.value;
				const room = server.rooms.get(command.value.room);
				if (room === undefined) return refusal("no_such_room");
				const before = room.entries.find((entry) => entry.cid === cid);
				if (before !== undefined) return sent(room, before, true);
				if (behind !== "" && !room.entries.some((entry) => entry.cid === behind)) return refusal("out_of_order");
				return sent(room, server.say(room, user, text, cid), false);
			}
			case "join":
			case "create": {
				const name = command.case === "join" ? command.value.room.replace(/^#/, "") : command.value.name;
				const room = server.rooms.get(name) ?? server.rooms.get(`r_${name}`) ?? server.room(name);
				if (!room.members.has(user)) {
					room.members.add(user);
					server.append(room, user, { case: "joined", value: {} });
				}
				const page = server.newest(room, command.value.history);
				this.sentTo.set(room.id, room.entries.length);
				return { case: "joined", value: { room: server.info(room, user), page } };
			}
			case "leave": {
				const room = server.rooms.get(command.value.room);
				if (room?.invited.delete(user)) this.push({ case: "roomRemoved", value: { room: room.id } });
				else if (room !== undefined) {
					server.append(room, user, { case: "left", value: {} });
					room.members.delete(user);
					this.sentTo.delete(room.id);
					this.push({ case: "roomRemoved", value: { room: room.id } });
				}
				return { case: "done", value: {} };
			}
			case "history": {
				const { before, after, first, limit } = command.value;
				const room = server.rooms.get(command.value.room);
				if (room === undefined) return refusal("no_such_room");
				const count = Math.min(limit || 50, server.pageMax);
				if (first || after > 0)
					return { case: "page", value: server.page(room, after + 1, Math.min(room.entries.length, after + count)) };
				const to = before > 0 ? Math.min(before - 1, room.entries.length) : room.entries.length;
				return { case: "page", value: server.page(room, Math.max(1, to - count + 1), to) };
			}
			case "rooms":
				return { case: "roomList", value: server.roomList(user, command.value) };
			case "who": {
				const room = server.rooms.get(command.value.room);
				return room === undefined
					? refusal("no_such_room")
					: { case: "memberList", value: server.memberList(room, command.value) };
			}
			case "rename":
			case "invite":
				return { case: "done", value: {} };
			case "refresh":
				return { case: "tokens", value: tokensFor(command.value.refreshToken.split(":")[1] ?? "", server.now()) };
			default:
				return undefined;
		}
	}

	/** Tokens are `access:name:expires` and `refresh:name:expires`. */
	private hello(hello: Extract<Up["command"], { case: "hello" }>["value"]): DownBody {
		const { server } = this;
		const { credential } = hello;
		if (credential.case === undefined) return refusal("unauthenticated");
		let name: string;
		if (credential.case === "token" || credential.case === "refresh") {
			const [kind, owner = "", expires = "0"] = credential.value.split(":");
			if (kind !== (credential.case === "token" ? "access" : "refresh")) return refusal("token_invalid");
			if (Number(expires) <= server.now()) return refusal("token_expired");
			name = owner;
		} else {
			if (credential.case === "login" && credential.value.password !== "right") return refusal("credentials_wrong");
			({ name } = credential.value);
		}
		this.user = name;
		for (const room of server.rooms.values()) if (room.members.has(name)) this.sentTo.set(room.id, room.entries.length);
		return {
			case: "welcome",
			value: {
				session: "s1",
				user: userOf(name),
				rooms: [...server.rooms.values()].filter((room) => concerns(room, name)).map((room) => server.info(room, name)),
				heartbeatMs: server.heartbeatMs,
				nowMs: server.now(),
				...(credential.case === "token" ? {} : { tokens: tokensFor(name, server.now()) }),
			},
		};
	}

	private catchUp(cursors: Extract<Up["command"], { case: "hello" }>["value"]["cursors"]): void {
		const { server } = this;
		for (const { room: id, epoch, seq } of cursors) {
			const room = server.rooms.get(id);
			if (room === undefined || !this.sentTo.has(id)) continue;
			const stale = epoch !== room.epoch || seq > room.entries.length;
			if (!stale && room.entries.length - seq <= server.catchUpMax) {
				this.sentTo.set(id, seq);
				this.offer(room);
				continue;
			}
			const page = server.newest(room, server.pageMax);
			const reason = stale ? Skipped_Reason.EPOCH : Skipped_Reason.FAR;
			this.push({ case: "skipped", value: { room: id, from: stale ? 1 : seq + 1, to: (page.from ?? 1) - 1, reason, page } });
		}
	}
}

export function userOf(name: string): { id: string; name: string } {
	return { id: `u_${name}`, name };
}

export function refusal(code: ErrorCode, retryAfterMs: number = ERRORS[code].afterMs): DownBody {
	const { message, retry } = ERRORS[code];
	return { case: "failure", value: { code, message, retry, retryAfterMs, trace: "" } };
}

export const ACCESS_MS = 3_600_000;

export function tokensFor(name: string, nowMs: number) {
	const accessExpiresMs = nowMs + ACCESS_MS;
	const refreshExpiresMs = nowMs + 30 * 24 * ACCESS_MS;
	return {
		access: `access:${name}:${accessExpiresMs}`,
		accessExpiresMs,
		refresh: `refresh:${name}:${refreshExpiresMs}`,
		refreshExpiresMs,
	};
}

function sent(room: FakeRoom, entry: Entry, repeated: boolean): DownBody {
	return { case: "sent", value: { room: room.id, epoch: room.epoch, seq: entry.seq, atMs: entry.atMs, repeated } };
}

/** The commands of one kind that were received, in order. */
export function heard<C extends NonNullable<Command["case"]>>(
	server: FakeServer,
	name: C,
): Array<Extract<Up["command"], { case: C }>["value"]> {
	return server.heard.flatMap(({ command }) => (command.case === name ? [command.value as never] : []));
}
