// Tokens of identity providers, for products that have their own users. Keys and algorithms are configured for each provider; a token header's
// own keys (`jku`, `x5u`, `jwk`, `x5c`) are ignored.
import { createPublicKey, type KeyObject } from "node:crypto";
import { Refusal } from "@verbatim/protocol";
import { decodeProtectedHeader, errors, type JWSHeaderParameters, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { type Clock, dateAt } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { createJwks, type Fetch, type KeySource } from "./jwks.ts";
import type { ProviderSettings } from "./settings.ts";
import { tokenRefusal } from "./tokens.ts";

/** A user as identified by a provider's token. */
export interface ExternalIdentity {
	/** `iss|sub`: the user's permanent id. */
	readonly external: string;
	/** The token's names for the user, best first; possibly invalid here. */
	readonly names: readonly string[];
	/** The token's expiry by the wall clock, ms. */
	readonly expiresMs: number;
}

export interface Provider {
	readonly issuer: string;
	/** Rejects with `Refusal`: `token_expired`, `token_invalid`, or `unavailable` without its keys. */
	verify(token: string): Promise<ExternalIdentity>;
}

interface ProviderParts {
	readonly fetch: Fetch;
	readonly clock: Pick<Clock, "now" | "monotonic" | "after">;
	readonly log: Pick<Log, "warn">;
	/** Tolerated clock skew, in ms. */
	readonly toleranceMs: number;
}

const SUBJECT_CHARS_MAX = 255;

/** Throws `RangeError` for contradictory or unsafe settings, with what to do. */
export function createProvider(settings: ProviderSettings, parts: ProviderParts): Provider {
	const { issuer, audience } = settings;
	if (issuer === "" || audience === "") throw new RangeError("an identity provider needs an issuer and an audience");
	const { source, fitting } = keySource(settings, parts);
	const algorithms = settings.algorithms ?? fitting;
	const stray = algorithms.find((each) => !fitting.includes(each));
	if (stray !== undefined || algorithms.length === 0) {
		throw new RangeError(
			`identity provider ${issuer}: algorithm ${stray ?? "(none)"} does not fit its key; allowed: ${fitting.join(", ")}`,
		);
	}

	return {
		issuer,
		async verify(token) {
			try {
				const header = decodeProtectedHeader(token);
				// jose checks this too; checked first so that such a token triggers no fetch of keys.
				if (!algorithms.includes(header.alg ?? "")) throw new Refusal("token_invalid");
				const keys = await source.keysFor({ ...header, alg: header.alg ?? "" });
				const payload = await verifyWithOneOf(token, keys, {
					algorithms: [...algorithms],
					issuer,
					audience,
					clockTolerance: parts.toleranceMs / 1000,
					currentDate: dateAt(parts.clock.now()),
				});
				return identityOf(payload, settings);
			} catch (cause) {
				throw tokenRefusal(cause);
			}
		},
	};
}

type Key = Awaited<ReturnType<KeySource["keysFor"]>>[number] | KeyObject | Uint8Array;

interface Keys {
	keysFor(header: JWSHeaderParameters): Promise<readonly Key[]>;
}

/** The provider's keys, and the algorithms that fit them. */
function keySource(
	settings: ProviderSettings,
	parts: ProviderParts,
): { readonly source: Keys; readonly fitting: readonly string[] } {
	const { issuer, jwksUrl, keyPem, secret } = settings;
	if ([jwksUrl, keyPem, secret].filter((each) => each !== undefined).length !== 1) {
		throw new RangeError(`identity provider ${issuer}: give exactly one of jwksUrl, keyPem and secret`);
	}
	if (jwksUrl !== undefined) {
		if (!URL.canParse(jwksUrl) || !/^https?:$/.test(new URL(jwksUrl).protocol)) {
			throw new RangeError(`identity provider ${issuer}: jwksUrl must be a URL with https: (or http: inside a trusted network)`);
		}
		return { source: createJwks(jwksUrl, parts.fetch, parts.clock, parts.log), fitting: [...RSA, ...EC, ...EDWARDS] };
	}
	if (secret !== undefined) {
		const key = new TextEncoder().encode(secret);
		if (key.length < 32)
			throw new RangeError(`identity provider ${issuer}: a secret has at least 32 bytes (RFC 7518 section 3.2)`);
		return { source: { keysFor: async () => [key] }, fitting: ["HS256", "HS384", "HS512"] };
	}
	const key = publicKey(issuer, keyPem ?? "");
	return { source: { keysFor: async () => [key] }, fitting: algorithmsOf(issuer, key) };
}

const RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const EC = ["ES256", "ES384", "ES512"];
const EDWARDS = ["EdDSA", "Ed25519"];

function publicKey(issuer: string, pem: string): KeyObject {
	if (pem.includes("PRIVATE KEY"))
		throw new RangeError(`identity provider ${issuer}: keyPem is a private key; give the public one`);
	try {
		return createPublicKey(pem);
	} catch (cause) {
		throw new RangeError(`identity provider ${issuer}: keyPem is no public key or certificate in PEM`, { cause });
	}
}

function algorithmsOf(issuer: string, key: KeyObject): readonly string[] {
	switch (key.asymmetricKeyType) {
		case "rsa":
			return RSA;
		case "ec": {
			const algorithm = { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" }[
				key.asymmetricKeyDetails?.namedCurve ?? ""
			];
			if (algorithm !== undefined) return [algorithm];
			break;
		}
		case "ed25519":
			return EDWARDS;
	}
	throw new RangeError(
		`identity provider ${issuer}: keyPem must be an RSA key, one of the curves P-256, P-384, P-521, or Ed25519`,
	);
}

/** The claims, if one of the keys has signed them. */
async function verifyWithOneOf(token: string, keys: readonly Key[], options: JWTVerifyOptions): Promise<JWTPayload> {
	for (const key of keys) {
		try {
			return (await jwtVerify(token, key, options)).payload;
		} catch (cause) {
			if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw cause;
		}
	}
	throw new Refusal("token_invalid");
}

function identityOf(payload: JWTPayload, { issuer, nameClaim }: ProviderSettings): ExternalIdentity {
	const { sub, exp } = payload;
	if (typeof sub !== "string" || sub === "" || sub.length > SUBJECT_CHARS_MAX || exp === undefined)
		throw new Refusal("token_invalid");
	const email = payload.email;
	const claims = nameClaim === undefined ? [payload.preferred_username, payload.name] : [payload[nameClaim]];
	const names = [...claims, typeof email === "string" ? email.replace(/@.*$/s, "") : undefined];
	return { external: `${issuer}|${sub}`, names: names.filter((each) => typeof each === "string"), expiresMs: exp * 1000 };
}
