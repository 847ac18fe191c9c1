// A session's deadlines: its hello, heartbeats, token expiry, and reading. One that is missed ends the session with its own
// close. The session is in the timer wheel once, for the earliest; a deadline moved back is noticed when the earlier time comes.
import type { CloseName, Timing } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { TimerTask, TimerWheel } from "./timer-wheel.ts";

export interface DeadlinesPort {
	end(why: CloseName, reason?: string): void;
	ping(nonce: number, intervalMs: number): void;
	/** Has the client not taken everything written? */
	readonly backpressured: boolean;
	/** Grows whenever the client takes something. */
	progress(): number;
	/** A bug: the session ends. Never throws. */
	broken(what: string, cause: unknown): void;
}

export interface DeadlinesParts {
	readonly clock: Pick<Clock, "now" | "monotonic">;
	readonly wheel: TimerWheel;
	readonly timing: Timing;
}

/** Checks for progress within `stalledMs`. */
const STALL_CHECKS = 10;
const NEVER = Number.POSITIVE_INFINITY;
/** Values of `tick`: not in the wheel; and never again. */
const UNSCHEDULED = 0;
const STOPPED = -1;

export class Deadlines implements TimerTask {
	private readonly port: DeadlinesPort;
	private readonly parts: DeadlinesParts;
	/** Set at the welcome. */
	private heartbeat: Heartbeat | undefined;
	/** When each is due (monotonic ms). Until the welcome `beatAtMs` is the deadline of the hello. */
	private beatAtMs: number;
	private expiryAtMs = NEVER;
	private stallAtMs = NEVER;
	/** The progress at the last check, and since when it is unchanged (monotonic ms). */
	private stalledFrom = 0;
	private stalledSinceMs = 0;
	/** Its tick in the wheel. */
	private tick = UNSCHEDULED;

	/** Starts the deadline of the hello. */
	constructor(port: DeadlinesPort, parts: DeadlinesParts) {
		this.port = port;
		this.parts = parts;
		this.beatAtMs = parts.clock.monotonic() + parts.timing.handshakeMs;
		this.schedule();
	}

	/** `beating`: ping the client, at the interval that the link needs? */
	welcomed(beating: boolean): void {
		this.heartbeat = new Heartbeat(this.parts.timing);
		this.beatAtMs = beating ? this.parts.clock.monotonic() + this.heartbeat.intervalMs : NEVER;
		this.schedule();
	}

	/** A message has arrived. */
	hear(): void {
		this.heartbeat?.hear();
	}

	/** A pong has arrived; returns whether it answers the newest ping. */
	answered(nonce: number): boolean {
		return this.heartbeat?.answer(nonce, this.parts.clock.monotonic()) ?? false;
	}

	/** The token expires then (wall clock, ms); undefined: never. */
	expireAt(expiresMs: number | undefined): void {
		const { clock } = this.parts;
		this.expiryAtMs = expiresMs === undefined ? NEVER : clock.monotonic() + Math.max(0, expiresMs - clock.now());
		this.schedule();
	}

	/** A client that takes nothing for `stalledMs` is closed as slow; it resumes at its cursor. */
	watchStall(): void {
		if (this.stallAtMs !== NEVER) return;
		const nowMs = this.parts.clock.monotonic();
		this.stalledFrom = this.port.progress();
		this.stalledSinceMs = nowMs;
		this.stallAtMs = nowMs + this.stallCheckMs;
		this.schedule();
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
		this.tick = UNSCHEDULED;
		const nowMs = this.parts.clock.monotonic();
		if (this.expiryAtMs <= nowMs) {
			this.port.end("expired");
			return;
		}
		if (this.stallAtMs <= nowMs) this.checkStall(nowMs);
		if (this.beatAtMs <= nowMs && !this.stopped) this.beat(nowMs);
		this.schedule();
	}

	broken(cause: unknown): void {
		this.port.broken("a deadline could not be kept", cause);
	}

	/** Shorter than `stalledMs`: a kernel goes on taking bytes for a while when the other side does not read. */
	private get stallCheckMs(): number {
		return this.parts.timing.stalledMs / STALL_CHECKS;
	}

	private checkStall(nowMs: number): void {
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
		this.stallAtMs = Math.min(nowMs + this.stallCheckMs, this.stalledSinceMs + this.parts.timing.stalledMs);
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

	/** Adds the session to the wheel at the earliest deadline, or keeps an earlier tick. No effect after `stop`. */
	private schedule(): void {
		const { wheel } = this.parts;
		const firstMs = Math.min(this.beatAtMs, this.expiryAtMs, this.stallAtMs);
		if (this.stopped || firstMs === NEVER) return;
		if (this.tick !== UNSCHEDULED) {
			if (this.tick <= wheel.tickOf(firstMs)) return;
			wheel.remove(this.tick, this);
		}
		this.tick = wheel.add(firstMs, this);
	}
}
