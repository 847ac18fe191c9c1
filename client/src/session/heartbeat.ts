// Is the server still there? It pings at an interval that it names; anything that arrives is a sign of life. One interval of
// silence makes it suspect, and we ask ourselves; three, and it is taken for gone.
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

export class Heartbeat {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly timing: Pick<Timing, "missedSuspect" | "missedOffline" | "answerMs">;
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
		timing: Pick<Timing, "missedSuspect" | "missedOffline" | "answerMs">,
		intervalMs: number,
		port: HeartbeatPort,
	) {
		this.clock = clock;
		this.timing = timing;
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
		this.cancelProbe?.();
		this.cancelProbe = undefined;
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

	/** Asks now, and expects an answer within `answerMs`: the network has just come back, or the device has woken. */
	probe(): void {
		if (this.cancelProbe !== undefined) return;
		this.port.ping();
		this.cancelProbe = this.clock.after(this.timing.answerMs, () => this.giveUp());
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
		if (!this.suspected) {
			this.suspected = true;
			this.port.suspect(true);
		}
	}

	private giveUp(): void {
		this.stop();
		this.port.gone(this.clock.monotonic() - this.heardAtMs);
	}
}
