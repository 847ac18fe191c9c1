// A session's place in each of its rooms. While it keeps up, rooms push to it; as soon as a cursor is not at the head (a
// resume, a slow reader, a join) `pump` moves it from the log, room by room in turn, no faster than the connection takes it.
import { type Cursor, type DownBody, Refusal, Skipped_Reason } from "@verbatim/protocol";
import type { Clock } from "../clock.ts";
import type { Format } from "../listen/link.ts";
import type { Shedding } from "../overload/shedding.ts";
import { newestAsOf } from "../room/as-of.ts";
import type { Device } from "../room/device.ts";
import type { EntriesPush } from "../room/push.ts";
import type { LogReader } from "../room/reader.ts";
import type { LiveRoom } from "../room/room.ts";
import type { Rooms } from "../room/rooms.ts";
import { Subscription } from "../room/subscription.ts";
import type { RoomView } from "../store/store.ts";
import { type HeadBody, pageBody } from "./bodies.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { Due, Wheel } from "./wheel.ts";

/** What the streams need of their session. */
export interface StreamsPort {
	readonly device: Device;
	/** How the connection wants its messages. */
	readonly format: Format;
	/** May more be written now? */
	readonly roomy: boolean;
	readonly closed: boolean;
	tell(body: DownBody): void;
	sendPush(push: EntriesPush): void;
	/** Our bug: the session cannot keep its promise of order without gaps and must end, resumable. Never throws. */
	broken(cause: unknown): void;
}

export interface StreamsLimits {
	readonly catchUpEntriesMax: number;
	readonly historyEntriesMax: number;
	readonly historyEntriesDefault: number;
}

/** What all streams of a server share. */
export interface StreamsParts {
	readonly rooms: Pick<Rooms, "changes">;
	readonly reader: LogReader;
	readonly shedding: Shedding;
	readonly limits: StreamsLimits;
	readonly clock: Pick<Clock, "monotonic">;
	readonly wheel: Wheel;
}

/** Heads in one ping: a few KiB at most. */
const HEADS_MAX = 100;
/** A store that could not be read is asked again after this. */
export const READ_AGAIN_MS = 1_000;

export class Streams implements Due {
	readonly subscriptions = new Subscriptions();
	private readonly port: StreamsPort;
	private readonly parts: StreamsParts;
	private behind: Set<Subscription> | undefined;
	private pumping = false;
	/** A push was not taken since all rooms had caught up last. */
	private refused = false;
	/** The client was told that it is behind. */
	private told = false;
	/** Of the changes of rooms, the newest of which the client was told the head. */
	private headsTold = 0;
	/** Where in the wheel it stands while the store cannot be read; 0: nowhere. */
	private againAt = 0;

	constructor(port: StreamsPort, parts: StreamsParts) {
		this.port = port;
		this.parts = parts;
	}

	/** Begins the stream of a room at the client's own cursor, or at the head that `Welcome` names. */
	resume(room: LiveRoom, view: RoomView, cursor: Cursor | undefined): void {
		if (this.subscriptions.has(room.id)) return;
		const fits = cursor === undefined || (cursor.epoch === view.epoch && cursor.seq <= view.head);
		const subscription = this.add(room, cursor === undefined || !fits ? view.head : cursor.seq, fits ? "live" : "stale");
		if (!fits || subscription.cursor < room.head) this.follow(subscription);
	}

	/** Begins a stream at `cursor` without letting anything out yet. */
	hold(room: LiveRoom, cursor: number): Subscription {
		const subscription = this.subscriptions.get(room.id) ?? this.add(room, cursor, "held");
		subscription.state = "held";
		return subscription;
	}

	/** Lets a held stream go on after `cursor`; nothing if the user has left meanwhile. */
	release(subscription: Subscription, cursor: number): void {
		if (this.subscriptions.get(subscription.room.id) !== subscription) return;
		subscription.cursor = cursor;
		subscription.state = "live";
		if (cursor < subscription.room.head) this.follow(subscription);
	}

	/** All streams of the welcome have begun: the client knows the heads of this moment. */
	begun(): void {
		this.headsTold = this.parts.rooms.changes;
	}

	/**
	 * How far rooms were sent: those that have changed since this was asked for, longest ago first, at most `HEADS_MAX`; the others are told the
	 * next time. A room that is still being sent from the log is told when it has been.
	 */
	heads(): HeadBody[] {
		const { rooms } = this.parts;
		const changed: Subscription[] = [];
		for (const each of this.subscriptions) if (each.state === "live" && each.room.change > this.headsTold) changed.push(each);
		this.headsTold = rooms.changes;
		if (changed.length > HEADS_MAX) {
			changed.sort((a, b) => a.room.change - b.room.change);
			changed.length = HEADS_MAX;
			this.headsTold = changed.at(-1)?.room.change ?? 0;
		}
		return changed.map(({ room, cursor }) => ({ room: room.id, epoch: room.epoch, seq: cursor }));
	}

	remove(room: string): boolean {
		const subscription = this.subscriptions.get(room);
		if (subscription === undefined) return false;
		this.subscriptions.delete(subscription);
		subscription.room.readers.delete(subscription);
		this.behind?.delete(subscription);
		return true;
	}

	/** The reader did not take a push: tell it once, unless it takes what waits as soon as it is written, and move it from the log from now on. */
	fallBehind(subscription: Subscription): void {
		this.refused = true;
		if (!this.port.roomy) this.tellBehind();
		this.follow(subscription);
	}

	/** The connection has not taken all that was written. */
	clogged(): void {
		if (this.refused && this.behind !== undefined && this.behind.size > 0) this.tellBehind();
	}

	/** Goes on with what is behind, as far as the connection takes it. */
	pump(): void {
		if (!this.pumping && this.againAt === 0 && this.behind !== undefined && this.behind.size > 0) void this.pumpAll();
	}

	/** The store is asked once more. */
	due(): void {
		this.againAt = 0;
		this.pump();
	}

	broken(cause: unknown): void {
		this.port.broken(cause);
	}

	close(): void {
		if (this.againAt > 0) this.parts.wheel.remove(this.againAt, this);
		for (const subscription of this.subscriptions) subscription.room.readers.delete(subscription);
		this.subscriptions.clear();
		this.behind = undefined;
	}

	private add(room: LiveRoom, cursor: number, state: Subscription["state"]): Subscription {
		const subscription = new Subscription(room, this.port.device, cursor, state);
		this.subscriptions.add(subscription);
		room.readers.add(subscription);
		return subscription;
	}

	private tellBehind(): void {
		if (this.told) return;
		this.told = true;
		this.port.tell({ case: "behind", value: { behind: true } });
	}

	private follow(subscription: Subscription): void {
		if (subscription.state === "live") subscription.state = "behind";
		this.behind ??= new Set();
		this.behind.add(subscription);
		this.pump();
	}

	private async pumpAll(): Promise<void> {
		this.pumping = true;
		try {
			// Not in the caller's own call: its reply (a welcome, a join) goes out first.
			await Promise.resolve();
			while (!this.port.closed && this.port.roomy) {
				const subscription = this.nextBehind();
				if (subscription === undefined) break;
				await this.advance(subscription);
			}
		} catch (cause) {
			if (!(cause instanceof Refusal)) this.port.broken(cause);
			// A store that cannot read is no bug: what is behind stays so until it can.
			else if (!this.port.closed) this.againAt = this.parts.wheel.add(this.parts.clock.monotonic() + READ_AGAIN_MS, this);
		} finally {
			this.pumping = false;
		}
	}

	/** The room whose turn it is; undefined when all have caught up. */
	private nextBehind(): Subscription | undefined {
		const { behind } = this;
		if (behind === undefined) return undefined;
		for (const subscription of behind) {
			behind.delete(subscription);
			// Set anew by the answer to a join, meanwhile: it follows by itself or was put in here again.
			if (subscription.state === "held" || subscription.state === "live") continue;
			if (subscription.state === "behind" && subscription.cursor >= subscription.room.head) {
				subscription.state = "live";
			} else {
				// Back in at the end: every room gets its turn.
				behind.add(subscription);
				return subscription;
			}
		}
		this.behind = undefined;
		// What came from the log may be of any room, however long ago it changed.
		this.headsTold = 0;
		this.refused = false;
		if (this.told) {
			this.told = false;
			this.port.tell({ case: "behind", value: { behind: false } });
		}
		return undefined;
	}

	/** Moves one cursor by one piece of the log. */
	private async advance(subscription: Subscription): Promise<void> {
		const { room } = subscription;
		if (subscription.state === "stale" || room.head - subscription.cursor > this.behindMax) {
			await this.skip(subscription);
			return;
		}
		const { cursor } = subscription;
		const piece = await this.parts.reader.after(room, cursor, this.port.format);
		if (!this.stillWants(subscription, cursor)) return;
		if (piece === undefined) throw new Error(`room ${room.id} has no log`);
		// Lowered while this was read: what lies behind comes with its news.
		if (piece.push === undefined ? room.head <= cursor : piece.push.to > room.head) return;
		if (piece.push === undefined) {
			if (piece.head <= cursor) throw new Error(`the log of room ${room.id} ends at ${piece.head}, before its head ${room.head}`);
			return;
		}
		this.port.sendPush(piece.push);
		subscription.cursor = piece.push.to;
	}

	/** Who is further behind is told what lies between instead of being sent it; in overload, whoever needs more than one page. */
	private get behindMax(): number {
		const { limits, shedding } = this.parts;
		return shedding.sheds("history") ? limits.historyEntriesMax : limits.catchUpEntriesMax;
	}

	/** Too far behind, or in another epoch: the newest page, and word of what lies between. */
	private async skip(subscription: Subscription): Promise<void> {
		const { room } = subscription;
		const { cursor } = subscription;
		const newest = await this.parts.reader.newest(room.id, this.parts.limits.historyEntriesDefault);
		if (!this.stillWants(subscription, cursor)) return;
		if (newest === undefined) throw new Error(`room ${room.id} has no log`);
		const page = newestAsOf(newest, room.head);
		const stale = subscription.state === "stale";
		const from = stale ? 1 : subscription.cursor + 1;
		const reason = stale ? Skipped_Reason.EPOCH : Skipped_Reason.FAR;
		this.port.tell({
			case: "skipped",
			value: { room: room.id, epoch: page.epoch, from, to: page.from - 1, reason, page: pageBody(room.id, page) },
		});
		subscription.cursor = page.to;
		subscription.state = "behind";
	}

	/** After a read from `cursor`: is the stream still there, and was it not set anew by a join meanwhile? */
	private stillWants(subscription: Subscription, cursor: number): boolean {
		if (this.port.closed || this.subscriptions.get(subscription.room.id) !== subscription) return false;
		return (subscription.state === "behind" || subscription.state === "stale") && subscription.cursor === cursor;
	}
}
