// This server's own tokens: JWTs signed with HS256. Only this server verifies them, so a shared secret is enough: one key, kept with the data,
// nothing to publish, one HMAC for each hello. (EdDSA would let others verify; no use for that yet.) The algorithm is pinned to the key, and the
// header's `typ` has the kind (RFC 8725 section 3.11), so that a refresh token is never accepted as an access token.
//
// Tokens are not stored. They are revoked when their user's `generation` has risen above theirs, or when their family has ended: `fam` is the
// family, shared by all tokens of one log-in; `num` is a refresh token's number in it. A refresh token is a function of these and its times, so
// that the same one can be issued again without having been stored.
import { create, Refusal, type Tokens, TokensSchema } from "@verbatim/protocol";
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { type Clock, dateAt, type Random } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import type { Store, TokenFamily, UserRecord } from "../store/store.ts";
import type { TokenSettings } from "./settings.ts";

export type TokenKind = "access" | "refresh";

export interface TokenFacts {
	readonly userId: string;
	readonly generation: number;
	/** Wall clock, ms. */
	readonly expiresMs: number;
	/** "" for an access token of a version without families. */
	readonly family: string;
	/** A refresh token's number in its family; 0 for an access token. */
	readonly number: number;
}

export interface TokenMint {
	/** A new pair for a user: the first of a new family, or the next of `family`. */
	issue(user: Pick<UserRecord, "id" | "generation">, family?: TokenFamily): Promise<Tokens>;
	/** When a refresh token that is issued now expires: wall clock, ms. */
	refreshExpiresMs(): number;
	/** Verifies a token and returns its claims. Rejects with `Refusal`: `token_expired`, `token_invalid`. Does not look at the user. */
	verify(token: string, kind: TokenKind): Promise<TokenFacts>;
}

/** Throws `RangeError` if a key of the configuration is too short. */
export async function createMint(
	settings: TokenSettings,
	store: Pick<Store, "putOnce">,
	clock: Pick<Clock, "now">,
	random: Pick<Random, "bytes">,
): Promise<TokenMint> {
	const keys = settings.keys.length > 0 ? settings.keys : [await store.putOnce("token-key", random.bytes(32).toHex())];
	const byId = new Map<string, CryptoKey>();
	for (const key of keys) byId.set(...(await namedKey(key)));
	const [signing] = byId;
	if (signing === undefined) throw new RangeError("there is no key to sign tokens with");
	const [signingId, signingKey] = signing;
	const inSeconds = (ms: number) => Math.floor(ms / 1000);
	const refreshExpiresMs = () => inSeconds(clock.now() + settings.refreshMs) * 1000;

	const sign = (
		user: Pick<UserRecord, "id" | "generation">,
		kind: TokenKind,
		claims: { readonly fam: string; readonly num?: number; readonly jti: string },
		issuedMs: number,
		expiresMs: number,
	) =>
		new SignJWT({ gen: user.generation, ...claims })
			.setProtectedHeader({ alg: "HS256", typ: headerType(kind), kid: signingId })
			.setIssuer(settings.issuer)
			.setAudience(settings.audience)
			.setSubject(user.id)
			.setIssuedAt(inSeconds(issuedMs))
			.setExpirationTime(inSeconds(expiresMs))
			.sign(signingKey);

	return {
		refreshExpiresMs,
		async issue(user, family) {
			const nowMs = clock.now();
			const accessExpiresMs = inSeconds(nowMs + settings.accessMs) * 1000;
			const { id, number, issuedMs, expiresMs } = family ?? {
				id: newId("f", clock, random),
				number: 1,
				issuedMs: nowMs,
				expiresMs: refreshExpiresMs(),
			};
			const [access, refresh] = await Promise.all([
				sign(user, "access", { fam: id, jti: random.bytes(16).toHex() }, nowMs, accessExpiresMs),
				sign(user, "refresh", { fam: id, num: number, jti: `${id}.${number}` }, issuedMs, expiresMs),
			]);
			return create(TokensSchema, { access, accessExpiresMs, refresh, refreshExpiresMs: expiresMs });
		},
		async verify(token, kind) {
			try {
				const { payload } = await jwtVerify(
					token,
					({ kid }) => {
						const key = byId.get(kid ?? "");
						if (key === undefined) throw new errors.JWKSNoMatchingKey();
						return key;
					},
					{
						algorithms: ["HS256"],
						typ: headerType(kind),
						issuer: settings.issuer,
						audience: settings.audience,
						clockTolerance: settings.toleranceMs / 1000,
						currentDate: dateAt(clock.now()),
					},
				);
				const { sub, exp, gen } = payload;
				if (sub === undefined || exp === undefined || !Number.isSafeInteger(gen)) throw new Refusal("token_invalid");
				return { userId: sub, generation: Number(gen), expiresMs: exp * 1000, ...familyOf(payload, kind) };
			} catch (cause) {
				throw tokenRefusal(cause);
			}
		},
	};
}

/**
 * The token's unverified issuer, only for choosing the key. Throws `Refusal` `token_invalid` for what is no JWT or longer than `bytesMax`.
 */
export function claimedIssuer(token: string, bytesMax: number): string | undefined {
	if (token.length > bytesMax) throw new Refusal("token_invalid", "this token is longer than the limit");
	try {
		return decodeJwt(token).iss;
	} catch (cause) {
		throw tokenRefusal(cause);
	}
}

/** The refusal for an error of verification. Rethrows errors that are not the token's. */
export function tokenRefusal(cause: unknown): Refusal {
	if (cause instanceof Refusal) return cause;
	if (cause instanceof errors.JWTExpired) return new Refusal("token_expired");
	if (cause instanceof errors.JOSEError) return new Refusal("token_invalid");
	throw cause;
}

/** A refresh token of a version without families counts as the first of a family with the token's own id. */
function familyOf({ fam, num, jti }: JWTPayload, kind: TokenKind): Pick<TokenFacts, "family" | "number"> {
	if (kind === "access") return { family: typeof fam === "string" ? fam : "", number: 0 };
	if (fam === undefined && jti !== undefined && jti !== "") return { family: jti, number: 1 };
	if (typeof fam !== "string" || fam === "" || !Number.isSafeInteger(num) || Number(num) < 1) throw new Refusal("token_invalid");
	return { family: fam, number: Number(num) };
}

function headerType(kind: TokenKind): string {
	return `${kind}+jwt`;
}

/** A key with its id, a prefix of its SHA-256. */
async function namedKey(secret: string): Promise<[string, CryptoKey]> {
	const key = new TextEncoder().encode(secret);
	if (key.length < 32) throw new RangeError("a key for tokens has at least 32 bytes");
	const digest = await crypto.subtle.digest("SHA-256", key);
	// Imported once: the library would import raw bytes for every token.
	const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
	return [new Uint8Array(digest).toHex().slice(0, 16), imported];
}
