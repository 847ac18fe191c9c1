// Who may come in at all, decided before anything costly is done: connections per address (IPv6: per /64) and in all, and how
// fast new ones are taken. One gate stands before all doors.
import { CLOSES } from "@verbatim/protocol";
import type { Clock } from "../clock.ts";
import { addressKey } from "../limit/address.ts";
import { Bucket, type Rate } from "../limit/bucket.ts";
import { Buckets } from "../limit/buckets.ts";
import { UNIX_PEER } from "./peer.ts";

export interface GateLimits {
	/** Connections open at once from one address. */
	readonly connectionsPerAddressMax: number;
	/** Connections open at once in all. */
	readonly connectionsMax: number;
	/** New connections of one address: a page full of reconnecting tabs passes, a flood does not. */
	readonly opensPerAddress: Rate;
	/** New connections in all: what the server can greet without those inside noticing. */
	readonly opens: Rate;
}

export const GATE_LIMITS: GateLimits = {
	connectionsPerAddressMax: 64,
	connectionsMax: 100_000,
	opensPerAddress: { perSecond: 20, burst: 128 },
	opens: { perSecond: 2_000, burst: 20_000 },
};

export type Admission =
	/** `Gate.leave` must be called once, when the connection is gone. */
	{ readonly ok: true } | { readonly ok: false; readonly reason: "address" | "total" | "rate"; readonly retryAfterMs: number };

const ADMITTED: Admission = { ok: true };

export class Gate {
	private readonly limits: GateLimits;
	private readonly byAddress = new Map<string, number>();
	private readonly opensPerAddress: Buckets;
	private readonly opens: Bucket;
	private total = 0;

	constructor(limits: GateLimits, clock: Pick<Clock, "monotonic">) {
		this.limits = limits;
		this.opens = new Bucket(limits.opens, clock);
		this.opensPerAddress = new Buckets(limits.opensPerAddress, clock);
	}

	/** Connections and requests that are inside now. */
	get open(): number {
		return this.total;
	}

	/**
	 * Lets a connection in, or says why not and when to try again. A `request` is a connection that is gone with its answer: it
	 * counts while it lasts, and its pace is for the limits of whoever carries it out.
	 */
	enter(address: string, what: "connection" | "request" = "connection"): Admission {
		const { limits } = this;
		const afterMs = CLOSES.busy.afterMs;
		if (this.total >= limits.connectionsMax) return { ok: false, reason: "total", retryAfterMs: afterMs };
		// A Unix socket is guarded by the rights of its file.
		const key = address === UNIX_PEER ? undefined : addressKey(address);
		const inside = key === undefined ? 0 : (this.byAddress.get(key) ?? 0);
		if (inside >= limits.connectionsPerAddressMax) return { ok: false, reason: "address", retryAfterMs: afterMs };
		if (what === "connection") {
			const waitMs = (key === undefined ? 0 : this.opensPerAddress.take(key)) || this.opens.take();
			if (waitMs > 0) return { ok: false, reason: "rate", retryAfterMs: waitMs };
		}
		this.total++;
		if (key !== undefined) this.byAddress.set(key, inside + 1);
		return ADMITTED;
	}

	/** One that was let in from `address` is gone. */
	leave(address: string): void {
		this.total--;
		if (address === UNIX_PEER) return;
		const key = addressKey(address);
		const inside = (this.byAddress.get(key) ?? 1) - 1;
		if (inside === 0) this.byAddress.delete(key);
		else this.byAddress.set(key, inside);
	}
}
