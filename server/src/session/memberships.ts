// How a session's rooms come and go: by its own commands, by the user's other devices, by others. A join that this session asked
// for is answered by the command itself; any other is announced. What changes while the rooms are being read for the welcome
// waits until the welcome is out.

import { type DownBody, Refusal } from "@verbatim/protocol";
import type { Core } from "../core.ts";
import { assert } from "../faults.ts";
import type { LiveRoom } from "../room/room.ts";
import type { Subscription } from "../room/subscription.ts";
import { isMember } from "../store/rules.ts";
import type { RoomView, UserRef } from "../store/store.ts";
import { roomBody } from "./bodies.ts";
import { READ_AGAIN_MS, type Streams } from "./streams.ts";

/** What memberships need of their session. */
export interface MembershipsPort {
	readonly user: UserRef;
	readonly closed: boolean;
	tell(body: DownBody): void;
	broken(cause: unknown): void;
}

export class Memberships {
	private readonly port: MembershipsPort;
	private readonly core: Pick<Core, "rooms" | "store" | "clock">;
	private readonly streams: Streams;
	/** Rooms whose join is about to be answered, and whether the user has left meanwhile, by another device. */
	private expected: Map<string, "coming" | "gone"> | undefined;
	/** Rooms whose stream is held because the client has not been told yet that it is in them. */
	private untold: Set<string> | undefined;
	/** Rooms to which an invitation is about to be told. */
	private inviting: Set<string> | undefined;
	/** Where a stream goes on once the answer that says so is out. Joins are serial, so there is one at most. */
	private answering: { readonly view: RoomView; readonly cursor: number } | undefined;
	/** Changes that wait for the welcome; undefined when it is out. */
	private waiting: Array<() => void> | undefined = [];

	constructor(port: MembershipsPort, core: Pick<Core, "rooms" | "store" | "clock">, streams: Streams) {
		this.port = port;
		this.core = core;
		this.streams = streams;
	}

	/** The welcome is out: what has changed since the rooms were read follows. */
	welcomed(): void {
		const waiting = this.waiting ?? [];
		this.waiting = undefined;
		for (const change of waiting) change();
	}

	/** The stream of `room` waits for an answer that says where it goes on. */
	expect(room: string): void {
		this.expected ??= new Map();
		this.expected.set(room, "coming");
		const subscription = this.streams.subscriptions.get(room);
		if (subscription !== undefined) subscription.state = "held";
	}

	/** No such answer will be given: the stream goes on where it was. */
	unexpect(room: string): void {
		this.forget(room);
		const subscription = this.streams.subscriptions.get(room);
		if (subscription === undefined || subscription.state !== "held") return;
		// Another device came in while this one tried to: the answer would have told it.
		if (this.untold?.has(room) === true) this.announceNew(subscription);
		else this.streams.release(subscription, subscription.cursor);
	}

	/** The answer about to be given says `cursor`. */
	restart(view: RoomView, cursor: number): void {
		this.answering = { view, cursor };
	}

	/** An answer is out: nothing of the stream may go before it. */
	answered(): void {
		if (this.answering === undefined) return;
		const { view, cursor } = this.answering;
		this.answering = undefined;
		const gone = this.expected?.get(view.id) === "gone";
		this.forget(view.id);
		this.told(view.id);
		if (this.port.closed) return;
		if (gone) {
			this.port.tell({ case: "roomRemoved", value: { room: view.id } });
			return;
		}
		assert(isMember(view.standing), `no stream of ${view.id} without standing`);
		const room = this.core.rooms.open(view.id, view.epoch, view.head);
		this.streams.release(this.streams.hold(room, cursor), cursor);
	}

	/** The entry `seq` has made the user a member. */
	memberNow(room: LiveRoom, seq: number): void {
		if (this.waiting !== undefined) {
			this.waiting.push(() => this.memberNow(room, seq));
			return;
		}
		this.inviting?.delete(room.id);
		if (this.expected?.has(room.id) === true) this.expected.set(room.id, "coming");
		if (this.port.closed || this.streams.subscriptions.has(room.id)) return;
		const subscription = this.streams.hold(room, seq - 1);
		this.untold ??= new Set();
		this.untold.add(room.id);
		if (this.expected?.has(room.id) !== true) this.announceNew(subscription);
	}

	memberNoLonger(room: string): void {
		if (this.waiting !== undefined) {
			this.waiting.push(() => this.memberNoLonger(room));
			return;
		}
		if (this.expected?.has(room) === true) this.expected.set(room, "gone");
		if (this.streams.remove(room) && !this.told(room)) this.port.tell({ case: "roomRemoved", value: { room } });
	}

	invited(room: string, by: UserRef): void {
		if (this.waiting !== undefined) {
			this.waiting.push(() => this.invited(room, by));
			return;
		}
		this.inviting ??= new Set();
		this.inviting.add(room);
		void this.announce(room, (view) => {
			// Accepted or declined meanwhile: what was read may be older.
			if (this.inviting?.delete(room) !== true) return;
			this.port.tell({ case: "invited", value: { room: roomBody(view), by: { id: by.id, name: by.name } } });
		});
	}

	uninvited(room: string): void {
		if (this.waiting !== undefined) {
			this.waiting.push(() => this.uninvited(room));
			return;
		}
		this.inviting?.delete(room);
		// A member again meanwhile.
		if (this.port.closed || this.streams.subscriptions.has(room)) return;
		this.port.tell({ case: "roomRemoved", value: { room } });
	}

	/** Says that the user is in a room, unless somebody says it first, and lets its stream go. */
	private announceNew(subscription: Subscription): void {
		const { room, cursor } = subscription;
		void this.announce(room.id, (view) => {
			if (this.streams.subscriptions.get(room.id) !== subscription) return;
			// The answer to a join will say it, or there will be none: then this is called again.
			if (this.expected?.has(room.id) === true || !this.told(room.id)) return;
			this.port.tell({ case: "roomAdded", value: { room: { ...roomBody(view), head: cursor } } });
			this.streams.release(subscription, cursor);
		});
	}

	/** The client knows that it is in the room, or need not know any more; was that news? */
	private told(room: string): boolean {
		const news = this.untold?.delete(room) === true;
		if (this.untold?.size === 0) this.untold = undefined;
		return news;
	}

	private forget(room: string): void {
		this.expected?.delete(room);
		if (this.expected?.size === 0) this.expected = undefined;
	}

	/** Reads a room as the user sees it and says so. */
	private async announce(room: string, say: (view: RoomView) => void): Promise<void> {
		if (this.port.closed) return;
		try {
			const view = await this.core.store.room(room, this.port.user.id);
			if (view !== undefined && !this.port.closed) say(view);
		} catch (cause) {
			// A store that cannot read is no bug; the room waits until it can.
			if (cause instanceof Refusal) this.core.clock.after(READ_AGAIN_MS, () => void this.announce(room, say));
			else this.port.broken(cause);
		}
	}
}
