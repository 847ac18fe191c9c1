// Schedules the outbox's sends over all rooms.
//
// Each room has a lane. Its sends are pipelined, each naming the unanswered one before it (`behind`), so that the server refuses a send
// that would overtake. A retryable refusal, or a time-out, rewinds the lane (go-back-N): that send and all after it wait again and are
// repeated in order, with the same cids. A refusal for good fails that send only, and rewinds those behind it. After a reconnect all
// unanswered sends are repeated. A positive answer to any try counts; a refusal only to the current try.
//
// Lanes are served round-robin. A refusal that concerns the connection (a rate limit, an overloaded server) pauses all lanes; one that
// concerns a room pauses its lane.
//
// `internal` is a server fault: the send may be committed, and a retry may end the session again. It is retried a few times with growing
// back-off, counted in the store, and then fails with an unknown outcome. If the session ended without an answer, the fault was in one of
// the rooms with a send in flight: these are suspects. Of all suspect rooms one send is in flight at a time, until a send of that
// room is answered. A new send of another room may be in flight beside it, and be at fault instead: the fault is attributed to a room
// that was alone in flight, or the only suspect in flight at two such ends.
import type { Sent } from "@verbatim/protocol";
import type { Cancel } from "../base/clock.ts";
import { RefusedError, TimeoutError, UnknownOutcomeError, type VerbatimError } from "../base/errors.ts";
import { faultWaitMs, isEndedByFault, isInternal } from "../base/fault.ts";
import type { Parts } from "../base/parts.ts";
import type { Session } from "../session/session.ts";
import type { Lane } from "./lane.ts";
import type { PendingSend } from "./pending-send.ts";
import { SendWindow } from "./send-window.ts";

export interface SendSchedulerPort {
	/** The live session, once the stored sends are read. */
	readonly session: Session | undefined;
	lane(room: string): Lane | undefined;
	/** The lane's items or their states have changed. */
	changed(lane: Lane): void;
	/** It is in the log. */
	settle(item: PendingSend, sent: Sent): void;
	/** It has failed, and is not retried. */
	giveUp(item: PendingSend, error: RefusedError | UnknownOutcomeError): void;
	/** Its record has changed: store it. */
	keep(item: PendingSend): void;
}

/** Back-off where the server gives no `retryAfterMs`: doubling between these, with full jitter. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 10_000;
/** `internal` answers to one send until it is given up; fewer in a room that has had no acknowledgement since one was given up. */
const FAULTS_MAX = 5;
const FAULTS_MAX_AGAIN = 2;

export class SendScheduler {
	private readonly parts: Parts;
	private readonly port: SendSchedulerPort;
	private readonly window: SendWindow;
	/** All lanes, the next to be served first. */
	private readonly roundRobin = new Set<Lane>();
	private attempts = 0;
	private acknowledgements = 0;
	private pausedUntilMs = 0;
	/** Retryable refusals since the last acknowledgement. */
	private refusals = 0;
	private cancelWake: Cancel | undefined;
	/**
	 * Rooms with a send in flight when a session ended by a server fault, until a send of theirs is answered (an entry in the timeline is
	 * not enough: the fault may have come after its commit). The number counts such ends at which the room was the only suspect in
	 * flight.
	 */
	private readonly suspects = new Map<string, number>();
	/** The one send of a suspect room in flight. */
	private suspectInFlight: PendingSend | undefined;
	/** Sends that were unanswered when the session ended by a server fault. */
	private readonly unansweredAtFault = new Map<PendingSend, VerbatimError>();
	/** Sends that timed out on this session: the server may still process them, and end the session by one. */
	private readonly timedOut = new Set<PendingSend>();
	/** The session has answered `internal`: an end of it by a fault is then attributed to that send. */
	private faultAnswered = false;

	constructor(parts: Parts, inFlightMax: number, port: SendSchedulerPort) {
		this.parts = parts;
		this.port = port;
		this.window = new SendWindow(inFlightMax);
	}

	laneAdded(lane: Lane): void {
		this.roundRobin.add(lane);
	}

	laneRemoved(lane: Lane): void {
		this.roundRobin.delete(lane);
	}

	/** A stored send was added to the lane: one that was answered `internal` before starts in back-off. */
	restored(lane: Lane, { stored: { faults = 0 }, status }: PendingSend): void {
		if (faults === 0 || status.state === "failed") return;
		lane.stopAndWait = true;
		lane.faults = Math.max(lane.faults, faults);
		this.suspects.set(lane.room, 1);
		this.pauseForFault(lane, 0);
	}

	/** A session is live: repeats all unanswered sends; lanes without faults go first. */
	resume(): void {
		this.pausedUntilMs = 0;
		this.window.reset();
		for (const lane of [...this.roundRobin]) {
			if (lane.faults === 0) lane.pausedUntilMs = 0;
			if (lane.stopAndWait) this.moveToBack(lane);
		}
		this.pump();
	}

	/** Retries now, without waiting for back-offs. */
	retryNow(): void {
		this.pausedUntilMs = 0;
		for (const lane of this.roundRobin) lane.pausedUntilMs = 0;
		this.pump();
	}

	/** The session has ended. */
	disconnected(): void {
		for (const lane of this.roundRobin) if (this.rewind(lane.items)) this.port.changed(lane);
		this.attributeFault();
		this.cancelWake?.();
		this.cancelWake = undefined;
	}

	/** The user has changed: drops all state. */
	clear(): void {
		this.roundRobin.clear();
		this.unansweredAtFault.clear();
		this.timedOut.clear();
		this.suspects.clear();
		this.window.inFlight = 0;
		this.suspectInFlight = undefined;
	}

	/** Sends what may go out, one send per lane in turn, until the window is full. */
	pump(): void {
		const { session } = this.port;
		if (session === undefined) return;
		const nowMs = this.parts.clock.monotonic();
		if (this.pausedUntilMs > nowMs) {
			this.wakeIn(this.pausedUntilMs - nowMs);
			return;
		}
		let wakeMs = Number.POSITIVE_INFINITY;
		// A lane that was served moves to the back of the set, and is visited again by this loop.
		for (const lane of this.roundRobin) {
			if (!this.window.open || !session.live) return;
			const next = lane.next();
			if (next === undefined || (this.suspectInFlight !== undefined && this.suspects.has(lane.room))) continue;
			if (lane.pausedUntilMs > nowMs) {
				wakeMs = Math.min(wakeMs, lane.pausedUntilMs);
				continue;
			}
			this.moveToBack(lane);
			this.send(session, next.item, next.behind);
			this.port.changed(lane);
		}
		if (wakeMs < Number.POSITIVE_INFINITY) this.wakeIn(wakeMs - nowMs);
	}

	/** `item` is done. */
	settled(lane: Lane | undefined, item: PendingSend): void {
		this.leaveFlight(item);
		this.timedOut.delete(item);
		lane?.acknowledged();
		this.acknowledgements++;
		this.refusals = 0;
		this.window.acknowledged(item.attempt);
	}

	/** Puts those of `items` that are in flight back to waiting; their tries become stale. True if there were any. */
	rewind(items: readonly PendingSend[]): boolean {
		let any = false;
		for (const item of items) {
			if (item.status.state !== "sent") continue;
			this.leaveFlight(item);
			item.status = { state: "waiting" };
			item.attempt = 0;
			any = true;
		}
		return any;
	}

	// ------------------------------------------------------------ one try

	private send(session: Session, item: PendingSend, behind: PendingSend | undefined): void {
		const attempt = ++this.attempts;
		item.attempt = attempt;
		item.tried = true;
		item.behind = behind;
		item.status = { state: "sent", ...refusalOf(item) };
		this.window.inFlight++;
		if (this.suspects.has(item.room)) this.suspectInFlight = item;
		const value = { room: item.room, cid: item.cid, text: item.text, behind: behind?.cid ?? "" };
		session.request({ case: "send", value }, this.parts.timing.answerMs, {
			answered: (body) => {
				if (body.case !== "sent") return;
				if (this.suspects.has(item.room) && this.port.lane(item.room)?.faulty !== true) this.suspects.delete(item.room);
				this.port.settle(item, body.value);
			},
			failed: (error) => {
				if (isEndedByFault(error)) this.unansweredAtFault.set(item, error);
				if (error instanceof TimeoutError) this.timedOut.add(item);
				this.faultAnswered ||= isInternal(error);
				if (item.attempt === attempt && item.status.state === "sent") this.refused(item, attempt, error);
			},
		});
	}

	private leaveFlight(item: PendingSend): void {
		item.behind = undefined;
		if (item.status.state === "sent") this.window.inFlight--;
		if (this.suspectInFlight === item) this.suspectInFlight = undefined;
	}

	private refused(item: PendingSend, attempt: number, error: VerbatimError): void {
		const lane = this.port.lane(item.room);
		if (lane === undefined) return;
		const at = lane.items.indexOf(item);
		const { behind } = item;
		const after = lane.items.slice(at);
		this.rewind(after);
		if (!(error instanceof RefusedError)) {
			// Lost, or never answered: the lane must not fill the window with sends behind it.
			if (error instanceof TimeoutError) lane.stopAndWait = true;
		} else if (error.code === "internal") {
			this.fault(lane, item, error);
		} else if (!error.retry) {
			this.port.giveUp(item, error);
		} else if (error.code === "out_of_order") {
			// If the send before it is still unanswered, it was lost: it is repeated first.
			if (behind?.status.state === "sent") this.rewind(lane.items.slice(lane.items.indexOf(behind)));
			this.pauseLane(lane, item, error.retryAfterMs || this.ownWaitMs(lane.refusals++));
		} else {
			this.throttled(lane, item, attempt, error);
		}
		this.port.changed(lane);
		this.pump();
	}

	/** A retryable refusal: pauses all lanes, or only this one if other rooms' sends were acknowledged since its last refusal. */
	private throttled(lane: Lane, item: PendingSend, attempt: number, error: RefusedError): void {
		const others = lane.refusedAt !== undefined && this.acknowledgements > lane.refusedAt;
		lane.refusedAt = this.acknowledgements;
		if (others && error.code !== "rate_limited") {
			this.pauseLane(lane, item, Math.max(error.retryAfterMs, this.ownWaitMs(lane.refusals++)), error);
			return;
		}
		this.window.refused(attempt, this.attempts);
		const waitMs = error.retryAfterMs || this.ownWaitMs(this.refusals++);
		this.pausedUntilMs = Math.max(this.pausedUntilMs, this.parts.clock.monotonic() + waitMs);
		this.setWaiting(item, waitMs, error);
	}

	// ------------------------------------------------------------ server faults

	private fault(lane: Lane, item: PendingSend, error: RefusedError): void {
		lane.faults++;
		lane.stopAndWait = true;
		this.suspects.set(lane.room, 1);
		const faults = (item.stored.faults ?? 0) + 1;
		item.stored = { ...item.stored, faults };
		if (faults >= (lane.gaveUp ? FAULTS_MAX_AGAIN : FAULTS_MAX)) {
			lane.gaveUp = true;
			this.port.giveUp(item, new UnknownOutcomeError(faults, error));
			return;
		}
		this.port.keep(item);
		this.setWaiting(item, this.pauseForFault(lane, error.retryAfterMs), error);
	}

	/** Attributes the end of a session by a server fault to one send, if that is possible; else all rooms in flight become suspects. */
	private attributeFault(): void {
		// Includes sends that are in the log already: they are not repeated, but may have caused the fault.
		const inFlight = new Set([...this.unansweredAtFault.keys(), ...this.timedOut]);
		const [error] = this.unansweredAtFault.values();
		this.unansweredAtFault.clear();
		this.timedOut.clear();
		const answered = this.faultAnswered;
		this.faultAnswered = false;
		if (answered || error === undefined) return;
		const rooms = new Set([...inFlight].map(({ room }) => room));
		const known = [...rooms].filter((room) => rooms.size === 1 || this.suspects.has(room));
		for (const room of rooms) this.suspects.set(room, this.suspects.get(room) ?? 0);
		const [room] = known;
		if (room === undefined || known.length > 1) return;
		const ends = (this.suspects.get(room) ?? 0) + 1;
		this.suspects.set(room, ends);
		const [item, ...more] = [...inFlight].filter((each) => each.room === room);
		if (item === undefined || more.length > 0 || (ends === 1 && rooms.size > 1)) return;
		this.recordFault(item, error);
	}

	private recordFault(item: PendingSend, { message }: VerbatimError): void {
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

	private pauseLane(lane: Lane, item: PendingSend, waitMs: number, refusal?: RefusedError): void {
		lane.pausedUntilMs = this.parts.clock.monotonic() + waitMs;
		this.setWaiting(item, waitMs, refusal);
	}

	private setWaiting(item: PendingSend, waitMs: number, refusal?: RefusedError): void {
		item.status = { state: "waiting", retryAtMs: this.parts.clock.now() + waitMs, ...(refusal && { refusal }) };
	}

	private wakeIn(ms: number): void {
		this.cancelWake?.();
		this.cancelWake = this.parts.clock.after(ms, () => {
			this.cancelWake = undefined;
			this.pump();
		});
	}

	private moveToBack(lane: Lane): void {
		this.roundRobin.delete(lane);
		this.roundRobin.add(lane);
	}

	private ownWaitMs(refusals: number): number {
		return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(20, refusals)) * this.parts.random.float();
	}
}

function refusalOf({ status }: PendingSend): { readonly refusal?: RefusedError } {
	return status.state === "waiting" && status.refusal !== undefined ? { refusal: status.refusal } : {};
}
