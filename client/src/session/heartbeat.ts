// Failure detection. The server pings at an interval of its choice; every received frame counts. After `missedSuspect` silent intervals
// the connection is suspect, and the client pings; after `missedOffline` it is dead. A command without an answer makes it suspect
// earlier: the client pings at once, and waits for any frame as long as `PongTimeout` says.
//
// Counts timer ticks, not elapsed time: after an hour of sleep the client must probe before it gives the connection up.
import type { Timing } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";

/** Callbacks of the heartbeat to its connection. */
export interface HeartbeatPort {
	ping(): void;
	suspect(suspect: boolean): void;
	/** The connection is dead: nothing was received for `silentMs`. */
	dead(silentMs: number): void;
}

/**
 * Time-out of a probe. On a slow link the pong may be queued behind a long answer: each connection that was given up doubles the
 * time-out, each answered probe halves it. Outlives the connection.
 */
export class PongTimeout {
	private readonly pongMs: number;
	private doublings = 0;

	constructor(pongMs: number) {
		this.pongMs = pongMs;
	}

	get ms(): number {
		return this.pongMs * 2 ** this.doublings;
	}

	met(): void {
		this.doublings = Math.max(0, this.doublings - 1);
	}

	missed(): void {
		this.doublings = Math.min(DOUBLINGS_MAX, this.doublings + 1);
	}
}

const DOUBLINGS_MAX = 3;

export class Heartbeat {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly timing: Pick<Timing, "missedSuspect" | "missedOffline">;
	private readonly pongTimeout: PongTimeout;
	private readonly port: HeartbeatPort;
	private intervalMs: number;
	private receivedAtMs: number;
	/** Since the last tick. */
	private hasReceived = false;
	/** Silent intervals in a row. */
	private missed = 0;
	private isSuspect = false;
	private cancelTick: Cancel;
	private cancelProbe: Cancel | undefined;

	constructor(
		clock: Pick<Clock, "monotonic" | "after">,
		timing: Pick<Timing, "missedSuspect" | "missedOffline">,
		pongTimeout: PongTimeout,
		intervalMs: number,
		port: HeartbeatPort,
	) {
		this.clock = clock;
		this.timing = timing;
		this.pongTimeout = pongTimeout;
		this.port = port;
		this.intervalMs = intervalMs;
		this.receivedAtMs = clock.monotonic();
		this.cancelTick = this.arm();
	}

	/** A frame was received. */
	received(): void {
		this.hasReceived = true;
		this.missed = 0;
		this.receivedAtMs = this.clock.monotonic();
		if (this.cancelProbe !== undefined) {
			this.cancelProbe();
			this.cancelProbe = undefined;
			this.pongTimeout.met();
		}
		if (this.isSuspect) {
			this.isSuspect = false;
			this.port.suspect(false);
		}
	}

	/** The server's ping interval, which may change. */
	interval(ms: number): void {
		if (ms <= 0 || ms === this.intervalMs) return;
		this.intervalMs = ms;
		this.cancelTick();
		this.cancelTick = this.arm();
	}

	/** Pings now, and gives the connection up if no frame is received within the pong time-out. */
	probe(): void {
		if (this.cancelProbe !== undefined) return;
		this.port.ping();
		this.cancelProbe = this.clock.after(this.pongTimeout.ms, () => {
			this.pongTimeout.missed();
			this.giveUp();
		});
	}

	/** A command is not answered: the connection is suspect until a frame is received. */
	answerOverdue(): void {
		this.suspect();
		this.probe();
	}

	stop(): void {
		this.cancelTick();
		this.cancelProbe?.();
		this.cancelProbe = undefined;
	}

	private arm(): Cancel {
		// Plus slack for the transit time of a ping that was sent at the end of an interval.
		return this.clock.after(this.intervalMs + Math.min(5_000, this.intervalMs / 4), () => this.tick());
	}

	private tick(): void {
		if (!this.hasReceived) this.missed++;
		this.hasReceived = false;
		if (this.missed >= this.timing.missedOffline) {
			this.giveUp();
			return;
		}
		this.cancelTick = this.arm();
		if (this.missed < this.timing.missedSuspect) return;
		this.port.ping();
		this.suspect();
	}

	private suspect(): void {
		if (this.isSuspect) return;
		this.isSuspect = true;
		this.port.suspect(true);
	}

	private giveUp(): void {
		this.stop();
		this.port.dead(this.clock.monotonic() - this.receivedAtMs);
	}
}
