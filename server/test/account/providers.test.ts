import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from "jose";
import { fitName } from "../../src/account/external-users.ts";
import { JWKS_RULES } from "../../src/account/jwks.ts";
import type { ProviderSettings } from "../../src/account/settings.ts";
import { asGuest, asRegister, asToken, HERE, refused, startAccounts, type TestServer } from "./support.ts";

const ISSUER = "https://id.example";
const AUDIENCE = "chat";
const SECRET = "a secret that both of them know.";
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

let rsa: Pair;
let ec: Pair;
let ed: Pair;
beforeAll(async () => {
	[rsa, ec, ed] = await Promise.all([
		generateKeyPair("RS256", { extractable: true }),
		generateKeyPair("ES256", { extractable: true }),
		generateKeyPair("EdDSA", { extractable: true }),
	]);
});

interface TokenWish {
	readonly key: Parameters<SignJWT["sign"]>[0];
	readonly header: JWTHeaderParameters;
	readonly claims?: Record<string, unknown>;
	readonly nowMs?: number;
}

/** A valid token of the provider, with the test's changes. */
function token({ key, header, claims, nowMs = Date.UTC(2026, 0, 1) }: TokenWish): Promise<string> {
	const nowS = nowMs / 1000;
	const all = { iss: ISSUER, aud: AUDIENCE, sub: "7", iat: nowS, exp: nowS + 600, preferred_username: "ann", ...claims };
	return new SignJWT(all).setProtectedHeader(header).sign(key);
}

function withProvider(provider: Partial<ProviderSettings>): Promise<TestServer> {
	return startAccounts({ settings: { providers: [{ issuer: ISSUER, audience: AUDIENCE, ...provider }] } });
}

const secretKey = new TextEncoder().encode(SECRET);
const bySecret = (claims?: Record<string, unknown>, header: JWTHeaderParameters = { alg: "HS256" }) =>
	token({ key: secretKey, header, ...(claims ? { claims } : {}) });

describe("a user of an identity provider", () => {
	test("is created at the first log-in and found from then on, also after a restart", async () => {
		const { accounts, disk } = await withProvider({ secret: SECRET });
		const first = await accounts.authenticate(asToken(await bySecret()), HERE);
		expect(first.user).toMatchObject({ kind: "external", name: "ann", external: `${ISSUER}|7` });
		expect(first.tokens).toBeUndefined();
		expect(first.expiresMs).toBe(Date.UTC(2026, 0, 1) + 600_000);
		const again = await accounts.authenticate(asToken(await bySecret({ preferred_username: "renamed" })), HERE);
		expect(again.user).toEqual(first.user);
		const settings = { providers: [{ issuer: ISSUER, audience: AUDIENCE, secret: SECRET }] };
		const after = await startAccounts({ disk, settings });
		expect((await after.accounts.authenticate(asToken(await bySecret()), HERE)).user.id).toBe(first.user.id);
	});

	test("that logs in first on two connections at once is one user", async () => {
		const { accounts, disk } = await withProvider({ secret: SECRET });
		const credential = asToken(await bySecret());
		const both = await Promise.all(Array.from({ length: 5 }, () => accounts.authenticate(credential, HERE)));
		expect(new Set(both.map(({ user }) => user.id)).size).toBe(1);
		expect(disk.users.size).toBe(1);
	});

	test("whose name is taken, or confusable with one that is, gets a number appended", async () => {
		const { accounts } = await withProvider({ secret: SECRET });
		await accounts.authenticate(asRegister("ann", "correct horse"), HERE);
		const name = async (sub: string, preferred_username: string) =>
			(await accounts.authenticate(asToken(await bySecret({ sub, preferred_username })), HERE)).user.name;
		expect(await name("1", "Ann")).toBe("Ann-2");
		expect(await name("2", "ann")).toBe("ann-3");
		expect(await name("3", "аnn")).toBe("аnn-4");
		for (let sub = 4; sub < 10; sub++) await name(String(sub), "ann");
		expect(await name("10", "ann")).toMatch(/^ann-\d{4,6}$/);
	});

	test.each([
		["the claim that is named", { nickname: "nick", preferred_username: "ann" }, "nickname", "nick"],
		["the user name before the full name", { preferred_username: "ann", name: "Ann Lee" }, undefined, "ann"],
		["the full name", { preferred_username: undefined, name: "Ann  Lee" }, undefined, "Ann.Lee"],
		["what stands before the @", { preferred_username: undefined, email: "ann.lee+chat@corp.example" }, undefined, "ann.leechat"],
		["a word, where there is nothing else", { preferred_username: 7 }, undefined, "user"],
	])("is named by %s", async (_, claims, nameClaim, expected) => {
		const { accounts } = await withProvider({ secret: SECRET, ...(nameClaim ? { nameClaim } : {}) });
		expect((await accounts.authenticate(asToken(await bySecret(claims)), HERE)).user.name).toBe(expected);
	});

	test.each([
		["Ann Lee", "Ann.Lee"],
		["  --ann--lee--  ", "ann-lee"],
		["ann_lee", "ann.lee"],
		["\u202eann\u0007", "ann"],
		["Zoë", "Zoë"],
		["x".repeat(99), "x".repeat(32)],
		["annשלום", "ann"],
		["<script>alert(1)</script>", "scriptalert1script"],
		["😀", undefined],
		["", undefined],
	])("and %p becomes %p", (raw, fit) => {
		expect(fitName(raw)).toBe(fit);
	});

	test("is not confused with another provider's user of the same subject", async () => {
		const other = "https://other.example";
		const providers = [ISSUER, other].map((issuer) => ({ issuer, audience: AUDIENCE, secret: SECRET }));
		const { accounts } = await startAccounts({ settings: { providers } });
		const one = await accounts.authenticate(asToken(await bySecret()), HERE);
		const two = await accounts.authenticate(asToken(await bySecret({ iss: other })), HERE);
		expect(two.user.id).not.toBe(one.user.id);
	});

	test("that is banned here is forbidden, even with a valid token", async () => {
		const { accounts, store, clock } = await withProvider({ secret: SECRET });
		const { user } = await accounts.authenticate(asToken(await bySecret()), HERE);
		await store.append({ kind: "userChange", id: user.id, nowMs: clock.now(), change: { disabled: true } });
		await refused(accounts.authenticate(asToken(await bySecret()), HERE), "forbidden");
	});
});

describe("a provider's key", () => {
	test.each(["RS256", "PS256", "ES256", "EdDSA"])("in PEM verifies %s", async (alg) => {
		const pair = alg.startsWith("ES") ? ec : alg === "EdDSA" ? ed : rsa;
		const { accounts } = await withProvider({ keyPem: await exportSPKI(pair.publicKey) });
		const key = alg === "PS256" ? await importRsaFor(alg) : pair.privateKey;
		expect((await accounts.authenticate(asToken(await token({ key, header: { alg } })), HERE)).user.name).toBe("ann");
	});

	async function importRsaFor(alg: string) {
		const { importPKCS8 } = await import("jose");
		return importPKCS8(await exportPKCS8(rsa.privateKey), alg);
	}

	test("decides the algorithm: a token signed with the public key as a secret is token_invalid", async () => {
		const keyPem = await exportSPKI(rsa.publicKey);
		const { accounts } = await withProvider({ keyPem });
		for (const alg of ["HS256", "HS384", "HS512"]) {
			const forged = await token({ key: new TextEncoder().encode(keyPem), header: { alg } });
			await refused(accounts.authenticate(asToken(forged), HERE), "token_invalid");
		}
	});

	test.each([
		[
			"signed with another key",
			async () => token({ key: (await generateKeyPair("RS256")).privateKey, header: { alg: "RS256" } }),
		],
		["with another algorithm", async () => token({ key: ec.privateKey, header: { alg: "ES256" } })],
		[
			"with alg none",
			async () =>
				`${(await rsaToken())
					.split(".")
					.slice(0, 2)
					.join(".")
					.replace(/^[^.]+/, btoa('{"alg":"none"}').replace(/=+$/, ""))}.`,
		],
		["without exp", async () => rsaToken({ exp: undefined })],
		["without sub", async () => rsaToken({ sub: undefined })],
		["with an empty sub", async () => rsaToken({ sub: "" })],
		["with an endless sub", async () => rsaToken({ sub: "x".repeat(256) })],
		["for another audience", async () => rsaToken({ aud: "elsewhere" })],
		["for no audience", async () => rsaToken({ aud: undefined })],
		["not valid yet", async () => rsaToken({ nbf: Date.UTC(2026, 0, 1) / 1000 + 60 })],
		["of another issuer", async () => rsaToken({ iss: `${ISSUER}/` })],
		["longer than the limit", async () => rsaToken({ padding: "x".repeat(9_000) })],
	])("does not verify a token %s: token_invalid", async (_, make) => {
		const { accounts, disk } = await withProvider({ keyPem: await exportSPKI(rsa.publicKey) });
		await refused(accounts.authenticate(asToken(await make()), HERE), "token_invalid");
		expect(disk.users.size).toBe(0);
	});

	const rsaToken = (claims?: Record<string, unknown>) =>
		token({ key: rsa.privateKey, header: { alg: "RS256" }, ...(claims ? { claims } : {}) });

	test("refuses an expired token as token_expired, with half a minute of tolerance", async () => {
		const { accounts, clock } = await withProvider({ keyPem: await exportSPKI(rsa.publicKey) });
		const late = asToken(await rsaToken());
		await clock.advance(629_000);
		await accounts.authenticate(late, HERE);
		await clock.advance(2_000);
		await refused(accounts.authenticate(late, HERE), "token_expired");
	});

	test("that does not fit its configuration stops the start with the reason", async () => {
		const pem = await exportSPKI(rsa.publicKey);
		const bad: readonly [Partial<ProviderSettings>, string][] = [
			[{}, "exactly one"],
			[{ secret: SECRET, keyPem: pem }, "exactly one"],
			[{ secret: "short" }, "at least 32 bytes"],
			[{ secret: SECRET, algorithms: ["RS256"] }, "does not fit"],
			[{ keyPem: pem, algorithms: ["HS256"] }, "does not fit"],
			[{ keyPem: pem, algorithms: ["none"] }, "does not fit"],
			[{ keyPem: pem, algorithms: [] }, "does not fit"],
			[{ keyPem: "no key" }, "no public key"],
			[{ keyPem: await exportPKCS8(rsa.privateKey) }, "private key"],
			[{ jwksUrl: "file:///etc/passwd" }, "https:"],
			[{ secret: SECRET, issuer: "verbatim" }, "in use already"],
			[{ secret: SECRET, issuer: "guest" }, "in use already"],
			[{ secret: SECRET, audience: "" }, "an audience"],
		];
		for (const [provider, words] of bad) await expect(withProvider(provider)).rejects.toThrow(words);
	});
});

describe("keys that a provider publishes", () => {
	const published = { keys: [] as JWK[], asked: 0, answer: undefined as (() => Response | Promise<Response>) | undefined };
	let server: ReturnType<typeof Bun.serve>;
	beforeAll(() => {
		server = Bun.serve({
			port: 0,
			hostname: "127.0.0.1",
			fetch({ url }) {
				published.asked++;
				const isMoved = new URL(url).pathname === "/moved";
				return (isMoved ? undefined : published.answer?.()) ?? Response.json({ keys: published.keys });
			},
		});
	});
	afterAll(() => server.stop(true));

	async function publish(...pairs: readonly (readonly [string, Pair])[]): Promise<void> {
		published.answer = undefined;
		published.asked = 0;
		published.keys = await Promise.all(pairs.map(async ([kid, pair]) => ({ ...(await exportJWK(pair.publicKey)), kid })));
	}

	const start = () => withProvider({ jwksUrl: `http://127.0.0.1:${server.port}/keys` });
	const enter = async ({ accounts, clock }: TestServer, kid: string | undefined, pair: Pair, alg = "RS256") =>
		accounts.authenticate(
			asToken(await token({ key: pair.privateKey, header: { alg, ...(kid ? { kid } : {}) }, nowMs: clock.now() })),
			HERE,
		);

	test("are fetched once for concurrent log-ins, and then cached", async () => {
		await publish(["a", rsa], ["e", ec]);
		const test = await start();
		expect(published.asked).toBe(0);
		await Promise.all(Array.from({ length: 10 }, () => enter(test, "a", rsa)));
		await enter(test, "e", ec, "ES256");
		expect(published.asked).toBe(1);
	});

	test("without a key id in the token are all tried", async () => {
		const other = await generateKeyPair("RS256", { extractable: true });
		await publish(["a", other], ["b", rsa]);
		await enter(await start(), undefined, rsa);
	});

	test("rotate without a gap: a new key is accepted with its first token, the old one for a while longer", async () => {
		const next = await generateKeyPair("RS256", { extractable: true });
		await publish(["old", rsa]);
		const test = await start();
		await enter(test, "old", rsa);
		await publish(["new", next]);
		await test.clock.advance(JWKS_RULES.coolDownMs + 1);
		await enter(test, "new", next);
		await enter(test, "old", rsa);
		expect(published.asked).toBe(1);
		await test.clock.advance(JWKS_RULES.overlapMs + 1);
		await refused(enter(test, "old", rsa), "token_invalid");
		await enter(test, "new", next);
	});

	test("are not fetched for made-up key ids more often than the cool-down allows", async () => {
		await publish(["a", rsa]);
		const test = await start();
		await enter(test, "a", rsa);
		await test.clock.advance(JWKS_RULES.coolDownMs + 1);
		for (let i = 0; i < 20; i++) await refused(enter(test, `made-up-${i}`, rsa), "token_invalid");
		expect(published.asked).toBe(2);
	});

	test("that are named in the token itself are not fetched", async () => {
		await publish(["a", rsa]);
		let lured = 0;
		const trap = Bun.serve({
			port: 0,
			hostname: "127.0.0.1",
			fetch() {
				lured++;
				return Response.json({ keys: [] });
			},
		});
		const test = await start();
		const mine = await generateKeyPair("RS256", { extractable: true });
		const url = `http://127.0.0.1:${trap.port}/keys`;
		const header = { alg: "RS256", kid: "mine", jku: url, x5u: url, jwk: await exportJWK(mine.publicKey) };
		const forged = await token({ key: mine.privateKey, header, nowMs: test.clock.now() });
		await refused(test.accounts.authenticate(asToken(forged), HERE), "token_invalid");
		expect(lured).toBe(0);
		await trap.stop(true);
	});

	test("that are secrets verify nothing", async () => {
		await publish(["a", rsa]);
		published.keys.push({ kty: "oct", kid: "s", k: btoa(SECRET).replace(/=+$/, "") });
		const test = await start();
		const forged = await token({ key: secretKey, header: { alg: "HS256", kid: "s" }, nowMs: test.clock.now() });
		await refused(test.accounts.authenticate(asToken(forged), HERE), "token_invalid");
	});

	test.each([
		["an error", () => new Response("no", { status: 500 })],
		["a page", () => new Response("<html>")],
		["another shape", () => Response.json({ key: 1 })],
		["a redirect, even to the keys", () => Response.redirect(`http://127.0.0.1:${server.port}/moved`)],
		["too much", () => new Response(" ".repeat(JWKS_RULES.bytesMax + 1))],
	])("answered by %s: unavailable, with when to try again; it heals by itself", async (_, answer) => {
		await publish(["a", rsa]);
		published.answer = answer;
		const test = await start();
		const refusal = await refused(enter(test, "a", rsa), "unavailable");
		expect(refusal.retryAfterMs).toBe(10_000);
		published.answer = undefined;
		await enter(test, "a", rsa);
	});

	test("that never arrive time out, and guests and users of this server are not affected", async () => {
		await publish(["a", rsa]);
		let hanging = 0;
		published.answer = () => {
			hanging++;
			return new Promise<Response>(() => {});
		};
		const test = await start();
		const entering = refused(enter(test, "a", rsa), "unavailable");
		while (hanging < 1) await new Promise((resolve) => setImmediate(resolve));
		await test.accounts.authenticate(asGuest("gus"), HERE);
		await test.clock.advance(JWKS_RULES.timeoutMs);
		while (hanging < 2) await new Promise((resolve) => setTimeout(resolve, 5));
		await test.clock.advance(JWKS_RULES.timeoutMs);
		await entering;
	});

	test("are used for a day while the provider is unreachable", async () => {
		await publish(["a", rsa]);
		const test = await start();
		await enter(test, "a", rsa);
		published.answer = () => new Response("away", { status: 503 });
		await test.clock.advance(JWKS_RULES.freshMs + 1);
		await enter(test, "a", rsa);
		expect(published.asked).toBeGreaterThan(1);
		await test.clock.advance(JWKS_RULES.staleMs);
		await refused(enter(test, "a", rsa), "unavailable");
	});

	test("are not fetched while a provider fails repeatedly", async () => {
		await publish(["a", rsa]);
		published.answer = () => new Response("away", { status: 503 });
		const test = await start();
		for (let i = 0; i < 10; i++) await refused(enter(test, "a", rsa), "unavailable");
		expect(published.asked).toBe(10);
	});
});
