// What was said and is not yet acknowledged: kept first, then sent (sending.ts), until it is acknowledged, refused for good, given up
// or taken back.
import { checkUp, create, type Entry, type Sent, SentSchema, UpSchema } from "@verbatim/protocol";
import type { Delivery, SendOptions } from "../api.ts";
import { ClosedError, DiscardedError, OutboxError, RefusedError, UnknownOutcomeError, type VerbatimError } from "../errors.ts";
import { newCid } from "../ids.ts";
import type { Parts } from "../parts.ts";
import type { Session } from "../session/session.ts";
import { Item, type ItemPort } from "./item.ts";
import { Lane } from "./lane.ts";
import { Sending } from "./sending.ts";
import { Shelf } from "./shelf.ts";
import type { OutboxStore, StoredSend } from "./store.ts";

export interface OutboxPort {
	/** The session, if it is live. */
	readonly session: Session | undefined;
	/** Does the room's timeline reach `seq`? Also true where there is no such room. */
	shows(room: string, seq: number): boolean;
	/** Something of the room's pending sends is different. */
	changed(room: string): void;
	problem(error: VerbatimError): void;
	/** A send has failed. */
	failed(delivery: Delivery): void;
}

export interface OutboxOptions {
	readonly inFlightMax: number;
	readonly itemsMax: number;
}

export class Outbox implements ItemPort {
	private readonly parts: Parts;
	private readonly port: OutboxPort;
	private readonly options: OutboxOptions;
	private readonly shelf: Shelf;
	private user = "";
	private ready = false;
	private readonly sending: Sending;
	private readonly lanes = new Map<string, Lane>();
	private readonly byCid = new Map<string, Item>();

	constructor(parts: Parts, store: OutboxStore, port: OutboxPort, options: OutboxOptions) {
		this.parts = parts;
		this.port = port;
		this.options = options;
		const self = this;
		this.sending = new Sending(parts, options.inFlightMax, {
			get session() {
				return self.ready ? port.session : undefined;
			},
			lane: (room) => this.lanes.get(room),
			changed: (lane) => this.changed(lane.room),
			settle: (item, sent) => {
				if (this.user !== item.stored.user) return;
				this.settle(item, sent);
				const lane = this.lanes.get(item.room);
				if (lane !== undefined) this.dropShown(lane);
				this.sending.pump();
			},
			giveUp: (item, error) => void this.giveUp(item, error),
			keep: (item) => void this.shelf.put(item.stored),
		});
		this.shelf = new Shelf(
			store,
			(sends) => this.adopt(sends),
			(error) => port.problem(error),
		);
	}

	/** Everything, oldest first. */
	get all(): readonly Delivery[] {
		return [...this.lanes.values()].flatMap(({ items }) => items).sort((a, b) => a.atMs - b.atMs);
	}

	/** Is anything on its way, or can that not be known yet? */
	get underWay(): boolean {
		if (!this.ready) return true;
		for (const { items } of this.lanes.values()) if (items.some(isUnderWay)) return true;
		return false;
	}

	pending(room: string): readonly Delivery[] {
		return this.lanes.get(room)?.snapshot ?? NONE;
	}

	/** Whose sends these are from now on. What another identity has waiting stays in the store, for when it comes back. */
	become(user: string): void {
		if (user === this.user) return;
		const before = [...this.lanes.values()].flatMap(({ items }) => items);
		this.user = user;
		this.lanes.clear();
		this.byCid.clear();
		this.sending.clear();
		this.ready = false;
		for (const item of before) item.fail(new ClosedError("another identity has taken over"));
		if (user !== "") void this.open(user);
	}

	/** Says it: kept first, then tried. Throws `RefusedError` and `OutboxError`. */
	say(room: string, text: string, options: SendOptions = {}): Delivery {
		const cid = newCid(this.parts.clock, this.parts.random);
		const problem = checkUp(
			create(UpSchema, { id: 1, command: { case: "send", value: { room, cid, text, behind: "" } } }),
			this.parts.limits,
		);
		if (problem !== undefined) throw new RefusedError({ ...problem, retry: false, retryAfterMs: 0, trace: "" });
		if (this.byCid.size >= this.options.itemsMax) throw new OutboxError(`${this.byCid.size} sends are waiting already`);
		const item = new Item({ user: this.user, room, cid, text, atMs: this.parts.clock.now() }, false, this);
		this.add(item);
		void this.keep(item);
		item.bound(options, this.parts.clock);
		return item;
	}

	/** A session is live: everything unanswered is repeated. */
	resume(): void {
		this.sending.resume();
	}

	/** Tries everything now, whatever was to be waited for. */
	hurry(): void {
		this.sending.hurry();
	}

	/** The session is gone. */
	disconnected(): void {
		this.sending.disconnected();
	}

	/** Entries of a room have come: one's own among them are acknowledged by that, whatever became of the answer. */
	arrived(room: string, epoch: number, entries: readonly Entry[]): void {
		const lane = this.lanes.get(room);
		if (lane === undefined) return;
		for (const entry of entries) {
			if (entry.cid === "" || entry.sender?.id !== this.user) continue;
			const item = this.byCid.get(entry.cid);
			if (item === undefined || item.room !== room) continue;
			this.settle(item, create(SentSchema, { room, epoch, seq: entry.seq, atMs: entry.atMs }));
		}
		this.dropShown(lane);
		this.sending.pump();
	}

	/** Ends every promise; what is kept stays kept. */
	async close(): Promise<void> {
		this.disconnected();
		for (const { items } of this.lanes.values()) for (const item of items) item.fail(new ClosedError("the client was closed"));
		await this.shelf.close();
	}

	// ------------------------------------------------------------ for the deliveries

	retry(item: Item): void {
		const lane = this.lanes.get(item.room);
		if (lane === undefined || item.status.state !== "failed") return;
		// Where the failure is still being kept, nobody was told yet.
		item.fail(item.status.error);
		lane.items = [...lane.items.filter((other) => other !== item), item];
		item.status = { state: "waiting" };
		item.stored = freshOf(item.stored);
		item.renew();
		item.kept = false;
		void this.keep(item);
		this.changed(item.room);
	}

	discard(item: Item, why: VerbatimError = new DiscardedError("the send was taken back")): void {
		const lane = this.lanes.get(item.room);
		if (lane === undefined || item.status.state === "done" || item.status.state === "discarded") return;
		this.sending.rewind([item]);
		item.status = { state: "discarded" };
		lane.take(item);
		this.byCid.delete(item.cid);
		this.removeIfEmpty(lane);
		item.fail(why);
		this.shelf.remove(item.stored);
		this.changed(item.room);
		this.sending.pump();
	}

	// ------------------------------------------------------------ keeping

	private async open(user: string): Promise<void> {
		const sends = await this.shelf.open(user);
		if (this.user !== user) return;
		const rooms = new Set(sends.map(({ room }) => room));
		for (const room of rooms) {
			const lane = this.laneOf(room);
			const items = sends.filter((send) => send.room === room).map((send) => this.revived(send));
			lane.items = [...items, ...lane.items];
			for (const item of items) {
				this.byCid.set(item.cid, item);
				this.sending.revived(lane, item);
			}
			this.changed(room);
		}
		this.ready = true;
		this.port.changed("");
		this.sending.pump();
	}

	private adopt(sends: readonly StoredSend[]): void {
		for (const send of sends) {
			if (send.user !== this.user || this.byCid.has(send.cid)) continue;
			const item = this.revived(send);
			this.add(item);
			this.sending.revived(this.laneOf(item.room), item);
		}
		this.sending.pump();
	}

	/** A send of an earlier life. */
	private revived(stored: StoredSend): Item {
		const { refused, faults = 0 } = stored;
		const item = new Item(stored, true, this);
		// It may have been on the wire.
		item.tried = true;
		if (refused !== undefined) {
			const refusal = new RefusedError({ retry: false, retryAfterMs: 0, trace: "", ...refused });
			const error = refused.code === "internal" ? new UnknownOutcomeError(faults, refusal) : refusal;
			item.status = { state: "failed", error };
			item.fail(error);
		}
		return item;
	}

	/**
	 * Kept as failed before anybody is told, and before what was said later goes on: what failed must not be said after a reload as if
	 * it had not.
	 */
	private async giveUp(item: Item, error: RefusedError | UnknownOutcomeError): Promise<void> {
		item.status = { state: "failed", error };
		item.kept = false;
		const { code, message, trace } = error instanceof RefusedError ? error : error.cause;
		item.stored = { ...item.stored, refused: { code, message, ...(trace !== "" && { trace }) } };
		await this.shelf.put(item.stored);
		if (item.status.state !== "failed" || item.status.error !== error) return;
		item.kept = true;
		item.fail(error);
		this.changed(item.room);
		this.port.failed(item);
		this.sending.pump();
	}

	private async keep(item: Item): Promise<void> {
		await this.shelf.put(item.stored);
		item.kept = true;
		this.changed(item.room);
		this.sending.pump();
	}

	// ------------------------------------------------------------ helpers

	private settle(item: Item, sent: Sent): void {
		if (item.status.state === "done" || item.status.state === "discarded") return;
		this.sending.settled(this.lanes.get(item.room), item);
		item.settle(sent);
		this.shelf.remove(item.stored);
		this.changed(item.room);
	}

	/** What is done leaves the pending ones when the timeline shows it, so that it is never in neither. */
	private dropShown(lane: Lane): void {
		const { room } = lane;
		const left = lane.dropShown(
			(seq) => this.port.shows(room, seq),
			(item) => this.byCid.delete(item.cid),
		);
		if (!left) return;
		this.removeIfEmpty(lane);
		this.changed(room);
	}

	private add(item: Item): void {
		this.laneOf(item.room).items.push(item);
		this.byCid.set(item.cid, item);
		this.changed(item.room);
	}

	private laneOf(room: string): Lane {
		let lane = this.lanes.get(room);
		if (lane === undefined) {
			lane = new Lane(room);
			this.lanes.set(room, lane);
			this.sending.laneAdded(lane);
		}
		return lane;
	}

	private removeIfEmpty(lane: Lane): void {
		if (lane.items.length > 0) return;
		this.lanes.delete(lane.room);
		this.sending.laneRemoved(lane);
	}

	private changed(room: string): void {
		this.lanes.get(room)?.changed();
		this.port.changed(room);
	}
}

function isUnderWay({ kept, status: { state } }: Item): boolean {
	// One that fails has done so once that is kept.
	return state === "waiting" || state === "sent" || (state === "failed" && !kept);
}

const NONE: readonly Delivery[] = [];

/** As it was said: what became of its tries is forgotten. */
function freshOf({ user, room, cid, text, atMs }: StoredSend): StoredSend {
	return { user, room, cid, text, atMs };
}
