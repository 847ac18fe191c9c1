// A fake client: it has the rooms that the test gives it, and notifies what the test tells it to.
import type {
	CallOptions,
	Client,
	ClientEvents,
	Credential,
	Delivery,
	Entry,
	Off,
	Room,
	RoomEvents,
	RoomInfo,
	RoomMember,
	Status,
} from "@verbatim/client";
import { Room_Kind, Room_Standing, type User } from "@verbatim/protocol";
import { message } from "./entries.ts";

class Events<Map> {
	private readonly listeners = new Map<keyof Map, Set<(value: never) => void>>();

	on<E extends keyof Map>(event: E, listener: (value: Map[E]) => void): Off {
		const all = this.listeners.get(event) ?? new Set();
		this.listeners.set(event, all.add(listener as (value: never) => void));
		return () => void all.delete(listener as (value: never) => void);
	}

	tell<E extends keyof Map>(event: E, value: Map[E]): void {
		for (const listener of this.listeners.get(event) ?? []) listener(value as never);
	}

	count(event: keyof Map): number {
		return this.listeners.get(event)?.size ?? 0;
	}
}

export class FakeRoom extends Events<RoomEvents> {
	readonly kind: Room_Kind;
	readonly epoch = 1;
	readonly standing = Room_Standing.MEMBER;
	readonly members = new Map<string, RoomMember>();
	readonly pending: Delivery[] = [];
	readonly typing: User[] = [];
	readonly peer: User | undefined;
	readonly said: string[] = [];
	timeline: readonly Entry[] = [];
	from: number;
	seen: number;
	/** What the next `loadOlder` does; absent: it loads what is requested. */
	failLoads = false;
	loads = 0;
	asked = 0;
	/** What `lookAt` was called with, and how long it takes. */
	readonly lookedAt: (readonly string[])[] = [];
	looking: Promise<void> = Promise.resolve();
	readonly id: string;
	title: string;

	/** The log has `head` entries, none of them loaded. */
	constructor(id: string, title: string, head = 0) {
		super();
		this.id = id;
		this.title = title;
		this.kind = title.startsWith("@") ? Room_Kind.DIRECT : Room_Kind.PUBLIC;
		this.from = head + 1;
		this.seen = head;
	}

	get name(): string {
		return this.title.slice(1);
	}
	get to(): number {
		return this.from - 1 + this.timeline.length;
	}
	get head(): number {
		return this.to;
	}
	get unread(): number {
		return this.to - this.seen;
	}

	/** Another user sends a message. */
	hear(sender: User, text?: string): void {
		const entry = message(this.to + 1, sender, text);
		this.timeline = [...this.timeline, entry];
		this.tell("entry", entry);
		this.change();
	}

	change(): void {
		this.tell("changed", this as unknown as Room);
	}

	get memberCount(): number {
		return this.members.size;
	}
	membersComplete = false;
	onlineCount: number | undefined;

	async loadMembers(): Promise<number> {
		this.asked++;
		this.onlineCount = 0;
		return 0;
	}

	async lookAt(users: readonly string[]): Promise<void> {
		this.lookedAt.push(users);
		await this.looking;
	}

	markSeen(seq = this.to): void {
		this.seen = Math.max(this.seen, seq);
	}

	send(text: string): Delivery {
		this.said.push(text);
		return { status: { state: "waiting" }, text } as Delivery;
	}

	async loadOlder(limit = 50): Promise<number> {
		this.loads++;
		if (this.failLoads) throw new Error("the network is away");
		const count = Math.min(limit, this.from - 1);
		const first = this.from - count;
		const sender = { id: "u-old", name: "old" } as User;
		this.timeline = [...Array.from({ length: count }, (_, i) => message(first + i, sender)), ...this.timeline];
		this.from = first;
		this.change();
		return count;
	}
}

export class FakeClient extends Events<ClientEvents> {
	status: Status = { state: "idle" };
	user: User | undefined;
	readonly rooms = new Map<string, Room>();
	readonly invitations = new Map<string, RoomInfo>();
	readonly credentials: Credential[] = [];
	readonly timeoutsMs: (number | undefined)[] = [];
	refuseWith: Error | undefined;
	/** A log-in is never answered. */
	waits = false;

	/** As the client's interface. */
	get client(): Client {
		return this as unknown as Client;
	}

	/** Welcomed as `user`, in these rooms. */
	welcome(user: User, ...rooms: readonly FakeRoom[]): void {
		this.user = user;
		this.tell("user", user);
		for (const room of rooms) this.add(room);
		this.become({ state: "live", endpoint: "", sinceMs: 0, suspect: false, behind: false });
	}

	add(room: FakeRoom): void {
		this.rooms.set(room.id, room as unknown as Room);
		this.tell("roomAdded", room as unknown as Room);
	}

	remove(room: FakeRoom): void {
		this.rooms.delete(room.id);
		this.tell("roomRemoved", room as unknown as Room);
	}

	become(status: Status): void {
		this.status = status;
		this.tell("status", status);
	}

	async logIn(credential: Credential, { signal, timeoutMs }: CallOptions = {}): Promise<void> {
		this.credentials.push(credential);
		this.timeoutsMs.push(timeoutMs);
		if (this.waits) await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
		if (this.refuseWith !== undefined) throw this.refuseWith;
	}

	async logOut(): Promise<void> {
		this.user = undefined;
		this.become({ state: "idle" });
	}
}
