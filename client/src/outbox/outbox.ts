// Sends that are not acknowledged: stored first, then sent (send-scheduler.ts), until acknowledged, refused for good, given up or
// discarded.
import { checkUp, create, type Entry, isFinal, type Sent, SentSchema, UpSchema } from "@verbatim/protocol";
import type { Delivery, SendOptions } from "../api/api.ts";
import type { OutboxStore, StoredSend } from "../api/outbox-store.ts";
import {
	ClosedError,
	DiscardedError,
	OutboxError,
	RefusedError,
	UnknownOutcomeError,
	type VerbatimError,
} from "../base/errors.ts";
import { newCid, nextCid } from "../base/ids.ts";
import type { Parts } from "../base/parts.ts";
import type { Session } from "../session/session.ts";
import { FallbackStore } from "./fallback-store.ts";
import { Lane } from "./lane.ts";
import { cidOf, PendingSend, type PendingSendPort } from "./pending-send.ts";
import { SendScheduler } from "./send-scheduler.ts";

export interface OutboxPort {
	/** The session, if it is live. */
	readonly session: Session | undefined;
	/** Whether the room's timeline reaches `seq`; true if there is no such room. */
	shows(room: string, seq: number): boolean;
	/** The room's pending sends have changed. */
	changed(room: string): void;
	problem(error: VerbatimError): void;
	/** A send has failed. */
	failed(delivery: Delivery): void;
}

export interface OutboxOptions {
	readonly inFlightMax: number;
	readonly itemsMax: number;
}

export class Outbox implements PendingSendPort {
	private readonly parts: Parts;
	private readonly port: OutboxPort;
	private readonly options: OutboxOptions;
	private readonly store: FallbackStore;
	private user = "";
	private ready = false;
	private readonly scheduler: SendScheduler;
	private readonly lanes = new Map<string, Lane>();
	private readonly byCid = new Map<string, PendingSend>();

	constructor(parts: Parts, store: OutboxStore, port: OutboxPort, options: OutboxOptions) {
		this.parts = parts;
		this.port = port;
		this.options = options;
		const self = this;
		this.scheduler = new SendScheduler(parts, options.inFlightMax, {
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
				this.scheduler.pump();
			},
			giveUp: (item, error) => void this.giveUp(item, error),
			keep: (item) => void this.store.put(item.stored),
		});
		this.store = new FallbackStore(
			store,
			(sends) => this.adopt(sends),
			(error) => port.problem(error),
		);
	}

	/** All pending sends, oldest first. */
	get all(): readonly Delivery[] {
		return [...this.lanes.values()].flatMap(({ items }) => items).sort((a, b) => a.atMs - b.atMs);
	}

	/** Whether a send is pending; also true until the store was read. */
	get underWay(): boolean {
		if (!this.ready) return true;
		for (const { items } of this.lanes.values()) if (items.some(isUnderWay)) return true;
		return false;
	}

	pending(room: string): readonly Delivery[] {
		return this.lanes.get(room)?.snapshot ?? NONE;
	}

	/** Switches the user; an empty id is nobody. Pending sends of the previous one stay in the store. */
	setUser(user: string): void {
		if (user === this.user) return;
		const before = [...this.lanes.values()].flatMap(({ items }) => items);
		this.user = user;
		this.lanes.clear();
		this.byCid.clear();
		this.scheduler.clear();
		this.ready = false;
		for (const item of before) item.fail(new ClosedError("another identity has taken over"));
		if (user !== "") void this.open(user);
	}

	/** Stores a send, then schedules it. Throws `RefusedError` for an invalid text, and `OutboxError` when full. */
	enqueue(room: string, text: string, options: SendOptions = {}): Delivery {
		const cid = newCid(this.parts.clock, this.parts.random);
		const problem = checkUp(
			create(UpSchema, { id: 1, command: { case: "send", value: { room, cid, text, behind: "" } } }),
			this.parts.limits,
		);
		if (problem !== undefined) throw new RefusedError({ ...problem, retry: false, retryAfterMs: 0, trace: "" });
		if (this.byCid.size >= this.options.itemsMax) throw new OutboxError(`${this.byCid.size} sends are waiting already`);
		const item = new PendingSend({ user: this.user, room, cid, text, atMs: this.parts.clock.now() }, false, this);
		this.add(item);
		void this.keep(item);
		item.bound(options, this.parts.clock);
		return item;
	}

	/** A session is live: repeats all unanswered sends. */
	resume(): void {
		this.scheduler.resume();
	}

	/** Retries now, without waiting for back-offs. */
	retryNow(): void {
		this.scheduler.retryNow();
	}

	/** The session has ended. */
	disconnected(): void {
		this.scheduler.disconnected();
	}

	/** New entries of a room: the user's own among them are acknowledgements, also if the answer was lost. */
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
		this.scheduler.pump();
	}

	/** Rejects all pending promises; the store keeps the sends. */
	async close(): Promise<void> {
		this.disconnected();
		for (const { items } of this.lanes.values()) for (const item of items) item.fail(new ClosedError("the client was closed"));
		await this.store.close();
	}

	// ------------------------------------------------------------ calls of deliveries

	retry(item: PendingSend): void {
		const lane = this.lanes.get(item.room);
		if (lane === undefined || item.status.state !== "failed") return;
		const { error } = item.status;
		// Rejects the old promise, if the failure was not stored and reported yet.
		item.fail(error);
		lane.items = [...lane.items.filter((other) => other !== item), item];
		item.status = { state: "waiting" };
		this.byCid.delete(item.cid);
		// A cid that has its answer gets no other. Any other is kept: the send may be in the log, or a copy of it on its way there.
		const cidNow = isAnswered(error) ? nextCid(item.cid) : item.cid;
		item.stored = freshOf(item.stored, cidNow);
		this.byCid.set(item.cid, item);
		item.renew();
		item.kept = false;
		void this.keep(item, "last");
		this.changed(item.room);
	}

	discard(item: PendingSend, why: VerbatimError = new DiscardedError("the send was taken back")): void {
		const lane = this.lanes.get(item.room);
		if (lane === undefined || item.status.state === "done" || item.status.state === "discarded") return;
		this.scheduler.rewind([item]);
		item.status = { state: "discarded" };
		lane.take(item);
		this.byCid.delete(item.cid);
		this.removeIfEmpty(lane);
		item.fail(why);
		this.store.remove(item.stored);
		this.changed(item.room);
		this.scheduler.pump();
	}

	// ------------------------------------------------------------ the store

	private async open(user: string): Promise<void> {
		const sends = await this.store.open(user);
		if (this.user !== user) return;
		const rooms = new Set(sends.map(({ room }) => room));
		for (const room of rooms) {
			const lane = this.laneOf(room);
			const items = sends.filter((send) => send.room === room).map((send) => this.restored(send));
			lane.items = [...items, ...lane.items];
			for (const item of items) {
				this.byCid.set(item.cid, item);
				this.scheduler.restored(lane, item);
			}
			this.changed(room);
		}
		this.ready = true;
		this.port.changed("");
		this.scheduler.pump();
	}

	private adopt(sends: readonly StoredSend[]): void {
		for (const send of sends) {
			if (send.user !== this.user || this.byCid.has(cidOf(send))) continue;
			const item = this.restored(send);
			this.add(item);
			this.scheduler.restored(this.laneOf(item.room), item);
		}
		this.scheduler.pump();
	}

	/** A send that an earlier run or another owner has stored. */
	private restored(stored: StoredSend): PendingSend {
		const { refused, faults = 0 } = stored;
		const item = new PendingSend(stored, true, this);
		// It may have been in flight.
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
	 * Stores the failure before reporting it and before later sends go out: after a crash the send must not be retried, or overtaken, as
	 * if it had not failed.
	 */
	private async giveUp(item: PendingSend, error: RefusedError | UnknownOutcomeError): Promise<void> {
		item.status = { state: "failed", error };
		item.kept = false;
		const { code, message, trace } = error instanceof RefusedError ? error : error.cause;
		item.stored = { ...item.stored, refused: { code, message, ...(trace !== "" && { trace }) } };
		await this.store.put(item.stored);
		if (item.status.state !== "failed" || item.status.error !== error) return;
		item.kept = true;
		item.fail(error);
		this.changed(item.room);
		this.port.failed(item);
		this.scheduler.pump();
	}

	private async keep(item: PendingSend, place?: "last"): Promise<void> {
		await this.store.put(item.stored, place);
		item.kept = true;
		this.changed(item.room);
		this.scheduler.pump();
	}

	// ------------------------------------------------------------ helpers

	private settle(item: PendingSend, sent: Sent): void {
		if (item.status.state === "done" || item.status.state === "discarded") return;
		this.scheduler.settled(this.lanes.get(item.room), item);
		item.settle(sent);
		this.store.remove(item.stored);
		this.changed(item.room);
	}

	/** An acknowledged send stays pending until the timeline shows its entry, so that it is always in one of the two. */
	private dropShown(lane: Lane): void {
		const { room } = lane;
		const removed = lane.dropShown(
			(seq) => this.port.shows(room, seq),
			(item) => this.byCid.delete(item.cid),
		);
		if (!removed) return;
		this.removeIfEmpty(lane);
		this.changed(room);
	}

	private add(item: PendingSend): void {
		this.laneOf(item.room).items.push(item);
		this.byCid.set(item.cid, item);
		this.changed(item.room);
	}

	private laneOf(room: string): Lane {
		let lane = this.lanes.get(room);
		if (lane === undefined) {
			lane = new Lane(room);
			this.lanes.set(room, lane);
			this.scheduler.laneAdded(lane);
		}
		return lane;
	}

	private removeIfEmpty(lane: Lane): void {
		if (lane.items.length > 0) return;
		this.lanes.delete(lane.room);
		this.scheduler.laneRemoved(lane);
	}

	private changed(room: string): void {
		this.lanes.get(room)?.changed();
		this.port.changed(room);
	}
}

function isUnderWay({ kept, status: { state } }: PendingSend): boolean {
	// A failure counts once it is stored.
	return state === "waiting" || state === "sent" || (state === "failed" && !kept);
}

const NONE: readonly Delivery[] = [];

/** Is the cid of a send that has failed so answered, so that it would be refused again whatever has changed? */
function isAnswered(error: VerbatimError): boolean {
	return error instanceof RefusedError && (isFinal(error.code) || error.code === "cid_reused");
}

/** The record without the outcome of earlier tries. */
function freshOf({ user, room, cid, text, atMs }: StoredSend, cidNow: string): StoredSend {
	return { user, room, cid, ...(cidNow !== cid && { cidNow }), text, atMs };
}
