// Tokens as strangers may make them, with everything but the key: RFC 8725's tricks are among the choices. The keys that sign here
// are this server's own and an attacker's.
import { Refusal } from "@verbatim/protocol";
import { SignJWT } from "jose";
import { ACCOUNT_DEFAULTS } from "../../../../server/src/account/settings.ts";
import { claimedIssuer, createMint, type TokenKind, type TokenMint } from "../../../../server/src/account/tokens.ts";
import { systemRandom } from "../../../../server/src/clock.ts";
import { Draw } from "../draw.ts";
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
		return { feed: (input) => feed(own, issued, new Draw(input)) };
	},
};

interface Issued {
	readonly access: string;
	readonly refresh: string;
}

async function feed(mint: TokenMint, issued: Issued, draw: Draw): Promise<string> {
	const kind = draw.pick<TokenKind>(["access", "refresh"]);
	const given = issued[draw.pick<TokenKind>(["access", "refresh"])];
	/** Of which kind, if it was soundly signed by this server's own key and says what a token has to say. */
	let sound: TokenKind | undefined;
	const token = await draw.pick<() => string | Promise<string>>([
		() => given,
		() => changed(given, draw),
		() => forged(given, draw),
		async () => {
			const made = await signed(draw);
			sound = made.sound;
			return made.token;
		},
		() => draw.text(400),
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
function changed(token: string, draw: Draw): string {
	let text = token;
	for (let times = 1 + draw.below(3); times > 0; times--) {
		const at = draw.below(text.length + 1);
		const piece = draw.pick(["", ".", "=", "A", " ", String.fromCharCode(draw.byte()), draw.text(8)]);
		text = text.slice(0, at) + piece + text.slice(at + draw.below(3));
	}
	return text;
}

/** Parts of a good token beside parts of one's own, with a signature of one's own choice. */
function forged(token: string, draw: Draw): string {
	const [head = "", claims = "", signature = ""] = token.split(".");
	const newHead = draw.pick([head, encoded(header(head, draw)), encoded(draw.text())]);
	const newClaims = draw.pick([claims, encoded(JSON.stringify(payload(draw))), encoded(draw.text())]);
	return [newHead, newClaims, draw.pick([signature, "", encoded(draw.text()), head])].join(draw.onceIn(8) ? ".." : ".");
}

/** Soundly signed, by somebody else or by this server itself, and saying anything. */
async function signed(draw: Draw): Promise<{ readonly token: string; readonly sound: TokenKind | undefined }> {
	const key = draw.pick([OWN_KEY, "an attacker's own key, as long as ours", "0".repeat(64)]);
	const alg = draw.pick(["HS256", "HS384", "HS512"]);
	const typ = draw.pick(["access+jwt", "refresh+jwt", "JWT", draw.text(12)]);
	const kid = draw.pick([await ownKid(), "", draw.text(12)]);
	const claims = payload(draw);
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

function header(head: string, draw: Draw): string {
	const own = JSON.parse(Buffer.from(head, "base64url").toString()) as Record<string, unknown>;
	const extra = draw.pick<Record<string, unknown>>([
		{ alg: "none" },
		{ alg: draw.pick(["None", "nOnE", "HS384", "RS256", "ES256", "", draw.text()]) },
		{ typ: draw.pick(["JWT", "access+jwt", "refresh+jwt", 7, draw.text()]) },
		{ kid: draw.pick([undefined, null, 7, [], draw.text()]) },
		{ crit: draw.pick<unknown>([[], ["b64"], ["exp"], "b64"]), b64: false },
		{ jku: "https://evil.example/jwks", jwk: { kty: "oct", k: "AA" } },
		{ zip: "DEF", enc: "A256GCM" },
		{ [draw.text()]: draw.text() },
	]);
	return JSON.stringify({ ...own, ...extra });
}

function payload(draw: Draw): { readonly [claim: string]: unknown } {
	const now = NOW_MS / 1_000;
	return {
		sub: draw.pick(["u1", undefined]),
		iss: draw.pick<unknown>([settings.issuer, "https://evil.example", undefined, 7]),
		aud: draw.pick<unknown>([settings.audience, [settings.audience, "x"], undefined, {}, [7]]),
		exp: draw.pick<unknown>([now + 60, now - 3_600, undefined, "never", -1]),
		nbf: draw.pick<unknown>([undefined, now + 3_600, "x"]),
		gen: draw.pick<unknown>([7, 8, 1.5, "7", undefined]),
		fam: draw.pick<unknown>(["f1", undefined, "", 7]),
		num: draw.pick<unknown>([1, 2, 0, 1.5, undefined]),
		jti: draw.pick<unknown>(["j1", undefined, ""]),
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
