// What a session waits for: a hello in time, a heartbeat, the end of its token, a reader that takes at least something. Each
// that does not come ends it, by name. The session stands in the wheel once, for whichever is due first; a deadline that moves
// back is found out when the earlier time has come.
import type { CloseName, Timing } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { TimerTask, TimerWheel } from "./timer-wheel.ts";

/** What the deadlines needs of its session. */
export interface DeadlinesPort {
	end(why: CloseName, reason?: string): void;
	ping(nonce: number, intervalMs: number): void;
	/** Is something held that the peer has not taken? */
	readonly backpressured: boolean;
	/** Grows whenever the peer takes something. */
	progress(): number;
	/** Our bug: the session ends. Never throws. */
	broken(what: string, cause: unknown): void;
}

export interface DeadlinesParts {
	readonly clock: Pick<Clock, "now" | "monotonic">;
	readonly wheel: TimerWheel;
	readonly timing: Timing;
}

/** How often a reader is looked at within `stalledMs`. */
const STALL_LOOKS = 10;
const NEVER = Number.POSITIVE_INFINITY;
/** Not in the wheel; and not to come back to it. */
const NOWHERE = 0;
const STOPPED = -1;

export class Deadlines implements TimerTask {
	private readonly port: DeadlinesPort;
	private readonly parts: DeadlinesParts;
	/** From the welcome on. */
	private heartbeat: Heartbeat | undefined;
	/** When each is due (monotonic ms). Until the welcome `beatAtMs` is the hello's deadline. */
	private beatAtMs: number;
	private expiryAtMs = NEVER;
	private stallAtMs = NEVER;
	/** How far the peer had come at the last look, and since when it has come no further, as far as was looked (monotonic ms). */
	private stalledFrom = 0;
	private stalledSinceMs = 0;
	/** Where in the wheel it stands; 0: nowhere. */
	private tick = NOWHERE;

	/** Waits for the hello from now on. */
	constructor(port: DeadlinesPort, parts: DeadlinesParts) {
		this.port = port;
		this.parts = parts;
		this.beatAtMs = parts.clock.monotonic() + parts.timing.handshakeMs;
		this.arm();
	}

	/** `beating`: is the peer to be pinged, each time after the interval that the link needs? */
	welcomed(beating: boolean): void {
		this.heartbeat = new Heartbeat(this.parts.timing);
		this.beatAtMs = beating ? this.parts.clock.monotonic() + this.heartbeat.intervalMs : NEVER;
		this.arm();
	}

	/** Something has arrived. */
	hear(): void {
		this.heartbeat?.hear();
	}

	/** A pong has arrived: was it the answer to the newest ping? */
	answered(nonce: number): boolean {
		return this.heartbeat?.answer(nonce, this.parts.clock.monotonic()) ?? false;
	}

	/** The identity holds until then (wall clock, ms); undefined: for ever. */
	expireAt(expiresMs: number | undefined): void {
		const { clock } = this.parts;
		this.expiryAtMs = expiresMs === undefined ? NEVER : clock.monotonic() + Math.max(0, expiresMs - clock.now());
		this.arm();
	}

	/** A reader that takes nothing at all for `stalledMs` is closed as slow; its cursor keeps its place. */
	watchStall(): void {
		if (this.stallAtMs !== NEVER) return;
		const nowMs = this.parts.clock.monotonic();
		this.stalledFrom = this.port.progress();
		this.stalledSinceMs = nowMs;
		this.stallAtMs = nowMs + this.stallLookMs;
		this.arm();
	}

	flowing(): void {
		this.stallAtMs = NEVER;
	}

	stop(): void {
		if (this.tick > 0) this.parts.wheel.remove(this.tick, this);
		this.tick = STOPPED;
	}

	private get stopped(): boolean {
		return this.tick === STOPPED;
	}

	due(): void {
		if (this.stopped) return;
		this.tick = NOWHERE;
		const nowMs = this.parts.clock.monotonic();
		if (this.expiryAtMs <= nowMs) {
			this.port.end("expired");
			return;
		}
		if (this.stallAtMs <= nowMs) this.judgeStall(nowMs);
		if (this.beatAtMs <= nowMs && !this.stopped) this.beat(nowMs);
		this.arm();
	}

	broken(cause: unknown): void {
		this.port.broken("a deadline could not be kept", cause);
	}

	/** Often within `stalledMs`: a kernel goes on taking bytes for a while from one side that the other does not read. */
	private get stallLookMs(): number {
		return this.parts.timing.stalledMs / STALL_LOOKS;
	}

	private judgeStall(nowMs: number): void {
		this.stallAtMs = NEVER;
		const progress = this.port.progress();
		if (!this.port.backpressured) return;
		if (progress > this.stalledFrom) {
			this.stalledFrom = progress;
			this.stalledSinceMs = nowMs;
		} else if (nowMs - this.stalledSinceMs >= this.parts.timing.stalledMs) {
			this.port.end("slow");
			return;
		}
		this.stallAtMs = Math.min(nowMs + this.stallLookMs, this.stalledSinceMs + this.parts.timing.stalledMs);
	}

	private beat(nowMs: number): void {
		const action = this.heartbeat?.tick(nowMs);
		if (action === undefined) {
			this.port.end("late", "no hello in time");
		} else if (action.do === "give up") {
			this.port.end("silent");
		} else {
			this.beatAtMs = nowMs + action.intervalMs;
			this.port.ping(action.nonce, action.intervalMs);
		}
	}

	/** Stands in the wheel for what is due first, or for something earlier. After `stop`, nowhere. */
	private arm(): void {
		const { wheel } = this.parts;
		const firstMs = Math.min(this.beatAtMs, this.expiryAtMs, this.stallAtMs);
		if (this.stopped || firstMs === NEVER) return;
		if (this.tick !== NOWHERE) {
			if (this.tick <= wheel.tickOf(firstMs)) return;
			wheel.remove(this.tick, this);
		}
		this.tick = wheel.add(firstMs, this);
	}
}
