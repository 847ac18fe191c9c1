// Who may come in at all, decided before anything costly is done: connections per address (IPv6: per /64) and in all, and how
// fast new ones are taken. One admission stands before all doors.
import { CLOSES } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import { addressKey } from "../limit/address.ts";
import { Bucket, type Rate } from "../limit/bucket.ts";
import { Buckets } from "../limit/buckets.ts";
import { UNIX_PEER } from "../link/address.ts";

export interface AdmissionLimits {
	/** Connections open at once from one address. */
	readonly connectionsPerAddressMax: number;
	/** Connections open at once in all. */
	readonly connectionsMax: number;
	/** New connections of one address: a page full of reconnecting tabs passes, a flood does not. */
	readonly opensPerAddress: Rate;
	/** New connections in all: what the server can greet without those inside noticing. */
	readonly opens: Rate;
	/** Refusals over HTTP that one address is given without a wait: what is pipelined behind them waits with them. */
	readonly refusalsPerAddress: Rate;
	/** Files of the page given to one address: an office that loads the page anew at once passes, a flood does not. */
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
	/** `release` must be called once, when the connection is gone. */
	{ readonly ok: true } | AdmissionRefused;

/** What is limited, in words for whoever is refused. */
export const REFUSED_MESSAGES: Readonly<Record<AdmissionRefused["reason"], string>> = {
	address: "too many connections from your IP address",
	total: "too many connections to this server",
	rate: "too many new connections at once",
	files: "too many requests for this page from your IP address",
};

/** Many connections of one address may be held back at once; none for long. */
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

	/** Connections and requests that are inside now. */
	get open(): number {
		return this.total;
	}

	/**
	 * Lets a connection in, or says why not and when to try again. A `request` is a connection that is gone with its answer: it
	 * counts while it lasts, and its pace is for the limits of whoever carries it out.
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

	/** Why a connection of this address would be refused now, or undefined. */
	refusalOf(address: string): AdmissionRefused | undefined {
		const key = keyOf(address);
		const full = this.full(key);
		if (full !== undefined) return full;
		const waitMs = (key === undefined ? 0 : this.opensPerAddress.waitMs(key)) || this.opens.waitMs();
		return waitMs > 0 ? { ok: false, reason: "rate", retryAfterMs: waitMs } : undefined;
	}

	/**
	 * May this address have a file of the page? Connections are not looked at: the page is what tells a user that there are too many.
	 * What is let in is not counted as inside.
	 */
	admitFile(address: string): AdmissionDecision {
		const key = keyOf(address);
		const waitMs = key === undefined ? 0 : this.filesPerAddress.take(key);
		return waitMs > 0 ? { ok: false, reason: "files", retryAfterMs: waitMs } : ADMITTED;
	}

	/** How long an answer that refuses a request of this address is held back, ms. */
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

	/** One that was let in from `address` is gone. */
	release(address: string): void {
		this.total--;
		const key = keyOf(address);
		if (key === undefined) return;
		const inside = (this.byAddress.get(key) ?? 1) - 1;
		if (inside === 0) this.byAddress.delete(key);
		else this.byAddress.set(key, inside);
	}
}

/** A Unix socket is guarded by the rights of its file. */
function keyOf(address: string): string | undefined {
	return address === UNIX_PEER ? undefined : addressKey(address);
}
