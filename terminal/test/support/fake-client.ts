// A scripted client: holds the SDK's contract as far as the terminal sees it, and does what a test says. No wire, no timers.
import {
	type CallOptions,
	type Client,
	type ClientEvents,
	type ConnectionStatistics,
	type Credential,
	type Delivery,
	type DeliveryState,
	type Entry,
	RefusedError,
	type Room,
	type RoomEvents,
	type RoomInfo,
	type RoomMember,
	type RoomsPage,
	type RoomsPageOptions,
	type SkippedRange,
	type Status,
} from "@verbatim/client";
import {
	create,
	EntrySchema,
	ERRORS,
	type ErrorCode,
	Room_Kind,
	Room_Standing,
	RoomSchema,
	type Sent,
	SentSchema,
	type User,
	UserSchema,
} from "@verbatim/protocol";

/** 2026-03-03, 12:00 of the local day. */
export const NOON = new Date(2026, 2, 3, 12, 0).getTime();

export function user(name: string): User {
	return create(UserSchema, { id: `u-${name}`, name });
}

export function refusal(code: ErrorCode, message: string = ERRORS[code].message): RefusedError {
	return new RefusedError({ code, message, retry: ERRORS[code].retry, retryAfterMs: 0, trace: "" });
}

export function message(seq: number, sender: string, text: string, cid = `${sender}-${seq}`, atMs = NOON + seq * 1_000): Entry {
	const entry = create(EntrySchema, { seq, atMs, sender: user(sender), cid, body: { case: "message", value: { text } } });
	return Object.assign(entry, { text });
}

class Emitter<Events> {
	private readonly listeners = new Map<keyof Events, Set<(value: never) => void>>();

	on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): () => void {
		const all = this.listeners.get(event) ?? new Set();
		this.listeners.set(event, all);
		all.add(listener as (value: never) => void);
		return () => all.delete(listener as (value: never) => void);
	}

	once<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): () => void {
		const off = this.on(event, (value) => {
			off();
			listener(value);
		});
		return off;
	}

	emit<E extends keyof Events>(event: E, value: Events[E]): void {
		for (const listener of [...(this.listeners.get(event) ?? [])]) (listener as (value: Events[E]) => void)(value);
	}
}

export class FakeDelivery implements Delivery {
	readonly cid: string;
	readonly room: string;
	readonly text: string;
	readonly atMs = NOON;
	status: DeliveryState = { state: "waiting" };
	kept = true;
	readonly done: Promise<Sent> = new Promise(() => undefined);
	private readonly owner: FakeRoom;

	constructor(owner: FakeRoom, cid: string, text: string) {
		this.owner = owner;
		this.cid = cid;
		this.room = owner.id;
		this.text = text;
	}

	retry(): void {
		this.owner.set(this, { state: "waiting" });
	}

	discard(): void {
		this.owner.drop(this);
	}
}

export class FakeRoom extends Emitter<RoomEvents> implements Room {
	readonly id: string;
	readonly kind: Room_Kind;
	name: string;
	readonly peer: User | undefined;
	readonly standing = Room_Standing.MEMBER;
	readonly epoch = 1;
	readonly members = new Map<string, RoomMember>();
	/** Members that `loadMembers` brings. */
	further: RoomMember[] = [];
	/** Of these, who is online; those in `members` say it themselves. */
	readonly here = new Set<string>();
	timeline: readonly Entry[] = [];
	from = 1;
	pending: readonly FakeDelivery[] = [];
	seen = 0;
	typing: readonly User[] = [];
	/** What `loadOlder` gives, newest first asked. */
	past: Entry[] = [];
	/** What came to the room, as a test sees it. */
	readonly calls: string[] = [];
	readonly client: FakeClient;

	constructor(client: FakeClient, name: string, kind: Room_Kind = Room_Kind.PUBLIC, peer?: User) {
		super();
		this.client = client;
		this.id = `r-${name || peer?.name}`;
		this.name = name;
		this.kind = kind;
		this.peer = peer;
	}

	get title(): string {
		return this.peer ? `@${this.peer.name}` : `#${this.name}`;
	}
	get head(): number {
		return this.to;
	}
	get to(): number {
		return this.from + this.timeline.length - 1;
	}
	get unread(): number {
		return this.timeline.filter(({ seq, sender }) => seq > this.seen && sender?.id !== this.client.user?.id).length;
	}

	// -- the test's side

	changed(): void {
		this.emit("changed", this);
	}

	/** Entries from others (or from oneself, by cid) arrive. */
	arrive(...entries: Entry[]): void {
		this.timeline = [...this.timeline, ...entries];
		this.pending = this.pending.filter(({ cid }) => !entries.some((entry) => entry.cid === cid));
		this.changed();
	}

	/** The newest page in place of everything before, after a range that was not sent. */
	skip(range: SkippedRange, page: Entry[]): void {
		this.timeline = page;
		this.from = page[0]?.seq ?? range.to + 1;
		this.emit("skipped", range);
		this.changed();
	}

	set(delivery: FakeDelivery, status: DeliveryState): void {
		delivery.status = status;
		this.pending = [...this.pending];
		this.changed();
	}

	drop(delivery: FakeDelivery): void {
		this.pending = this.pending.filter((other) => other !== delivery);
		this.changed();
	}

	// -- the terminal's side

	send(text: string): Delivery {
		if (text.length > 8_192) throw refusal("too_large");
		const delivery = new FakeDelivery(this, `cid-${this.client.sends++}`, text);
		this.pending = [...this.pending, delivery];
		this.changed();
		return delivery;
	}

	async loadOlder(limit = 50): Promise<number> {
		this.calls.push(`loadOlder ${limit}`);
		await this.client.gate;
		const page = this.past.splice(Math.max(0, this.past.length - limit));
		this.timeline = [...page, ...this.timeline];
		this.from -= page.length;
		this.changed();
		return page.length;
	}

	trim(keep: number): void {
		this.calls.push(`trim ${keep}`);
	}

	markSeen(seq = this.to): void {
		if (seq <= this.seen) return;
		this.seen = seq;
		this.changed();
	}

	get memberCount(): number {
		return this.members.size + this.further.length;
	}
	get membersComplete(): boolean {
		return this.further.length === 0;
	}
	get onlineCount(): number {
		return this.here.size;
	}

	async who(): Promise<readonly RoomMember[]> {
		return [...this.members.values()];
	}

	async loadMembers(limit = 200): Promise<number> {
		const page = this.further.splice(0, limit);
		for (const member of page) this.members.set(member.user.id, member);
		return page.length;
	}

	async lookAt(users: readonly string[]): Promise<void> {
		for (const id of users) {
			const member = this.members.get(id);
			if (member && member.online === undefined) this.members.set(id, { ...member, online: this.here.has(id) });
		}
	}

	async leave(): Promise<void> {
		this.client.rooms.delete(this.id);
		this.client.emit("roomRemoved", this);
	}

	async rename(name: string): Promise<void> {
		this.name = name;
		this.changed();
	}

	async invite(name: string): Promise<void> {
		this.calls.push(`invite ${name}`);
	}

	sendTyping(): void {
		this.calls.push("typing");
	}

	history(): Promise<never> {
		return Promise.reject(new Error("the terminal reads pages by loadOlder"));
	}

	entries(): never {
		throw new Error("the terminal reads the timeline");
	}
}

export class FakeClient extends Emitter<ClientEvents> implements Client {
	status: Status = { state: "idle" };
	user: User | undefined;
	readonly rooms = new Map<string, FakeRoom>();
	readonly invitations = new Map<string, RoomInfo>();
	/** Calls that wait for the server wait for this. */
	gate: Promise<void> = Promise.resolve();
	/** Refusals of `logIn`, by name. */
	readonly refusals = new Map<string, RefusedError>();
	readonly calls: string[] = [];
	publicRooms: RoomInfo[] = [];
	sends = 0;

	get outbox(): readonly Delivery[] {
		return [...this.rooms.values()].flatMap(({ pending }) => pending);
	}

	// -- the test's side

	become(name: string): void {
		this.user = user(name);
		this.emit("user", this.user);
		this.be({ state: "live", endpoint: "ws://chat.test:8080/ws", sinceMs: NOON, suspect: false, behind: false });
	}

	be(status: Status): void {
		this.status = status;
		this.emit("status", status);
	}

	add(name: string, kind: Room_Kind = Room_Kind.PUBLIC): FakeRoom {
		const room = new FakeRoom(
			this,
			kind === Room_Kind.DIRECT ? "" : name,
			kind,
			kind === Room_Kind.DIRECT ? user(name) : undefined,
		);
		this.rooms.set(room.id, room);
		this.emit("roomAdded", room);
		return room;
	}

	invited(name: string, by: string): void {
		const info = create(RoomSchema, { id: `r-${name}`, name, kind: Room_Kind.PRIVATE, standing: Room_Standing.INVITED });
		this.invitations.set(info.id, info);
		this.emit("invited", { room: info, by: user(by) });
	}

	// -- the terminal's side

	async ready(): Promise<User> {
		return this.user ?? user("nobody");
	}

	async join(ref: string, options: { readonly create?: boolean } = {}): Promise<Room> {
		this.calls.push(`join ${ref}${options.create ? " create" : ""}`);
		const found = [...this.rooms.values()].find(({ id, title }) => ref === id || ref === title);
		if (found) return found;
		const info = this.invitations.get(ref);
		this.invitations.delete(ref);
		if (ref.startsWith("#secret")) throw refusal("no_such_room");
		return this.add(info?.name ?? ref.replace(/^[#@]/, ""), ref.startsWith("@") ? Room_Kind.DIRECT : Room_Kind.PUBLIC);
	}

	async decline(ref: string): Promise<void> {
		this.calls.push(`decline ${ref}`);
		const info = this.invitations.get(ref);
		if (info === undefined) return;
		this.invitations.delete(ref);
		this.emit("invitationClosed", info);
	}

	direct(name: string): Promise<Room> {
		return this.join(`@${name.replace(/^@/, "")}`);
	}

	async hasRoom(): Promise<boolean> {
		return true;
	}

	async hasUser(): Promise<boolean> {
		return true;
	}

	async create(name: string, options: CallOptions & { readonly private?: boolean } = {}): Promise<Room> {
		return this.add(name, options.private ? Room_Kind.PRIVATE : Room_Kind.PUBLIC);
	}

	async listRooms(): Promise<readonly RoomInfo[]> {
		return this.publicRooms;
	}

	async listRoomsPage({ after = "", limit = 500 }: RoomsPageOptions = {}): Promise<RoomsPage> {
		const rooms = this.publicRooms.filter(({ name }) => name > after).slice(0, limit);
		const last = rooms.at(-1)?.name ?? "";
		return { rooms, next: this.publicRooms.some(({ name }) => name > last) ? last : undefined };
	}

	async logIn(credential: Credential): Promise<User> {
		const name =
			"guest" in credential
				? credential.guest
				: "login" in credential
					? credential.login.name
					: "register" in credential
						? credential.register.name
						: credential.token;
		this.calls.push(`logIn ${JSON.stringify(credential)}`);
		const refused = this.refusals.get(name);
		if (refused) {
			this.be({ state: "stopped", why: refused });
			throw refused;
		}
		this.rooms.clear();
		this.become(name);
		return this.user ?? user(name);
	}

	async logOut(): Promise<void> {
		this.user = undefined;
		this.rooms.clear();
		this.be({ state: "idle" });
	}

	reconnect(): void {
		this.calls.push("reconnect");
	}

	drain(): Promise<readonly Delivery[]> {
		this.calls.push("drain");
		return new Promise(() => undefined);
	}

	get statistics(): ConnectionStatistics {
		throw new Error("the terminal counts nothing");
	}

	async close(): Promise<void> {
		this.be({ state: "stopped", why: "closed" });
	}

	events(): never {
		throw new Error("the terminal listens to single events");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}
}

export function sentAt(seq: number): Sent {
	return create(SentSchema, { seq });
}
