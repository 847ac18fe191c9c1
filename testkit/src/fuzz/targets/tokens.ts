// Forged tokens, the attacks of RFC 8725 among them, signed by this server's key or by an attacker's.

import { Refusal } from "@verbatim/protocol";
import { ACCOUNT_DEFAULTS, systemRandom } from "@verbatim/server/parts";
import { claimedIssuer, createMint, type TokenKind, type TokenMint } from "@verbatim/server/testing";
import { SignJWT } from "jose";
import { Choices } from "../choices.ts";
import { must, mustEqual, type Target } from "../target.ts";

const NOW_MS = 1_760_000_000_000;
const OWN_KEY = "the server's own key: nobody knows it";
const settings = { ...ACCOUNT_DEFAULTS.tokens, keys: [OWN_KEY] };

export const tokens: Target = {
	name: "tokens",
	feeds: "the verification of a token: any text, good tokens with bytes changed, and tokens put together from anything",
	holds: [
		"a token is accepted or refused as token_invalid or token_expired; nothing else is ever thrown",
		"what is accepted was issued here: its header and its claims are, byte for byte, those that were issued, and for this kind",
	],
	bytesMax: 600,
	words: ["server/src/account/tokens.ts"],
	pieces: [
		"HS256",
		"none",
		"alg",
		"typ",
		"access+jwt",
		"refresh+jwt",
		"kid",
		"jku",
		"crit",
		"b64",
		"exp",
		"nbf",
		"iat",
		"iss",
		"aud",
		"sub",
		"gen",
		"=",
		".",
		"__proto__",
	],
	seeds: () => Array.from({ length: 16 }, (_, i) => Uint8Array.from([i % 4, i, i >> 1, i * 3, 5, i])),
	async open() {
		const own = await createMint(settings, { putOnce: async (_key, value) => value }, { now: () => NOW_MS }, systemRandom);
		const issued = await own.issue({ id: "u1", generation: 7 });
		return { feed: (input) => feed(own, issued, new Choices(input)) };
	},
};

interface Issued {
	readonly access: string;
	readonly refresh: string;
}

async function feed(mint: TokenMint, issued: Issued, choices: Choices): Promise<string> {
	const kind = choices.pick<TokenKind>(["access", "refresh"]);
	const given = issued[choices.pick<TokenKind>(["access", "refresh"])];
	/** The kind, if it is validly signed by this server's key and has all claims. */
	let sound: TokenKind | undefined;
	const token = await choices.pick<() => string | Promise<string>>([
		() => given,
		() => changed(given, choices),
		() => forged(given, choices),
		async () => {
			const made = await signed(choices);
			sound = made.sound;
			return made.token;
		},
		() => choices.text(400),
	])();
	const issuer = settled(() => claimedIssuer(token, settings.bytesMax));
	if (issuer instanceof Refusal) must(issuer.code === "token_invalid", () => `whose token it is was refused as ${issuer.code}`);
	try {
		const facts = await mint.verify(token, kind);
		if (sound === kind) return "sound";
		const [head, claims] = token.split(".");
		const [ownHead, ownClaims] = issued[kind].split(".");
		must(head === ownHead && claims === ownClaims, () => `a token that was not issued was accepted as ${kind}: ${token}`);
		mustEqual([facts.userId, facts.generation], ["u1", 7], "a token says something else than was issued");
		return `accepted ${kind}`;
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		must(sound !== kind, () => `a sound token was refused: ${token}`);
		must(error.code === "token_invalid" || error.code === "token_expired", () => `a token was refused as ${error.code}`);
		return `${kind} ${error.code}`;
	}
}

/** A good token with some of its characters changed, dropped or added. */
function changed(token: string, choices: Choices): string {
	let text = token;
	for (let times = 1 + choices.below(3); times > 0; times--) {
		const at = choices.below(text.length + 1);
		const piece = choices.pick(["", ".", "=", "A", " ", String.fromCharCode(choices.byte()), choices.text(8)]);
		text = text.slice(0, at) + piece + text.slice(at + choices.below(3));
	}
	return text;
}

/** Parts of a valid token mixed with forged parts, with any signature. */
function forged(token: string, choices: Choices): string {
	const [head = "", claims = "", signature = ""] = token.split(".");
	const newHead = choices.pick([head, encoded(header(head, choices)), encoded(choices.text())]);
	const newClaims = choices.pick([claims, encoded(JSON.stringify(payload(choices))), encoded(choices.text())]);
	return [newHead, newClaims, choices.pick([signature, "", encoded(choices.text()), head])].join(choices.onceIn(8) ? ".." : ".");
}

/** Validly signed, by an attacker or by this server, with any claims. */
async function signed(choices: Choices): Promise<{ readonly token: string; readonly sound: TokenKind | undefined }> {
	const key = choices.pick([OWN_KEY, "an attacker's own key, as long as ours", "0".repeat(64)]);
	const alg = choices.pick(["HS256", "HS384", "HS512"]);
	const typ = choices.pick(["access+jwt", "refresh+jwt", "JWT", choices.text(12)]);
	const kid = choices.pick([await ownKid(), "", choices.text(12)]);
	const claims = payload(choices);
	const token = await new SignJWT(claims).setProtectedHeader({ alg, typ, kid }).sign(new TextEncoder().encode(key));
	const kind = (["access", "refresh"] as const).find((each) => typ === `${each}+jwt`);
	const isOurs = key === OWN_KEY && alg === "HS256" && kid === (await ownKid());
	const saysAll =
		claims.sub === "u1" &&
		claims.iss === settings.issuer &&
		JSON.stringify(claims.aud ?? null).includes(`"${settings.audience}"`);
	const inTime = Number(claims.exp) > NOW_MS / 1_000 && Number.isFinite(claims.exp) && claims.nbf === undefined;
	const numbered = claims.fam === "f1" ? claims.num === 1 || claims.num === 2 : claims.fam === undefined && claims.jti === "j1";
	const whole = Number.isSafeInteger(claims.gen) && (kind === "access" || numbered);
	return { token, sound: isOurs && saysAll && inTime && whole ? kind : undefined };
}

async function ownKid(): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(OWN_KEY));
	return new Uint8Array(digest).toHex().slice(0, 16);
}

function header(head: string, choices: Choices): string {
	const own = JSON.parse(Buffer.from(head, "base64url").toString()) as Record<string, unknown>;
	const extra = choices.pick<Record<string, unknown>>([
		{ alg: "none" },
		{ alg: choices.pick(["None", "nOnE", "HS384", "RS256", "ES256", "", choices.text()]) },
		{ typ: choices.pick(["JWT", "access+jwt", "refresh+jwt", 7, choices.text()]) },
		{ kid: choices.pick([undefined, null, 7, [], choices.text()]) },
		{ crit: choices.pick<unknown>([[], ["b64"], ["exp"], "b64"]), b64: false },
		{ jku: "https://evil.example/jwks", jwk: { kty: "oct", k: "AA" } },
		{ zip: "DEF", enc: "A256GCM" },
		{ [choices.text()]: choices.text() },
	]);
	return JSON.stringify({ ...own, ...extra });
}

function payload(choices: Choices): { readonly [claim: string]: unknown } {
	const now = NOW_MS / 1_000;
	return {
		sub: choices.pick(["u1", undefined]),
		iss: choices.pick<unknown>([settings.issuer, "https://evil.example", undefined, 7]),
		aud: choices.pick<unknown>([settings.audience, [settings.audience, "x"], undefined, {}, [7]]),
		exp: choices.pick<unknown>([now + 60, now - 3_600, undefined, "never", -1]),
		nbf: choices.pick<unknown>([undefined, now + 3_600, "x"]),
		gen: choices.pick<unknown>([7, 8, 1.5, "7", undefined]),
		fam: choices.pick<unknown>(["f1", undefined, "", 7]),
		num: choices.pick<unknown>([1, 2, 0, 1.5, undefined]),
		jti: choices.pick<unknown>(["j1", undefined, ""]),
	};
}

function encoded(text: string): string {
	return Buffer.from(text).toString("base64url");
}

function settled<T>(act: () => T): T | Refusal {
	try {
		return act();
	} catch (error) {
		if (error instanceof Refusal) return error;
		throw error;
	}
}
