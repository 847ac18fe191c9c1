// Rate limits of log-ins, registrations and guests: by address, by account, and by failures, independently, against guessing from one address at
// many accounts and from many addresses at one. Names without an account have the same limits, so that they do not reveal which accounts exist.
import { Refusal } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import { addressKey } from "../limit/address-key.ts";
import type { Rate } from "../limit/bucket.ts";
import { Buckets } from "../limit/buckets.ts";
import { Failures } from "../limit/failures.ts";

export interface LoginLimits {
	/** Log-ins, registrations and guests of one address (an IPv6 /64). Resuming with a token is not limited here. */
	readonly perAddress: Rate;
	/** Tries to log in to one account, from all addresses, failed or not. */
	readonly perAccount: Rate;
	readonly failures: FailureLimits;
	/** Addresses without the limit per address: the operator's own gateway, a load test. */
	readonly exemptAddresses: readonly string[];
}

export interface FailureLimits {
	/** Failed tries in a row without a wait. */
	readonly free: number;
	/** The wait after the first failure beyond; it doubles with each, up to `waitMaxMs`. */
	readonly waitMs: number;
	readonly waitMaxMs: number;
	/** Failures are forgotten after this long without another, in ms. */
	readonly forgetMs: number;
}

export interface LoginAdmission {
	/** Admits a log-in, registration or guest from `address`. Throws `Refusal` `rate_limited`. */
	admit(address: string): void;
	/** Admits a password check for the account `key`. Throws `Refusal` `rate_limited`. */
	beginTry(key: string): void;
	/** The result of the try; `undecided` where it has none. */
	endTry(key: string, how: "right" | "wrong" | "undecided"): void;
}

export function createLoginAdmission(limits: LoginLimits, clock: Pick<Clock, "monotonic">): LoginAdmission {
	const addresses = new Buckets(limits.perAddress, clock);
	const accounts = new Buckets(limits.perAccount, clock);
	const failures = new Failures(limits.failures, clock);
	const exempt = new Set(limits.exemptAddresses.map(addressKey));
	return {
		admit(address) {
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
