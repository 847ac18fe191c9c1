// The operator's settings of accounts, with their defaults and the reasons for them.
import { LIMITS } from "@verbatim/protocol";
import type { LoginLimits } from "../admit/logins.ts";

export interface AccountSettings {
	/** Are guests admitted? */
	readonly guests: boolean;
	/** May users register accounts themselves? (Operators always can.) */
	readonly registration: boolean;
	readonly tokens: TokenSettings;
	readonly passwords: PasswordSettings;
	readonly limits: LoginLimits;
	/** A guest's name stays reserved this long after its last session has ended, in ms: long enough for a night offline. */
	readonly guestHoldMs: number;
	/** A session-only guest (line mode) that was admitted keeps its name this long until its session begins, in ms. */
	readonly sessionOnlyHoldMs: number;
	/** How often expired guests are removed, in ms. */
	readonly guestSweepMs: number;
	/** Identity providers whose tokens are accepted besides this server's own. */
	readonly providers: readonly ProviderSettings[];
}

export interface TokenSettings {
	/** The claims `iss` and `aud` of this server's tokens. No provider may have the same issuer. */
	readonly issuer: string;
	readonly audience: string;
	/** Lifetime of an access token and of a refresh token, in ms. */
	readonly accessMs: number;
	readonly refreshMs: number;
	/**
	 * A used refresh token gets the same answer again within this time, in ms: for a client that lost the answer, and for several tabs with one
	 * token. Used later, it revokes all tokens of the same log-in.
	 */
	readonly refreshGraceMs: number;
	/** Tolerated clock skew, in ms. */
	readonly toleranceMs: number;
	/** Longest token that is parsed, from any issuer. */
	readonly bytesMax: number;
	/**
	 * Secrets of 32 bytes or more; the first one signs, all verify, so that keys can be rotated without logging users out.
	 * Empty: one is generated at the first start and kept in the store.
	 */
	readonly keys: readonly string[];
}

export interface PasswordSettings {
	/** Passwords hashed concurrently, each on its own thread with `memoryKib` of memory. */
	readonly concurrency: number;
	/** Passwords that may wait; beyond, `busy`. */
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
	/** The claim `aud` of its tokens: this server, as the provider knows it. */
	readonly audience: string;
	/** The URL of its JSON Web Key Set (RFC 7517). */
	readonly jwksUrl?: string;
	/** Its public key or certificate in PEM. */
	readonly keyPem?: string;
	/** The secret that it shares with this server, 32 bytes or more: for a product's own back end. */
	readonly secret?: string;
	/** Accepted algorithms, of those that fit the key. Default: all of these that are not outdated. */
	readonly algorithms?: readonly string[];
	/** The claim with the user's name. Default: `preferred_username`, then `name`, then the local part of `email`. */
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
		// Enough for three tries of a client with back-off.
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
	sessionOnlyHoldMs: MINUTE_MS,
	guestSweepMs: MINUTE_MS,
	providers: [],
};
