// What stands before every password, registration and guest: limits for the address, for the account, and for failures, each on
// its own, so that neither one address against many accounts nor many addresses against one account get far. A name that does
// not exist has limits like one that does: they tell nothing.
import { Refusal } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import { addressKey } from "../limit/address.ts";
import type { Rate } from "../limit/bucket.ts";
import { Buckets } from "../limit/buckets.ts";
import { Failures } from "../limit/failures.ts";

export interface LoginLimits {
	/** Log-ins, registrations and guests of one address (an IPv6 /64). Resuming with a token is not limited here. */
	readonly perAddress: Rate;
	/** Tries to log in to one account, whoever makes them and however they end. */
	readonly perAccount: Rate;
	readonly failures: FailureLimits;
	/** Addresses without the limit per address, as they reach the server: a gateway of the operator's own, a load test. */
	readonly exemptAddresses: readonly string[];
}

export interface FailureLimits {
	/** Failed tries in a row that cost nothing but their time. */
	readonly free: number;
	/** The wait after the first failure beyond; it doubles with each, up to `waitMaxMs`. */
	readonly waitMs: number;
	readonly waitMaxMs: number;
	/** Failures are forgotten after this long without another, in ms. */
	readonly forgetMs: number;
}

export interface LoginGate {
	/** Somebody at `address` wants to come in. Throws `Refusal` `rate_limited`. */
	enter(address: string): void;
	/** A password for the account `key` is about to be tried. Throws `Refusal` `rate_limited`. */
	beginTry(key: string): void;
	/** How the try ended; `undecided` where it came to no end. */
	endTry(key: string, how: "right" | "wrong" | "undecided"): void;
}

export function createGate(limits: LoginLimits, clock: Pick<Clock, "monotonic">): LoginGate {
	const addresses = new Buckets(limits.perAddress, clock);
	const accounts = new Buckets(limits.perAccount, clock);
	const failures = new Failures(limits.failures, clock);
	const exempt = new Set(limits.exemptAddresses.map(addressKey));
	return {
		enter(address) {
			const key = addressKey(address);
			if (exempt.has(key)) return;
			const waitMs = addresses.take(key);
			if (waitMs > 0) throw new Refusal("rate_limited", "too many log-ins from this address", waitMs);
		},
		beginTry(key) {
			const waitMs = accounts.take(key) || failures.begin(key);
			if (waitMs > 0) throw new Refusal("rate_limited", "too many tries for this name", waitMs);
		},
		endTry(key, how) {
			if (how === "right") failures.succeeded(key);
			if (how === "undecided") failures.undecided(key);
		},
	};
}
