// The JSON Web Key Set of an identity provider (RFC 7517), fetched on demand and cached. An unknown key id triggers a fetch, so that a rotation is
// noticed with the first token of a new key; but at most once per cool-down, since any client can make up key ids. Keys that have vanished from
// the set are accepted a while longer, and a stale set is used while the provider is unreachable: log-ins survive its outage.
import { Refusal } from "@verbatim/protocol";
import {
	BrokenCircuitError,
	ConsecutiveBreaker,
	ConstantBackoff,
	circuitBreaker,
	handleAll,
	type IPolicy,
	retry,
	wrap,
} from "cockatiel";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters } from "jose";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** What is used of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Times in ms. Real key sets are far smaller than `bytesMax`. */
export const JWKS_RULES = {
	timeoutMs: 5_000,
	/** An older set is fetched again before use. */
	freshMs: 10 * 60_000,
	/** Shortest time between two fetches while there is a set. */
	coolDownMs: 30_000,
	/** A key that has vanished from the set is accepted this much longer. */
	overlapMs: 10 * 60_000,
	/** The oldest set that is used when a fetch fails. */
	staleMs: 24 * 3600_000,
	bytesMax: 256 * 1024,
} as const;

type Resolver = ReturnType<typeof createLocalJWKSet>;
type Key = Awaited<ReturnType<Resolver>>;

export interface KeySource {
	/**
	 * The keys that may verify a token with this header: usually one; none for an unknown key id. Rejects with `Refusal` `unavailable` if there
	 * is no usable set.
	 */
	keysFor(header: JWSHeaderParameters): Promise<readonly Key[]>;
}

export function createJwks(
	url: string,
	fetch: Fetch,
	clock: Pick<Clock, "monotonic" | "after">,
	log: Pick<Log, "warn">,
): KeySource {
	const policy = fetchPolicy();
	let current: { readonly resolve: Resolver; readonly sinceMs: number } | undefined;
	let previous: { readonly resolve: Resolver; readonly untilMs: number } | undefined;
	let triedMs = Number.NEGATIVE_INFINITY;
	let fetching: Promise<void> | undefined;

	/** Fetches the set, once for concurrent callers. A failure is logged and changes nothing. */
	const refetch = (): Promise<void> => {
		fetching ??= (async () => {
			triedMs = clock.monotonic();
			try {
				const set = await policy.execute(() => fetchKeySet(url, fetch, clock));
				const nowMs = clock.monotonic();
				if (current !== undefined) previous = { resolve: current.resolve, untilMs: nowMs + JWKS_RULES.overlapMs };
				current = { resolve: createLocalJWKSet(set), sinceMs: nowMs };
			} catch (err) {
				const isOpen = err instanceof BrokenCircuitError;
				log.warn(
					{ err, url },
					isOpen
						? "keys of the identity provider are not asked for just now"
						: "keys of the identity provider could not be fetched",
				);
			} finally {
				fetching = undefined;
			}
		})();
		return fetching;
	};

	const age = (): number => (current === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() - current.sinceMs);

	return {
		async keysFor(header) {
			if (age() > JWKS_RULES.freshMs && (current === undefined || clock.monotonic() - triedMs > JWKS_RULES.coolDownMs))
				await refetch();
			if (current === undefined || age() > JWKS_RULES.staleMs) {
				throw new Refusal("unavailable", "the identity provider cannot be asked for its keys just now; try again", 10_000);
			}
			const known = await matching(current.resolve, header);
			if (known.length > 0) return known;
			if (clock.monotonic() - triedMs > JWKS_RULES.coolDownMs) {
				await refetch();
				const renewed = await matching(current.resolve, header);
				if (renewed.length > 0) return renewed;
			}
			return previous !== undefined && clock.monotonic() < previous.untilMs ? matching(previous.resolve, header) : [];
		},
	};
}

/** One retry for transient failures; after five failures in a row no fetch for ten seconds. */
function fetchPolicy(): IPolicy {
	return wrap(
		circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
		retry(handleAll, { maxAttempts: 1, backoff: new ConstantBackoff(200) }),
	);
}

async function fetchKeySet(url: string, fetch: Fetch, clock: Pick<Clock, "after">): Promise<JSONWebKeySet> {
	const aborter = new AbortController();
	const cancel = clock.after(JWKS_RULES.timeoutMs, () => aborter.abort(new Error(`no answer within ${JWKS_RULES.timeoutMs} ms`)));
	try {
		// Redirects are refused: they would let the provider choose which hosts this server connects to.
		const response = await fetch(url, { redirect: "error", signal: aborter.signal, headers: { accept: "application/json" } });
		if (!response.ok) throw new Error(`answered ${response.status}`);
		return keySet(JSON.parse(await readText(response)));
	} finally {
		cancel();
	}
}

async function readText(response: Response): Promise<string> {
	const decoder = new TextDecoder("utf-8", { fatal: true });
	let text = "";
	let bytes = 0;
	for await (const chunk of response.body ?? []) {
		bytes += chunk.byteLength;
		if (bytes > JWKS_RULES.bytesMax) throw new Error(`the answer is longer than ${JWKS_RULES.bytesMax} bytes`);
		text += decoder.decode(chunk, { stream: true });
	}
	return text + decoder.decode();
}

function keySet(json: unknown): JSONWebKeySet {
	if (typeof json === "object" && json !== null && "keys" in json && Array.isArray(json.keys)) {
		return { keys: json.keys };
	}
	throw new Error("the answer is no set of keys");
}

/** The keys of one set that fit a token's header: several for a token without a key id. */
async function matching(resolve: Resolver, header: JWSHeaderParameters): Promise<readonly Key[]> {
	try {
		return [await resolve(header)];
	} catch (cause) {
		if (cause instanceof errors.JWKSMultipleMatchingKeys) return Array.fromAsync(cause);
		if (cause instanceof errors.JOSEError) return [];
		throw cause;
	}
}
