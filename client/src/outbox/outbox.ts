// What was said and is not yet acknowledged, and how it gets out.
//
// Each room has a lane: its sends in the order of saying. Many are on the wire at once, each naming the unanswered one before
// it (`behind`), so that the server refuses what would overtake. A refusal that may pass, or a time-out, rewinds the lane from
// there: that send and all after it wait again and are repeated in order, with the same cids. A refusal for good fails the one
// send and rewinds what stood behind it. After a reconnect everything unanswered is repeated. An answer "sent" is believed from
// any try; a refusal only from the present one.
//
// The window of sends on the wire opens and closes with the server's patience, as TCP's does (after a refusal from one upwards,
// quickly to half of what was too much, then slowly).
import { checkUp, create, type Entry, type Sent, SentSchema, UpSchema } from "@verbatim/protocol";
import type { Delivery, SendOptions } from "../api.ts";
import type { Cancel } from "../clock.ts";
import { ClosedError, DiscardedError, OutboxError, RefusedError, type VerbatimError } from "../errors.ts";
import { newCid } from "../ids.ts";
import type { Parts } from "../parts.ts";
import type { Session } from "../session/session.ts";
import { Item, type ItemPort } from "./item.ts";
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
}

export interface OutboxOptions {
	readonly inFlightMax: number;
	readonly itemsMax: number;
}

interface Lane {
	items: Item[];
	/** How many of them are done, and only wait to be shown. */
	done: number;
	snapshot: readonly Item[] | undefined;
}

/** Waits where the server gives no advice: from the first to the last, doubling, with full jitter. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 10_000;

export class Outbox implements ItemPort {
	private readonly parts: Parts;
	private readonly port: OutboxPort;
	private readonly options: OutboxOptions;
	private readonly shelf: Shelf;
	private user = "";
	private ready = false;
	private readonly lanes = new Map<string, Lane>();
	private readonly byCid = new Map<string, Item>();
	private attempts = 0;
	private inFlight = 0;
	private window: number;
	/** Up to here the window opens quickly. */
	private threshold: number;
	private pausedUntilMs = 0;
	/** Refusals since something was last acknowledged. */
	private refusals = 0;
	private cancelPause: Cancel | undefined;

	constructor(parts: Parts, store: OutboxStore, port: OutboxPort, options: OutboxOptions) {
		this.parts = parts;
		this.port = port;
		this.options = options;
		this.window = options.inFlightMax;
		this.threshold = options.inFlightMax;
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

	pending(room: string): readonly Delivery[] {
		const lane = this.lanes.get(room);
		if (lane === undefined) return NONE;
		lane.snapshot ??= lane.items.slice();
		return lane.snapshot;
	}

	/** Whose sends these are from now on. What another identity has waiting stays in the store, for when it comes back. */
	become(user: string): void {
		if (user === this.user) return;
		const before = [...this.lanes.values()].flatMap(({ items }) => items);
		this.user = user;
		this.lanes.clear();
		this.byCid.clear();
		this.inFlight = 0;
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
		this.pausedUntilMs = 0;
		this.window = this.options.inFlightMax;
		this.pump();
	}

	/** The session is gone. */
	disconnected(): void {
		for (const [room, { items }] of this.lanes) if (this.rewind(items, 0)) this.changed(room);
		this.cancelPause?.();
		this.cancelPause = undefined;
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
		this.dropShown(room, lane);
		this.pump();
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
		lane.items = [...lane.items.filter((other) => other !== item), item];
		item.status = { state: "waiting" };
		item.renew();
		item.kept = false;
		void this.keep(item);
		this.changed(item.room);
	}

	discard(item: Item, why: VerbatimError = new DiscardedError("the send was taken back")): void {
		const lane = this.lanes.get(item.room);
		if (lane === undefined || item.status.state === "done" || item.status.state === "discarded") return;
		this.rewind([item], 0);
		item.status = { state: "discarded" };
		this.take(lane, item);
		item.fail(why);
		this.shelf.remove(item.stored);
		this.changed(item.room);
		this.pump();
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
			for (const item of items) this.byCid.set(item.cid, item);
			this.changed(room);
		}
		this.ready = true;
		this.pump();
	}

	private adopt(sends: readonly StoredSend[]): void {
		for (const send of sends) {
			if (send.user !== this.user || this.byCid.has(send.cid)) continue;
			this.add(this.revived(send));
		}
		this.pump();
	}

	/** A send of an earlier life. */
	private revived({ refused, ...stored }: StoredSend): Item {
		const item = new Item(stored, true, this);
		// It may have been on the wire.
		item.tried = true;
		if (refused !== undefined) {
			const error = new RefusedError({ ...refused, retry: false, retryAfterMs: 0, trace: "" });
			item.status = { state: "failed", error };
			item.fail(error);
		}
		return item;
	}

	/**
	 * Kept as refused before anybody is told, and before what was said later goes on: what failed must not be said after a reload as if
	 * it had not.
	 */
	private async giveUp(item: Item, error: RefusedError): Promise<void> {
		const { code, message } = error;
		item.kept = false;
		await this.shelf.put({ ...item.stored, refused: { code, message } });
		if (item.status.state !== "failed" || item.status.error !== error) return;
		item.kept = true;
		item.fail(error);
		this.pump();
	}

	private async keep(item: Item): Promise<void> {
		await this.shelf.put(item.stored);
		item.kept = true;
		this.pump();
	}

	// ------------------------------------------------------------ sending

	/** Puts on the wire what may go: one of each room in turn, until the window is full. */
	private pump(): void {
		const { session } = this.port;
		if (session === undefined || !this.ready || this.cancelPause !== undefined) return;
		const leftMs = this.pausedUntilMs - this.parts.clock.monotonic();
		if (leftMs > 0) {
			this.cancelPause = this.parts.clock.after(leftMs, () => {
				this.cancelPause = undefined;
				this.pump();
			});
			return;
		}
		let moved = true;
		while (moved) {
			moved = false;
			for (const [room, lane] of this.lanes) {
				if (this.inFlight >= Math.floor(this.window) || !session.live) return;
				if (this.sendNext(session, lane)) {
					moved = true;
					this.changed(room);
				}
			}
		}
	}

	private sendNext(session: Session, lane: Lane): boolean {
		let behind: Item | undefined;
		for (const item of lane.items) {
			if (item.status.state === "sent") behind = item;
			// Not kept yet, as said or as refused: what was said later must not overtake it.
			if (!item.kept && (item.status.state === "waiting" || item.status.state === "failed")) return false;
			if (item.status.state !== "waiting") continue;
			this.send(session, item, behind);
			return true;
		}
		return false;
	}

	private send(session: Session, item: Item, behind: Item | undefined): void {
		const attempt = ++this.attempts;
		item.attempt = attempt;
		item.tried = true;
		item.behind = behind;
		item.status = { state: "sent" };
		this.inFlight++;
		const value = { room: item.room, cid: item.cid, text: item.text, behind: behind?.cid ?? "" };
		session.request({ case: "send", value }, this.parts.timing.answerMs, {
			answered: (body) => {
				if (body.case !== "sent" || this.user !== item.stored.user) return;
				this.settle(item, body.value);
				const lane = this.lanes.get(item.room);
				if (lane !== undefined) this.dropShown(item.room, lane);
				this.pump();
			},
			failed: (error) => {
				if (item.attempt === attempt && item.status.state === "sent") this.refused(item, error);
			},
		});
	}

	private refused(item: Item, error: VerbatimError): void {
		const lane = this.lanes.get(item.room);
		if (lane === undefined) return;
		const at = lane.items.indexOf(item);
		if (error instanceof RefusedError && !error.retry) {
			this.rewind(lane.items, at);
			item.status = { state: "failed", error };
			void this.giveUp(item, error);
		} else if (error instanceof RefusedError) {
			// Refused for what it stands behind, which was never answered: that one got lost, and goes first.
			const lost = error.code === "out_of_order" && item.behind?.status.state === "sent" ? lane.items.indexOf(item.behind) : -1;
			this.rewind(lane.items, lost >= 0 ? lost : at);
			if (lost < 0) {
				this.threshold = Math.max(1, Math.floor(this.window / 2));
				this.window = 1;
			}
			const waitMs = error.retryAfterMs || this.ownWaitMs();
			this.refusals++;
			this.pausedUntilMs = Math.max(this.pausedUntilMs, this.parts.clock.monotonic() + waitMs);
			item.status = { state: "waiting", retryAtMs: this.parts.clock.now() + waitMs };
		} else {
			this.rewind(lane.items, at);
		}
		this.changed(item.room);
		this.pump();
	}

	private settle(item: Item, sent: Sent): void {
		if (item.status.state === "done" || item.status.state === "discarded") return;
		if (item.status.state === "sent") this.inFlight--;
		item.behind = undefined;
		item.settle(sent);
		const lane = this.lanes.get(item.room);
		if (lane !== undefined) lane.done++;
		this.refusals = 0;
		this.window = Math.min(this.options.inFlightMax, this.window + (this.window < this.threshold ? 1 : 0.5 / this.window));
		this.shelf.remove(item.stored);
		this.changed(item.room);
	}

	/** What is on the wire from `at` on waits again; its tries count no more. */
	private rewind(items: readonly Item[], at: number): boolean {
		let any = false;
		for (const item of items.slice(at)) {
			if (item.status.state !== "sent") continue;
			item.status = { state: "waiting" };
			item.attempt = 0;
			item.behind = undefined;
			this.inFlight--;
			any = true;
		}
		return any;
	}

	// ------------------------------------------------------------ helpers

	/** What is done leaves the pending ones when the timeline shows it, so that it is never in neither. */
	private dropShown(room: string, lane: Lane): void {
		let left = lane.done;
		for (let i = 0; left > 0 && i < lane.items.length; i++) {
			const item = lane.items[i];
			if (item?.status.state !== "done") continue;
			left--;
			if (!this.port.shows(room, item.status.sent.seq)) continue;
			this.take(lane, item);
			i--;
			this.changed(room);
		}
	}

	private add(item: Item): void {
		this.laneOf(item.room).items.push(item);
		this.byCid.set(item.cid, item);
		this.changed(item.room);
	}

	private take(lane: Lane, item: Item): void {
		// Nearly always at the front.
		lane.items.splice(lane.items.indexOf(item), 1);
		if (item.status.state === "done") lane.done--;
		this.byCid.delete(item.cid);
		if (lane.items.length === 0) this.lanes.delete(item.room);
	}

	private laneOf(room: string): Lane {
		let lane = this.lanes.get(room);
		if (lane === undefined) {
			lane = { items: [], done: 0, snapshot: undefined };
			this.lanes.set(room, lane);
		}
		return lane;
	}

	private changed(room: string): void {
		const lane = this.lanes.get(room);
		if (lane !== undefined) lane.snapshot = undefined;
		this.port.changed(room);
	}

	private ownWaitMs(): number {
		return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(20, this.refusals)) * this.parts.random.float();
	}
}

const NONE: readonly Delivery[] = [];
