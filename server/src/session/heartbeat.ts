// Heartbeat: detects a dead connection. The interval adapts to the link, by the round-trip times of the pings (smoothed as in RFC
// 6298): short on an unsteady link, long on a slow steady one.
import type { Timing } from "@verbatim/protocol";

export type LinkHealth = "steady" | "suspect" | "offline";

/** What the session has to do on a tick. */
export type HeartbeatAction =
	| { readonly do: "ping"; readonly nonce: number; readonly intervalMs: number }
	| { readonly do: "give up" };

export class Heartbeat {
	private readonly timing: Timing;
	private nonce = 0;
	private askedAtMs = 0;
	private answered = true;
	private heard = true;
	private missed = 0;
	/** Smoothed round-trip time and its mean deviation, in ms; undefined before the first answer. */
	private roundTripMs: number | undefined;
	private deviationMs = 0;

	constructor(timing: Timing) {
		this.timing = timing;
	}

	get health(): LinkHealth {
		if (this.missed >= this.timing.missedOffline) return "offline";
		return this.missed >= this.timing.missedSuspect ? "suspect" : "steady";
	}

	get intervalMs(): number {
		const { timing, roundTripMs, deviationMs } = this;
		if (this.missed > 0) return timing.heartbeatUnsteadyMs;
		if (roundTripMs === undefined || roundTripMs < 200) return timing.heartbeatMs;
		if (deviationMs > roundTripMs / 2) return timing.heartbeatUnsteadyMs;
		return roundTripMs > 600 && deviationMs < roundTripMs / 4 ? timing.heartbeatSlowMs : timing.heartbeatMs;
	}

	/** Any message has arrived: the other side is alive. */
	hear(): void {
		this.heard = true;
		this.missed = 0;
	}

	/** Returns whether it is the first answer to the newest ping. */
	answer(nonce: number, nowMs: number): boolean {
		if (nonce !== this.nonce || this.answered) return false;
		this.answered = true;
		const sample = nowMs - this.askedAtMs;
		if (this.roundTripMs === undefined) {
			this.roundTripMs = sample;
			this.deviationMs = sample / 2;
		} else {
			this.deviationMs += (Math.abs(sample - this.roundTripMs) - this.deviationMs) / 4;
			this.roundTripMs += (sample - this.roundTripMs) / 8;
		}
		return true;
	}

	/** An interval has passed. */
	tick(nowMs: number): HeartbeatAction {
		if (!this.heard) this.missed++;
		if (this.missed >= this.timing.missedOffline) return { do: "give up" };
		this.heard = false;
		this.answered = false;
		this.nonce = (this.nonce + 1) >>> 0;
		this.askedAtMs = nowMs;
		return { do: "ping", nonce: this.nonce, intervalMs: this.intervalMs };
	}
}
