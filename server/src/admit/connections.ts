// Admission of connections, before any work is done for them: limits on open connections by address (IPv6: by /64) and in total, and on the rate of
// new ones. All listeners share one.
import { CLOSES } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import { addressKey } from "../limit/address-key.ts";
import { Bucket, type Rate } from "../limit/bucket.ts";
import { Buckets } from "../limit/buckets.ts";
import { UNIX_PEER } from "../link/peer-address.ts";

export interface AdmissionLimits {
	/** Connections open at once from one address. */
	readonly connectionsPerAddressMax: number;
	/** Connections open at once in all. */
	readonly connectionsMax: number;
	/** New connections of one address: many reconnecting tabs pass, a flood does not. */
	readonly opensPerAddress: Rate;
	/** New connections in total: what the server can accept without delaying open sessions. */
	readonly opens: Rate;
	/** Refusals over HTTP that one address gets without delay; beyond, each delays what is pipelined after it. */
	readonly refusalsPerAddress: Rate;
	/** Files of the page for one address: an office that reloads the page passes, a flood does not. */
	readonly filesPerAddress: Rate;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
	connectionsPerAddressMax: 64,
	connectionsMax: 100_000,
	opensPerAddress: { perSecond: 20, burst: 128 },
	opens: { perSecond: 2_000, burst: 20_000 },
	refusalsPerAddress: { perSecond: 50, burst: 500 },
	filesPerAddress: { perSecond: 200, burst: 4_000 },
};

export interface AdmissionRefused {
	readonly ok: false;
	readonly reason: "address" | "total" | "rate" | "files";
	readonly retryAfterMs: number;
}

export type AdmissionDecision =
	/** `release` must be called once, when the connection has ended. */
	{ readonly ok: true } | AdmissionRefused;

/** Messages for refused clients. */
export const REFUSED_MESSAGES: Readonly<Record<AdmissionRefused["reason"], string>> = {
	address: "too many connections from your IP address",
	total: "too many connections to this server",
	rate: "too many new connections at once",
	files: "too many requests for this page from your IP address",
};

/** The longest delay of a refusal over HTTP. */
const REFUSAL_WAIT_MAX_MS = 1_000;

const ADMITTED: AdmissionDecision = { ok: true };

export class ConnectionAdmission {
	private readonly limits: AdmissionLimits;
	private readonly byAddress = new Map<string, number>();
	private readonly opensPerAddress: Buckets;
	private readonly opens: Bucket;
	private readonly refusalsPerAddress: Buckets;
	private readonly filesPerAddress: Buckets;
	private total = 0;

	constructor(limits: AdmissionLimits, clock: Pick<Clock, "monotonic">) {
		this.limits = limits;
		this.opens = new Bucket(limits.opens, clock);
		this.opensPerAddress = new Buckets(limits.opensPerAddress, clock);
		this.refusalsPerAddress = new Buckets(limits.refusalsPerAddress, clock);
		this.filesPerAddress = new Buckets(limits.filesPerAddress, clock);
	}

	/** Connections and requests that are admitted and not released. */
	get open(): number {
		return this.total;
	}

	/**
	 * Admits a connection, or returns why not and when to retry. A `request` counts as a connection until it is answered; its rate is limited
	 * elsewhere, by user.
	 */
	admit(address: string, what: "connection" | "request" = "connection"): AdmissionDecision {
		const key = keyOf(address);
		const full = this.full(key);
		if (full !== undefined) return full;
		if (what === "connection") {
			const waitMs = (key === undefined ? 0 : this.opensPerAddress.take(key)) || this.opens.take();
			if (waitMs > 0) return { ok: false, reason: "rate", retryAfterMs: waitMs };
		}
		this.total++;
		if (key !== undefined) this.byAddress.set(key, (this.byAddress.get(key) ?? 0) + 1);
		return ADMITTED;
	}

	/** Why a connection of this address would be refused now; undefined if it would be admitted. */
	refusalOf(address: string): AdmissionRefused | undefined {
		const key = keyOf(address);
		const full = this.full(key);
		if (full !== undefined) return full;
		const waitMs = (key === undefined ? 0 : this.opensPerAddress.waitMs(key)) || this.opens.waitMs();
		return waitMs > 0 ? { ok: false, reason: "rate", retryAfterMs: waitMs } : undefined;
	}

	/**
	 * Admits a request for a file of the page. Limits on connections do not apply, since the page shows the user when they are reached; it does not
	 * count as a connection and needs no `release`.
	 */
	admitFile(address: string): AdmissionDecision {
		const key = keyOf(address);
		const waitMs = key === undefined ? 0 : this.filesPerAddress.take(key);
		return waitMs > 0 ? { ok: false, reason: "files", retryAfterMs: waitMs } : ADMITTED;
	}

	/** The delay of an answer that refuses a request of this address, ms. */
	refusalWaitMs(address: string): number {
		const key = keyOf(address);
		return key === undefined ? 0 : Math.min(REFUSAL_WAIT_MAX_MS, this.refusalsPerAddress.take(key));
	}

	private full(key: string | undefined): AdmissionRefused | undefined {
		const { limits } = this;
		const retryAfterMs = CLOSES.busy.afterMs;
		if (this.total >= limits.connectionsMax) return { ok: false, reason: "total", retryAfterMs };
		const inside = key === undefined ? 0 : (this.byAddress.get(key) ?? 0);
		return inside >= limits.connectionsPerAddressMax ? { ok: false, reason: "address", retryAfterMs } : undefined;
	}

	/** An admitted connection from `address` has ended. */
	release(address: string): void {
		this.total--;
		const key = keyOf(address);
		if (key === undefined) return;
		const inside = (this.byAddress.get(key) ?? 1) - 1;
		if (inside === 0) this.byAddress.delete(key);
		else this.byAddress.set(key, inside);
	}
}

/** Undefined for a Unix socket: it is protected by its file's permissions. */
function keyOf(address: string): string | undefined {
	return address === UNIX_PEER ? undefined : addressKey(address);
}
