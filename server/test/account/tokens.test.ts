import { describe, expect, test } from "bun:test";
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from "jose";
import { ACCOUNT_DEFAULTS } from "../../src/account/settings.ts";
import { createUsers } from "../../src/account/users.ts";
import { systemRandom } from "../../src/base/clock.ts";
import { asGuest, asLogin, asRegister, asToken, HERE, refused, startAccounts } from "./support.ts";

const HOUR_MS = 3_600_000;
const PASSWORD = "correct horse";

async function registered() {
	const server = await startAccounts();
	const { user, tokens } = await server.accounts.authenticate(asRegister("ann", PASSWORD), HERE);
	if (tokens === undefined) throw new Error("no tokens came");
	return { ...server, user, tokens };
}

describe("an access token", () => {
	test("authenticates for an hour and half a minute of clock skew; then it is token_expired", async () => {
		const { accounts, clock, user, tokens } = await registered();
		expect(tokens.accessExpiresMs).toBe(clock.now() + HOUR_MS);
		await clock.advance(HOUR_MS + 29_000);
		const identity = await accounts.authenticate(asToken(tokens.access), HERE);
		expect(identity).toEqual({ user, expiresMs: tokens.accessExpiresMs });
		await clock.advance(2_000);
		await refused(accounts.authenticate(asToken(tokens.access), HERE), "token_expired");
	});

	test("is valid after a restart, and not on another server", async () => {
		const { tokens, disk, user } = await registered();
		const again = await startAccounts({ disk });
		expect((await again.accounts.authenticate(asToken(tokens.access), HERE)).user.id).toBe(user.id);
		const other = await startAccounts();
		await refused(other.accounts.authenticate(asToken(tokens.access), HERE), "token_invalid");
	});

	test("carries issuer, audience, user, generation, times, its family and an id of its own, and nothing secret", async () => {
		const { tokens, clock, user } = await registered();
		const { jti, fam, ...claims } = decodeJwt(tokens.access);
		expect(fam).toMatch(/^f[0-9a-z]{26}$/);
		const nowS = clock.now() / 1000;
		expect(claims).toEqual({ iss: "verbatim", aud: "verbatim", sub: user.id, gen: 1, iat: nowS, exp: nowS + 3600 });
		expect(jti).toMatch(/^[0-9a-f]{32}$/);
		expect(decodeProtectedHeader(tokens.access)).toMatchObject({ alg: "HS256", typ: "access+jwt" });
	});

	test("stays valid when a new key is configured first, and is invalid without its key", async () => {
		const keys = (...each: string[]) => ({ tokens: { ...ACCOUNT_DEFAULTS.tokens, keys: each } });
		const [old, young] = ["o".repeat(32), "y".repeat(32)];
		const before = await startAccounts({ settings: keys(old) });
		const { tokens } = await before.accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		const { disk } = before;
		const both = await startAccounts({ disk, settings: keys(young, old) });
		await both.accounts.authenticate(asToken(tokens?.access ?? ""), HERE);
		const after = await startAccounts({ disk, settings: keys(young) });
		await refused(after.accounts.authenticate(asToken(tokens?.access ?? ""), HERE), "token_invalid");
		await expect(startAccounts({ settings: keys("short") })).rejects.toThrow(RangeError);
	});
});

describe("a refresh token", () => {
	test("gives a new pair, for thirty days", async () => {
		const { accounts, clock, tokens, user } = await registered();
		await clock.advance(29 * 24 * HOUR_MS);
		await refused(accounts.authenticate(asToken(tokens.access), HERE), "token_expired");
		const fresh = await accounts.refresh(tokens.refresh);
		expect((await accounts.authenticate(asToken(fresh.access), HERE)).user.id).toBe(user.id);
		await clock.advance(2 * 24 * HOUR_MS);
		await refused(accounts.refresh(tokens.refresh), "token_expired");
		await accounts.refresh(fresh.refresh);
	});

	test("authenticates by itself, with new tokens, after the access token has expired", async () => {
		const { accounts, clock, tokens, user } = await registered();
		await clock.advance(48 * HOUR_MS);
		const back = await accounts.authenticate({ case: "refresh", value: tokens.refresh }, HERE);
		expect(back).toMatchObject({ user, expiresMs: clock.now() + HOUR_MS });
		await accounts.authenticate(asToken(back.tokens?.access ?? ""), HERE);
		await refused(accounts.authenticate({ case: "refresh", value: back.tokens?.access ?? "" }, HERE), "token_invalid");
	});

	test("is no access token, and an access token is no refresh token", async () => {
		const { accounts, tokens } = await registered();
		await refused(accounts.authenticate(asToken(tokens.refresh), HERE), "token_invalid");
		await refused(accounts.refresh(tokens.access), "token_invalid");
	});

	test("is a credential of its own in a hello, and brings a new pair along", async () => {
		const { accounts, clock, tokens, user } = await registered();
		await clock.advance(2 * HOUR_MS);
		const back = await accounts.authenticate({ case: "refresh", value: tokens.refresh }, HERE);
		expect(back.user.id).toBe(user.id);
		expect((await accounts.authenticate(asToken(back.tokens?.access ?? ""), HERE)).user.id).toBe(user.id);
		await refused(accounts.authenticate({ case: "refresh", value: tokens.access }, HERE), "token_invalid");
	});

	test("works for guests too, until they expire", async () => {
		const { accounts, clock } = await startAccounts();
		const { tokens } = await accounts.authenticate(asGuest("gus"), HERE);
		await clock.advance(2 * HOUR_MS);
		const fresh = await accounts.refresh(tokens?.refresh ?? "");
		expect((await accounts.authenticate(asToken(fresh.access), HERE)).user.name).toBe("gus");
	});
});

describe("a refresh token is used once:", () => {
	const { refreshGraceMs } = ACCOUNT_DEFAULTS.tokens;
	const asRefresh = (value: string) => ({ case: "refresh", value }) as const;

	test("each use gives the next, by a command and by a hello", async () => {
		const { accounts, clock, tokens } = await registered();
		const second = await accounts.refresh(tokens.refresh);
		await clock.advance(2 * refreshGraceMs);
		const third = (await accounts.authenticate(asRefresh(second.refresh), HERE)).tokens;
		await clock.advance(2 * refreshGraceMs);
		const fourth = await accounts.refresh(third?.refresh ?? "");
		expect(new Set([tokens.refresh, second.refresh, third?.refresh, fourth.refresh]).size).toBe(4);
		await accounts.authenticate(asToken(tokens.access), HERE);
	});

	test("a second use within the grace gets the same token, also after a restart", async () => {
		const { accounts, clock, disk, tokens, user } = await registered();
		const first = await accounts.refresh(tokens.refresh);
		await clock.advance(refreshGraceMs - 1_000);
		const [again, tab] = await Promise.all([
			accounts.refresh(tokens.refresh),
			accounts.authenticate(asRefresh(tokens.refresh), HERE),
		]);
		expect(again.refresh).toBe(first.refresh);
		expect(again.refreshExpiresMs).toBe(first.refreshExpiresMs);
		expect(tab).toMatchObject({ user, tokens: { refresh: first.refresh } });
		const restarted = await startAccounts({ disk, clock });
		expect((await restarted.accounts.refresh(tokens.refresh)).refresh).toBe(first.refresh);
	});

	test("a later use revokes every token of that log-in, of no other, also after a restart", async () => {
		const { accounts, clock, disk, tokens, user } = await registered();
		const other = await accounts.authenticate(asLogin("ann", PASSWORD), HERE);
		const stolen = await accounts.refresh(tokens.refresh);
		await clock.advance(refreshGraceMs + 1);
		await refused(accounts.refresh(tokens.refresh), "token_invalid");
		const restarted = await startAccounts({ disk, clock });
		for (const now of [accounts, restarted.accounts]) {
			await refused(now.refresh(stolen.refresh), "token_invalid");
			await refused(now.authenticate(asRefresh(stolen.refresh), HERE), "token_invalid");
			await refused(now.authenticate(asToken(stolen.access), HERE), "token_invalid");
			await refused(now.authenticate(asToken(tokens.access), HERE), "token_invalid");
			expect((await now.authenticate(asToken(other.tokens?.access ?? ""), HERE)).user.id).toBe(user.id);
		}
		await restarted.accounts.refresh(other.tokens?.refresh ?? "");
	});

	test("on a session another user's token is refused and not consumed", async () => {
		const { accounts, clock, tokens, user } = await registered();
		await refused(accounts.refresh(tokens.refresh, "u-another"), "token_invalid");
		await clock.advance(2 * refreshGraceMs);
		await accounts.refresh(tokens.refresh, user.id);
	});

	test("it is not consumed while the store cannot write: unavailable", async () => {
		const { accounts, clock, store, tokens } = await registered();
		store.faults.failCommits(1);
		await refused(accounts.refresh(tokens.refresh), "unavailable");
		await clock.advance(2 * refreshGraceMs);
		await accounts.refresh(tokens.refresh);
	});

	test("a token without a family counts as the first of its own", async () => {
		const { accounts, clock, disk, tokens } = await registered();
		const { fam: _, num: __, ...claims } = decodeJwt(tokens.refresh);
		const key = new TextEncoder().encode(disk.kept.get("token-key") ?? "");
		const header = { ...decodeProtectedHeader(tokens.refresh), alg: "HS256" };
		const old = await new SignJWT({ ...claims, jti: "of old" }).setProtectedHeader(header).sign(key);
		const fresh = await accounts.refresh(old);
		await clock.advance(2 * refreshGraceMs);
		await accounts.refresh(fresh.refresh);
		await refused(accounts.refresh(old), "token_invalid");
	});
});

describe("tokens are revoked", () => {
	test("after a change of the password: token_invalid, old ones and refreshes alike", async () => {
		const { accounts, store, clock, tokens } = await registered();
		const revoked: string[] = [];
		const users = createUsers({
			store,
			clock,
			random: systemRandom,
			passwords: accounts.passwords,
			onRevoked: ({ id }, why) => revoked.push(`${id} ${why}`),
		});
		const { id } = await users.setPassword("ann", "another password");
		await refused(accounts.authenticate(asToken(tokens.access), HERE), "token_invalid");
		await refused(accounts.refresh(tokens.refresh), "token_invalid");
		await refused(accounts.authenticate(asLogin("ann", PASSWORD), HERE), "credentials_wrong");
		await accounts.authenticate(asLogin("ann", "another password"), HERE);
		expect(revoked).toEqual([`${id} expired`]);
	});

	test("of a banned user: forbidden, and after the ban is lifted only a new log-in helps", async () => {
		const { accounts, store, clock, tokens, user } = await registered();
		const revoked: string[] = [];
		const users = createUsers({
			store,
			clock,
			random: systemRandom,
			passwords: accounts.passwords,
			onRevoked: ({ id }, why) => revoked.push(`${id} ${why}`),
		});
		await users.disable("ANN");
		expect(revoked).toEqual([`${user.id} banned`]);
		await refused(accounts.authenticate(asToken(tokens.access), HERE), "forbidden");
		await refused(accounts.refresh(tokens.refresh), "forbidden");
		await users.enable(user.id);
		await refused(accounts.authenticate(asToken(tokens.access), HERE), "token_invalid");
		await accounts.authenticate(asLogin("ann", PASSWORD), HERE);
	});

	test("from before an operator's change: token_invalid, also with concurrent changes", async () => {
		const { accounts, store, clock, user } = await registered();
		const hashing = Promise.withResolvers<void>();
		const passwords = {
			...accounts.passwords,
			hash: async (password: string) => {
				await hashing.promise;
				return accounts.passwords.hash(password);
			},
		};
		const revoked: number[] = [];
		const users = createUsers({
			store,
			clock,
			random: systemRandom,
			passwords,
			onRevoked: ({ generation }) => revoked.push(generation),
		});
		const setting = users.setPassword("ann", "another horse");
		await users.end("ann");
		await users.end("ann");
		// With the old password.
		const { tokens } = await accounts.authenticate(asLogin("ann", PASSWORD), HERE);
		hashing.resolve();
		await setting;
		expect((await store.user(user.id))?.generation).toBe(4);
		expect(revoked).toEqual([2, 3, 4]);
		await refused(accounts.authenticate(asToken(tokens?.access ?? ""), HERE), "token_invalid");
	});

	test("of a revoked log-in: token_invalid until they expire", async () => {
		const { accounts, clock, tokens } = await registered();
		const { tokens: bob } = await accounts.authenticate(asRegister("bob", PASSWORD), HERE);
		const newest = await accounts.refresh(tokens.refresh);
		await clock.advance(5 * 60_000);
		await refused(accounts.refresh(tokens.refresh), "token_invalid");
		await clock.advance(20 * 24 * 3_600_000);
		const later = await accounts.refresh(bob?.refresh ?? "");
		await clock.advance(newest.refreshExpiresMs - clock.now() + 5_000);
		// Each use deletes families that have expired.
		await accounts.refresh(later.refresh);
		await refused(accounts.refresh(newest.refresh), "token_invalid");
	});

	test("of an unknown user: token_invalid", async () => {
		const { accounts, disk, tokens, user } = await registered();
		disk.users.delete(user.id);
		await refused(accounts.authenticate(asToken(tokens.access), HERE), "token_invalid");
	});
});

describe("a forged token is token_invalid:", () => {
	/** A valid token's claims with a forged header and signature. */
	async function forgeries() {
		const server = await registered();
		const { access } = server.tokens;
		const claims = decodeJwt(access);
		const header = { ...decodeProtectedHeader(access), alg: "HS256" };
		const [head = "", body = "", signature = ""] = access.split(".");
		const guess = new TextEncoder().encode("a secret that is only guessed at");
		const base64 = (value: unknown) =>
			new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url", omitPadding: true });
		const key = new TextEncoder().encode(server.disk.kept.get("token-key") ?? "");
		const signed = (change: Record<string, unknown>, headerChange = {}) =>
			new SignJWT({ ...claims, ...change }).setProtectedHeader({ ...header, ...headerChange }).sign(key);
		return {
			...server,
			tokens: {
				"alg none": new UnsecuredJWT(claims).encode(),
				"alg none, with the header of ours": `${base64({ ...header, alg: "none" })}.${body}.`,
				"alg None in another case": `${base64({ ...header, alg: "nOnE" })}.${body}.${signature}`,
				"another key": await new SignJWT(claims).setProtectedHeader(header).sign(guess),
				"another key that it brings along": await new SignJWT(claims)
					.setProtectedHeader({
						...header,
						jwk: { kty: "RSA", n: base64("x"), e: "AQAB" },
						jku: "https://evil.example/keys",
						x5u: "https://evil.example/cert",
					})
					.sign(guess),
				"another algorithm of the same key": await signed({}, { alg: "HS512" }),
				"a key id that nobody knows": await signed({}, { kid: "../../etc/passwd" }),
				"no key id": await signed({}, { kid: undefined }),
				"claims exchanged": `${head}.${base64({ ...claims, sub: "u00000000000000000000000000" })}.${signature}`,
				"no exp": await signed({ exp: undefined }),
				"no sub": await signed({ sub: undefined }),
				"no generation": await signed({ gen: undefined }),
				"a generation that is no number": await signed({ gen: "1" }),
				"another audience": await signed({ aud: "elsewhere" }),
				"not yet valid": await signed({ nbf: Number(claims.iat) + 3600 }),
				"a critical extension": await signed({}, { crit: ["exp"], exp: 1 }).catch(
					() => `${base64({ ...header, crit: ["x"], x: 1 })}.${body}.${signature}`,
				),
				"no issuer": await signed({ iss: undefined }),
				"an issuer that is not known": await signed({ iss: "https://evil.example" }),
				"the signature cut": access.slice(0, -4),
				"the signature left out": `${head}.${body}.`,
				"five parts": `${access}.${body}.${signature}`,
				"no JSON": `${head}.${base64("x").slice(1)}.${signature}`,
				"a list for claims": `${head}.${base64([])}.${signature}`,
				empty: "",
				"no token at all": "ann",
				"too long": `${access}${"A".repeat(9_000)}`,
			},
		};
	}

	test("every way to make one, as an access token and as a refresh token", async () => {
		const { accounts, tokens } = await forgeries();
		const answers = new Map<string, string>();
		for (const [how, token] of Object.entries(tokens)) {
			const access = await accounts.authenticate(asToken(token), HERE).then(
				() => "let in",
				(cause) => cause.code ?? String(cause),
			);
			const refresh = await accounts.refresh(token).then(
				() => "let in",
				(cause) => cause.code ?? String(cause),
			);
			answers.set(how, `${access} ${refresh}`);
		}
		expect([...answers].filter(([, answer]) => answer !== "token_invalid token_invalid")).toEqual([]);
		expect(answers.size).toBe(26);
	});
});

describe("operators", () => {
	test("add users, list them by page, and find them by name or id; unknown ones are no_such_user", async () => {
		const { accounts, store, clock } = await startAccounts();
		const users = createUsers({ store, clock, random: systemRandom, passwords: accounts.passwords });
		for (const name of ["ann", "Bob", "cy"]) await users.add(name, PASSWORD);
		const first = await users.list("", 2);
		const rest = await users.list(first[1]?.id ?? "", 2);
		expect([...first, ...rest].map(({ name }) => name).sort()).toEqual(["Bob", "ann", "cy"]);
		expect(rest).toHaveLength(1);
		await refused(users.add("bob", PASSWORD), "name_taken");
		await refused(users.add("#bob", PASSWORD), "name_invalid");
		await refused(users.add("dan", "short"), "password_weak");
		await refused(users.disable("dan"), "no_such_user");
		await refused(users.disable("Воb"), "no_such_user");
		const { user } = await accounts.authenticate(asGuest("gus"), HERE);
		await refused(users.setPassword(user.id, PASSWORD), "invalid");
	});
});
