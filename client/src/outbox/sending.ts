// How the outbox's sends get out.
//
// Each room has a lane. Many of its sends are on the wire at once, each naming the unanswered one before it (`behind`), so that the
// server refuses what would overtake. A refusal that may pass, or a time-out, rewinds the lane from there: that send and all after
// it wait again and are repeated in order, with the same cids. A refusal for good fails the one send and rewinds what stood behind
// it. After a reconnect everything unanswered is repeated. An answer "sent" is believed from any try; a refusal only from the
// present one.
//
// Lanes take turns. What concerns the whole connection (a rate limit, a server that is busy) pauses all; what concerns one room
// pauses its lane.
//
// `internal` is the server's own fault: the send may have been committed, and trying it again may end the session once more. It is
// tried a few times with growing pauses, counted in the store, and then ends as failed with an unknown outcome. Where the session
// ended without an answer, the fault was in one of the rooms with a send on the wire: these are suspects. One suspect room at a time
// has a send on the wire, and only one, until a send of it is answered. Another room's new send may be there beside it, and be at
// fault: a room is blamed when it was alone on the wire, or the only suspect there at two such ends.
import type { Sent } from "@verbatim/protocol";
import type { Cancel } from "../clock.ts";
import { RefusedError, TimeoutError, UnknownOutcomeError, type VerbatimError } from "../errors.ts";
import { faultWaitMs, isCutOff, isInternal } from "../fault.ts";
import type { Parts } from "../parts.ts";
import type { Session } from "../session/session.ts";
import type { Item } from "./item.ts";
import type { Lane } from "./lane.ts";
import { SendWindow } from "./window.ts";

export interface SendingPort {
	/** The session to send on, if there is one and what was kept is read. */
	readonly session: Session | undefined;
	lane(room: string): Lane | undefined;
	/** Something of the lane is different. */
	changed(lane: Lane): void;
	/** It is in the log. */
	settle(item: Item, sent: Sent): void;
	/** It is not tried any more. */
	giveUp(item: Item, error: RefusedError | UnknownOutcomeError): void;
	/** Its count of faults is to be kept. */
	keep(item: Item): void;
}

/** Waits where the server gives no advice: from the first to the last, doubling, with full jitter. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 10_000;
/** `internal` answers to one send until it is given up; less in a room where one was given up and nothing got through since. */
const FAULTS_MAX = 5;
const FAULTS_MAX_AGAIN = 2;

export class Sending {
	private readonly parts: Parts;
	private readonly port: SendingPort;
	private readonly window: SendWindow;
	/** In the order of their turns. */
	private readonly turns = new Set<Lane>();
	private attempts = 0;
	private acknowledgements = 0;
	private pausedUntilMs = 0;
	/** Refusals since something was last acknowledged. */
	private refusals = 0;
	private cancelWake: Cancel | undefined;
	/**
	 * Rooms with a send on the wire when a session ended by the server's fault, until a send of theirs is answered (shown by the
	 * timeline is not enough: what is in the log may have been at fault after it was committed). The number: such ends at which the
	 * room was the only suspect on the wire.
	 */
	private readonly suspects = new Map<string, number>();
	/** The send of a suspect room on the wire; there is at most one. */
	private onTrial: Item | undefined;
	/** Sends without an answer when the session ended by the server's fault. */
	private readonly cutOff = new Map<Item, VerbatimError>();
	/** Sends that timed out on this session: the server may be at them still, and end the session by one. */
	private readonly timedOut = new Set<Item>();
	/** The session has answered `internal`: if it ends by a fault, that was it. */
	private faultAnswered = false;

	constructor(parts: Parts, inFlightMax: number, port: SendingPort) {
		this.parts = parts;
		this.port = port;
		this.window = new SendWindow(inFlightMax);
	}

	laneAdded(lane: Lane): void {
		this.turns.add(lane);
	}

	laneRemoved(lane: Lane): void {
		this.turns.delete(lane);
	}

	/** A send of an earlier life has come into the lane: one that was at fault there has its pause before it is tried again. */
	revived(lane: Lane, { stored: { faults = 0 }, status }: Item): void {
		if (faults === 0 || status.state === "failed") return;
		lane.cautious = true;
		lane.faults = Math.max(lane.faults, faults);
		this.suspects.set(lane.room, 1);
		this.pauseForFault(lane, 0);
	}

	/** A session is live: everything unanswered is repeated, where nothing was at fault first. */
	resume(): void {
		this.pausedUntilMs = 0;
		this.window.reset();
		for (const lane of [...this.turns]) {
			if (lane.faults === 0) lane.pausedUntilMs = 0;
			if (lane.cautious) this.toTheEnd(lane);
		}
		this.pump();
	}

	/** Tries everything now, whatever was to be waited for. */
	hurry(): void {
		this.pausedUntilMs = 0;
		for (const lane of this.turns) lane.pausedUntilMs = 0;
		this.pump();
	}

	/** The session is gone. */
	disconnected(): void {
		for (const lane of this.turns) if (this.rewind(lane.items)) this.port.changed(lane);
		this.blame();
		this.cancelWake?.();
		this.cancelWake = undefined;
	}

	/** Nothing of it is left: another identity takes over. */
	clear(): void {
		this.turns.clear();
		this.cutOff.clear();
		this.timedOut.clear();
		this.suspects.clear();
		this.window.inFlight = 0;
		this.onTrial = undefined;
	}

	/** Puts on the wire what may go: one of each room in turn, until the window is full. */
	pump(): void {
		const { session } = this.port;
		if (session === undefined) return;
		const nowMs = this.parts.clock.monotonic();
		if (this.pausedUntilMs > nowMs) {
			this.wakeIn(this.pausedUntilMs - nowMs);
			return;
		}
		let wakeMs = Number.POSITIVE_INFINITY;
		// A lane that has had its turn goes to the end, and is met again.
		for (const lane of this.turns) {
			if (!this.window.open || !session.live) return;
			const next = lane.next();
			if (next === undefined || (this.onTrial !== undefined && this.suspects.has(lane.room))) continue;
			if (lane.pausedUntilMs > nowMs) {
				wakeMs = Math.min(wakeMs, lane.pausedUntilMs);
				continue;
			}
			this.toTheEnd(lane);
			this.send(session, next.item, next.behind);
			this.port.changed(lane);
		}
		if (wakeMs < Number.POSITIVE_INFINITY) this.wakeIn(wakeMs - nowMs);
	}

	/** `item` is done. */
	settled(lane: Lane | undefined, item: Item): void {
		this.offTheWire(item);
		this.timedOut.delete(item);
		lane?.acknowledged();
		this.acknowledgements++;
		this.refusals = 0;
		this.window.acknowledged(item.attempt);
	}

	/** What is on the wire of `items` waits again; its tries count no more. True if there was any. */
	rewind(items: readonly Item[]): boolean {
		let any = false;
		for (const item of items) {
			if (item.status.state !== "sent") continue;
			this.offTheWire(item);
			item.status = { state: "waiting" };
			item.attempt = 0;
			any = true;
		}
		return any;
	}

	// ------------------------------------------------------------ one try

	private send(session: Session, item: Item, behind: Item | undefined): void {
		const attempt = ++this.attempts;
		item.attempt = attempt;
		item.tried = true;
		item.behind = behind;
		item.status = { state: "sent" };
		this.window.inFlight++;
		if (this.suspects.has(item.room)) this.onTrial = item;
		const value = { room: item.room, cid: item.cid, text: item.text, behind: behind?.cid ?? "" };
		session.request({ case: "send", value }, this.parts.timing.answerMs, {
			answered: (body) => {
				if (body.case !== "sent") return;
				if (this.suspects.has(item.room) && this.port.lane(item.room)?.faulty !== true) this.suspects.delete(item.room);
				this.port.settle(item, body.value);
			},
			failed: (error) => {
				if (isCutOff(error)) this.cutOff.set(item, error);
				if (error instanceof TimeoutError) this.timedOut.add(item);
				this.faultAnswered ||= isInternal(error);
				if (item.attempt === attempt && item.status.state === "sent") this.refused(item, attempt, error);
			},
		});
	}

	private offTheWire(item: Item): void {
		item.behind = undefined;
		if (item.status.state === "sent") this.window.inFlight--;
		if (this.onTrial === item) this.onTrial = undefined;
	}

	private refused(item: Item, attempt: number, error: VerbatimError): void {
		const lane = this.port.lane(item.room);
		if (lane === undefined) return;
		const at = lane.items.indexOf(item);
		const { behind } = item;
		const after = lane.items.slice(at);
		this.rewind(after);
		if (!(error instanceof RefusedError)) {
			// Lost, or not to be answered: it must not hold the window for all of its lane.
			if (error instanceof TimeoutError) lane.cautious = true;
		} else if (error.code === "internal") {
			this.fault(lane, item, error);
		} else if (!error.retry) {
			this.port.giveUp(item, error);
		} else if (error.code === "out_of_order") {
			// Where the one before is still unanswered, it got lost, and goes first.
			if (behind?.status.state === "sent") this.rewind(lane.items.slice(lane.items.indexOf(behind)));
			this.pauseLane(lane, item, error.retryAfterMs || this.ownWaitMs(lane.refusals++));
		} else {
			this.held(lane, item, attempt, error);
		}
		this.port.changed(lane);
		this.pump();
	}

	/** The server asks for patience: with all, except where others get through and this room does not. */
	private held(lane: Lane, item: Item, attempt: number, error: RefusedError): void {
		const others = lane.refusedAt !== undefined && this.acknowledgements > lane.refusedAt;
		lane.refusedAt = this.acknowledgements;
		if (others && error.code !== "rate_limited") {
			this.pauseLane(lane, item, Math.max(error.retryAfterMs, this.ownWaitMs(lane.refusals++)));
			return;
		}
		this.window.refused(attempt, this.attempts);
		const waitMs = error.retryAfterMs || this.ownWaitMs(this.refusals++);
		this.pausedUntilMs = Math.max(this.pausedUntilMs, this.parts.clock.monotonic() + waitMs);
		this.showWait(item, waitMs);
	}

	// ------------------------------------------------------------ the server's own faults

	private fault(lane: Lane, item: Item, error: RefusedError): void {
		lane.faults++;
		lane.cautious = true;
		this.suspects.set(lane.room, 1);
		const faults = (item.stored.faults ?? 0) + 1;
		item.stored = { ...item.stored, faults };
		if (faults >= (lane.gaveUp ? FAULTS_MAX_AGAIN : FAULTS_MAX)) {
			lane.gaveUp = true;
			this.port.giveUp(item, new UnknownOutcomeError(faults, error));
			return;
		}
		this.port.keep(item);
		this.showWait(item, this.pauseForFault(lane, error.retryAfterMs));
	}

	/** Which send is to blame that the session ended by the server's fault, if that can be said; else all rooms on the wire are suspects. */
	private blame(): void {
		// Some of them may be in the log already: then nothing is tried again of them, but they may have been it.
		const onTheWire = new Set([...this.cutOff.keys(), ...this.timedOut]);
		const [error] = this.cutOff.values();
		this.cutOff.clear();
		this.timedOut.clear();
		const answered = this.faultAnswered;
		this.faultAnswered = false;
		if (answered || error === undefined) return;
		const rooms = new Set([...onTheWire].map(({ room }) => room));
		const known = [...rooms].filter((room) => rooms.size === 1 || this.suspects.has(room));
		for (const room of rooms) this.suspects.set(room, this.suspects.get(room) ?? 0);
		const [room] = known;
		if (room === undefined || known.length > 1) return;
		const ends = (this.suspects.get(room) ?? 0) + 1;
		this.suspects.set(room, ends);
		const [item, ...more] = [...onTheWire].filter((each) => each.room === room);
		if (item === undefined || more.length > 0 || (ends === 1 && rooms.size > 1)) return;
		this.convict(item, error);
	}

	private convict(item: Item, { message }: VerbatimError): void {
		const lane = this.port.lane(item.room);
		if (lane === undefined || item.status.state !== "waiting") return;
		this.fault(lane, item, new RefusedError({ code: "internal", message, retry: true, retryAfterMs: 0, trace: "" }));
		this.port.changed(lane);
	}

	private pauseForFault(lane: Lane, atLeastMs: number): number {
		const { clock, random, timing } = this.parts;
		const waitMs = Math.max(atLeastMs, faultWaitMs(lane.faults, timing, random));
		lane.pausedUntilMs = clock.monotonic() + waitMs;
		return waitMs;
	}

	// ------------------------------------------------------------ helpers

	private pauseLane(lane: Lane, item: Item, waitMs: number): void {
		lane.pausedUntilMs = this.parts.clock.monotonic() + waitMs;
		this.showWait(item, waitMs);
	}

	private showWait(item: Item, waitMs: number): void {
		item.status = { state: "waiting", retryAtMs: this.parts.clock.now() + waitMs };
	}

	private wakeIn(ms: number): void {
		this.cancelWake?.();
		this.cancelWake = this.parts.clock.after(ms, () => {
			this.cancelWake = undefined;
			this.pump();
		});
	}

	private toTheEnd(lane: Lane): void {
		this.turns.delete(lane);
		this.turns.add(lane);
	}

	private ownWaitMs(refusals: number): number {
		return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(20, refusals)) * this.parts.random.float();
	}
}
