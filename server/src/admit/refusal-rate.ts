// Limits what costs the server work and the peer nothing: refusals that the peer causes, pings, unsolicited pongs, malformed messages. A
// connection out of tokens is not read for a while; one that sends mostly malformed messages is closed; before the welcome the limits are low.
// Created with the first charge: most sessions have none.
import type { CloseName } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { ServerLimits } from "../base/limits.ts";
import type { Metrics } from "../base/metrics.ts";
import { addressKey } from "../limit/address-key.ts";
import type { Buckets } from "../limit/buckets.ts";
import { owedMs, take } from "../limit/gcra.ts";
import { UNIX_PEER } from "../link/peer-address.ts";

export interface RefusalRateParts {
	readonly clock: Pick<Clock, "monotonic" | "after">;
	readonly limits: Pick<
		ServerLimits,
		"refusalsPerSecond" | "refusalsBurst" | "malformedPerSecond" | "malformedBurst" | "unauthenticatedRefusalsMax"
	>;
	/** By address, for connections before their welcome. */
	readonly unauthenticatedRefusals: Buckets;
	readonly metrics: Pick<Metrics, "throttled">;
}

export interface RefusalRateSession {
	readonly address: string;
	/** Has it been welcomed? */
	readonly live: boolean;
	end(why: CloseName, reason?: string, retryAfterMs?: number): void;
	/** Pauses or resumes reading. */
	rest(resting: boolean): void;
}

/** The shortest pause of reading: pausing for single tokens would switch a hundred times a second. */
export const REST_MS_MIN = 250;

export class RefusalRate {
	private readonly session: RefusalRateSession;
	private readonly parts: RefusalRateParts;
	private refusalsFullAtMs = 0;
	private malformedFullAtMs = 0;
	private unauthenticated = 0;
	private cancelRest: Cancel | undefined;

	constructor(session: RefusalRateSession, parts: RefusalRateParts) {
		this.session = session;
		this.parts = parts;
	}

	/** Charges a refusal (or another answer that cost the peer nothing) or a malformed message. May end the session. */
	charge(what: "refusal" | "malformed"): void {
		const { session, parts } = this;
		const { limits } = parts;
		if (!session.live && this.chargeAddress()) return;
		const nowMs = parts.clock.monotonic();
		if (what === "malformed") {
			const rate = { perSecond: limits.malformedPerSecond, burst: limits.malformedBurst };
			this.malformedFullAtMs = take(this.malformedFullAtMs, nowMs, rate);
			if (owedMs(this.malformedFullAtMs, nowMs, rate) > 0) {
				this.end("malformed", "protocol", "too much of what was sent is no message of the schema");
				return;
			}
		}
		const rate = { perSecond: limits.refusalsPerSecond, burst: limits.refusalsBurst };
		this.refusalsFullAtMs = take(this.refusalsFullAtMs, nowMs, rate);
		const waitMs = owedMs(this.refusalsFullAtMs, nowMs, rate);
		if (waitMs > 0 && this.cancelRest === undefined) this.rest(Math.max(REST_MS_MIN, waitMs));
	}

	stop(): void {
		this.cancelRest?.();
		this.cancelRest = undefined;
	}

	/** Returns true if it has ended the session. */
	private chargeAddress(): boolean {
		const { session, parts } = this;
		if (++this.unauthenticated > parts.limits.unauthenticatedRefusalsMax) {
			this.end("unauthenticated", "protocol", "too much was sent before the hello was accepted");
			return true;
		}
		// A Unix socket is protected by its file's permissions.
		const waitMs = session.address === UNIX_PEER ? 0 : parts.unauthenticatedRefusals.take(addressKey(session.address));
		if (waitMs > 0) this.end("address", "busy", "too much of what came from this address was refused", waitMs);
		return waitMs > 0;
	}

	private end(why: string, close: CloseName, reason: string, retryAfterMs?: number): void {
		this.parts.metrics.throttled.add(why);
		this.session.end(close, reason, retryAfterMs);
	}

	private rest(forMs: number): void {
		this.parts.metrics.throttled.add("refusals");
		this.session.rest(true);
		this.cancelRest = this.parts.clock.after(forMs, () => {
			this.cancelRest = undefined;
			this.session.rest(false);
		});
	}
}
