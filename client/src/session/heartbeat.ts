// Is the server still there? It pings at an interval that it names; anything that arrives is a sign of life. One interval of
// silence makes it suspect, and we ask ourselves; three, and it is taken for gone. A command that is not answered makes it suspect
// sooner: we ask at once, and wait for any sign of life as long as `Patience` says.
//
// Intervals are counted by ticks, not by the clock: a machine that has slept for an hour must ask before it gives up.
import type { Timing } from "@verbatim/protocol";
import type { Cancel, Clock } from "../clock.ts";

/** What the heartbeat asks of its connection. */
export interface HeartbeatPort {
	ping(): void;
	suspect(suspect: boolean): void;
	/** Nothing was heard for too long. */
	gone(silentMs: number): void;
}

/**
 * How long to wait for an answer to a ping. On a slow link it may come behind an answer that takes long to arrive whole: who has
 * given up a connection for that waits twice as long on the next.
 */
export class Patience {
	private readonly pongMs: number;
	private inVain = 0;

	constructor(pongMs: number) {
		this.pongMs = pongMs;
	}

	get ms(): number {
		return this.pongMs * 2 ** this.inVain;
	}

	answered(): void {
		this.inVain = Math.max(0, this.inVain - 1);
	}

	gaveUp(): void {
		this.inVain = Math.min(DOUBLINGS_MAX, this.inVain + 1);
	}
}

const DOUBLINGS_MAX = 3;

export class Heartbeat {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly timing: Pick<Timing, "missedSuspect" | "missedOffline">;
	private readonly patience: Patience;
	private readonly port: HeartbeatPort;
	private intervalMs: number;
	private heardAtMs: number;
	private heard = false;
	private missed = 0;
	private suspected = false;
	private cancelTick: Cancel;
	private cancelProbe: Cancel | undefined;

	constructor(
		clock: Pick<Clock, "monotonic" | "after">,
		timing: Pick<Timing, "missedSuspect" | "missedOffline">,
		patience: Patience,
		intervalMs: number,
		port: HeartbeatPort,
	) {
		this.clock = clock;
		this.timing = timing;
		this.patience = patience;
		this.port = port;
		this.intervalMs = intervalMs;
		this.heardAtMs = clock.monotonic();
		this.cancelTick = this.arm();
	}

	/** Something arrived. */
	hear(): void {
		this.heard = true;
		this.missed = 0;
		this.heardAtMs = this.clock.monotonic();
		if (this.cancelProbe !== undefined) {
			this.cancelProbe();
			this.cancelProbe = undefined;
			this.patience.answered();
		}
		if (this.suspected) {
			this.suspected = false;
			this.port.suspect(false);
		}
	}

	/** The server keeps this interval from now on. */
	interval(ms: number): void {
		if (ms <= 0 || ms === this.intervalMs) return;
		this.intervalMs = ms;
		this.cancelTick();
		this.cancelTick = this.arm();
	}

	/** Asks now, and expects any sign of life soon: the network has just come back, or the device has woken. */
	probe(): void {
		if (this.cancelProbe !== undefined) return;
		this.port.ping();
		this.cancelProbe = this.clock.after(this.patience.ms, () => {
			this.patience.gaveUp();
			this.giveUp();
		});
	}

	/** Something that was asked has no answer: the connection is suspect until anything arrives. */
	doubt(): void {
		this.suspect();
		this.probe();
	}

	stop(): void {
		this.cancelTick();
		this.cancelProbe?.();
		this.cancelProbe = undefined;
	}

	private arm(): Cancel {
		// The slack is the time that a ping sent at the end of an interval may be on its way.
		return this.clock.after(this.intervalMs + Math.min(5_000, this.intervalMs / 4), () => this.tick());
	}

	private tick(): void {
		if (!this.heard) this.missed++;
		this.heard = false;
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
		if (this.suspected) return;
		this.suspected = true;
		this.port.suspect(true);
	}

	private giveUp(): void {
		this.stop();
		this.port.gone(this.clock.monotonic() - this.heardAtMs);
	}
}
