// What an operator may choose about accounts, in one place, with its defaults and their reasons.
import { LIMITS } from "@verbatim/protocol";
import type { LoginLimits } from "../admit/logins.ts";

export interface AccountSettings {
	/** May somebody come in with nothing but a name? */
	readonly guests: boolean;
	/** May somebody register an account by themselves? (Operators always may for them.) */
	readonly registration: boolean;
	readonly tokens: TokenSettings;
	readonly passwords: PasswordSettings;
	readonly limits: LoginLimits;
	/** A guest's name is kept for it this long after its last session has ended, in ms: a night, a journey. */
	readonly guestHoldMs: number;
	/** A guest that was let in but has not begun a session keeps its name this long if it cannot come back (line mode), in ms. */
	readonly fleetingHoldMs: number;
	/** How often guests whose time has run out are looked for, in ms. */
	readonly guestSweepMs: number;
	/** Whose tokens are taken besides this server's own. */
	readonly providers: readonly ProviderSettings[];
}

export interface TokenSettings {
	/** The claims `iss` and `aud` of this server's tokens. No provider may have the same issuer. */
	readonly issuer: string;
	readonly audience: string;
	/** Life of an access token and of a refresh token, in ms. */
	readonly accessMs: number;
	readonly refreshMs: number;
	/**
	 * A refresh token that was just used is answered once more for so long, in ms: for a client that lost the answer, and for
	 * several tabs with one token. Used later it ends all tokens that descend from the same log-in.
	 */
	readonly refreshGraceMs: number;
	/** Clocks may differ by this much, in ms. */
	readonly toleranceMs: number;
	/** Longest token that is looked at, whoever issued it. */
	readonly bytesMax: number;
	/**
	 * Secrets of 32 bytes or more; the first one signs, all verify, so that a key can be replaced without logging anybody out.
	 * Empty: one is made at the first start and kept in the store.
	 */
	readonly keys: readonly string[];
}

export interface PasswordSettings {
	/** Passwords hashed at the same time, each on its own thread with `memoryKib` of memory. */
	readonly concurrency: number;
	/** Passwords that may wait for their turn; beyond, `busy`. */
	readonly waitingMax: number;
	/** Longest password, in characters. */
	readonly charsMax: number;
	/** argon2id's memory in KiB and its passes; its parallelism is 1. */
	readonly memoryKib: number;
	readonly passes: number;
}

/** An identity provider. Exactly one of `jwksUrl`, `keyPem` and `secret` is given. */
export interface ProviderSettings {
	/** The claim `iss` of its tokens, exactly. */
	readonly issuer: string;
	/** What its tokens must name as `aud`: this server, as the provider knows it. */
	readonly audience: string;
	/** Where it publishes its keys (RFC 7517). */
	readonly jwksUrl?: string;
	/** Its public key or certificate in PEM. */
	readonly keyPem?: string;
	/** The secret that it shares with this server, 32 bytes or more: for a product's own back end. */
	readonly secret?: string;
	/** Algorithms taken, a part of those that fit the key. Default: all of these that are not outdated. */
	readonly algorithms?: readonly string[];
	/** The claim that names the user. Default: `preferred_username`, then `name`, then what stands before the @ of `email`. */
	readonly nameClaim?: string;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const ACCOUNT_DEFAULTS: AccountSettings = {
	guests: true,
	registration: true,
	tokens: {
		issuer: "verbatim",
		audience: "verbatim",
		accessMs: HOUR_MS,
		refreshMs: 30 * DAY_MS,
		// Time for three tries of a client that backs off.
		refreshGraceMs: 2 * MINUTE_MS,
		toleranceMs: 30 * SECOND_MS,
		bytesMax: LIMITS.tokenBytesMax,
		keys: [],
	},
	passwords: {
		concurrency: 2,
		waitingMax: 64,
		charsMax: LIMITS.passwordCharsMax,
		// The first of the equal choices of OWASP's Password Storage Cheat Sheet: m=19 MiB, t=2, p=1.
		memoryKib: 19 * 1024,
		passes: 2,
	},
	limits: {
		perAddress: { perSecond: 0.5, burst: 30 },
		perAccount: { perSecond: 0.5, burst: 30 },
		// A guesser gets about a dozen tries in ten minutes.
		failures: { free: 5, waitMs: SECOND_MS, waitMaxMs: 10 * MINUTE_MS, forgetMs: 10 * MINUTE_MS },
		exemptAddresses: [],
	},
	guestHoldMs: DAY_MS,
	fleetingHoldMs: MINUTE_MS,
	guestSweepMs: MINUTE_MS,
	providers: [],
};
