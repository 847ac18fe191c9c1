import { describe, expect, spyOn, test } from "bun:test";
import { ACCOUNT_DEFAULTS } from "../../src/account/settings.ts";
import { asGuest, asLogin, asRegister, asToken, CHEAP, HERE, LINE, refused, startAccounts, testClock } from "./support.ts";

const PASSWORD = "correct horse";

describe("registering", () => {
	test("creates a user who can log in, in any case of the name, also after a restart", async () => {
		const { accounts, disk } = await startAccounts();
		const { user, tokens } = await accounts.authenticate(asRegister("Ann", PASSWORD), HERE);
		expect(user).toMatchObject({ name: "Ann", kind: "registered", disabled: false });
		expect(tokens?.access).toBeString();
		const again = await startAccounts({ disk });
		const back = await again.accounts.authenticate(asLogin("aNN", PASSWORD), HERE);
		expect(back.user.id).toBe(user.id);
	});

	test.each(["ann", "ANN", "аnn", "ａｎｎ"])("refuses %s beside ann as name_taken", async (name) => {
		const { accounts } = await startAccounts();
		await accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		await refused(accounts.authenticate(asRegister(name, PASSWORD), HERE), "name_taken");
		await refused(accounts.authenticate(asGuest(name), HERE), "name_taken");
	});

	test("of one name at the same time succeeds once", async () => {
		const { accounts } = await startAccounts();
		const tries = await Promise.allSettled(
			["ann", "Ann", "аnn"].map((name) => accounts.authenticate(asRegister(name, PASSWORD), HERE)),
		);
		expect(tries.filter((each) => each.status === "fulfilled")).toHaveLength(1);
	});

	test("refuses an invalid name as name_invalid, with the reason", async () => {
		const { accounts } = await startAccounts();
		const refusal = await refused(accounts.authenticate(asRegister("ann\u200d", PASSWORD), HERE), "name_invalid");
		expect(refusal.message).toBe("U+200D is not allowed in a name");
	});

	test.each(["", "seven77", "x".repeat(257), "   "])("refuses the password %p as password_weak", async (password) => {
		const { accounts, disk } = await startAccounts();
		await refused(accounts.authenticate(asRegister("ann", password), HERE), "password_weak");
		expect(disk.users.size).toBe(0);
	});

	test("can be switched off, and guests too: forbidden", async () => {
		const { accounts } = await startAccounts({ settings: { registration: false, guests: false } });
		await refused(accounts.authenticate(asRegister("ann", PASSWORD), HERE), "forbidden");
		await refused(accounts.authenticate(asGuest("ann"), HERE), "forbidden");
	});

	test("in line mode gives no tokens and no expiry", async () => {
		const { accounts } = await startAccounts();
		const identity = await accounts.authenticate(asRegister("ann", PASSWORD), LINE);
		expect(Object.keys(identity)).toEqual(["user"]);
	});

	test("is refused as unavailable while the store cannot commit, and works when it can again", async () => {
		const { accounts, store } = await startAccounts();
		store.faults.failCommits(1);
		await refused(accounts.authenticate(asRegister("ann", PASSWORD), HERE), "unavailable");
		expect((await accounts.authenticate(asRegister("ann", PASSWORD), HERE)).user.name).toBe("ann");
	});
});

describe("logging in", () => {
	test("with a password typed on another keyboard is the same password", async () => {
		const { accounts } = await startAccounts();
		await accounts.authenticate(asRegister("ann", "caf\u00e9 au lait"), HERE);
		await accounts.authenticate(asLogin("ann", "cafe\u0301\u00a0au lait"), HERE);
	});

	test("has the same answer for a wrong password, an unknown user, a guest, an invalid name, and a confusable name", async () => {
		const { accounts } = await startAccounts();
		await accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		await accounts.authenticate(asGuest("gus"), HERE);
		const said = new Set<string>();
		for (const name of ["ann", "bob", "gus", "#?", "аnn"]) {
			const refusal = await refused(accounts.authenticate(asLogin(name, "wrong password"), HERE), "credentials_wrong");
			said.add(`${refusal.message} ${refusal.retryAfterMs}`);
		}
		expect(said.size).toBe(1);
		await refused(accounts.authenticate(asLogin("аnn", PASSWORD), HERE), "credentials_wrong");
	});

	test("takes as long for an unknown user as for a known one", async () => {
		const { accounts } = await startAccounts();
		await accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		const verify = spyOn(Bun.password, "verify");
		try {
			for (const name of ["ann", "bob", "#?"]) {
				await refused(accounts.authenticate(asLogin(name, "wrong password"), HERE), "credentials_wrong");
			}
			const cost = (hash: unknown) => String(hash).replace(/\$[^$]+\$[^$]+$/, "");
			expect(verify.mock.calls.map(([, hash]) => [cost(hash), String(hash).length])).toEqual(
				Array(3).fill(["$argon2id$v=19$m=64,t=1,p=1", 27 + 2 * 44]),
			);
		} finally {
			verify.mockRestore();
		}
	});

	test("to a closed account is forbidden, which only the right password reveals", async () => {
		const { accounts, store, clock } = await startAccounts();
		const { user } = await accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		await store.append({ kind: "userChange", id: user.id, nowMs: clock.now(), change: { disabled: true } });
		await refused(accounts.authenticate(asLogin("ann", "wrong password"), HERE), "credentials_wrong");
		await refused(accounts.authenticate(asLogin("ann", PASSWORD), HERE), "forbidden");
	});

	test("renews a hash that was made with older settings", async () => {
		const { accounts, disk } = await startAccounts();
		const { user } = await accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		const today = await startAccounts({ disk, settings: { passwords: { ...CHEAP, memoryKib: 128 } } });
		await today.accounts.authenticate(asLogin("ann", PASSWORD), HERE);
		while (!disk.users.get(user.id)?.passwordHash?.includes("m=128,")) await new Promise((resolve) => setImmediate(resolve));
		await today.accounts.authenticate(asLogin("ann", PASSWORD), HERE);
	});

	test("without any credential is unauthenticated", async () => {
		const { accounts } = await startAccounts();
		await refused(accounts.authenticate({ case: undefined }, HERE), "unauthenticated");
	});
});

describe("guessing passwords", () => {
	test("is slowed down by account, from any address: five tries, then waits that double", async () => {
		const { accounts, clock } = await startAccounts();
		await accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		let address = 0;
		const from = () => ({ address: `198.51.100.${address++ % 250}`, resumable: true });
		const waits: number[] = [];
		for (let i = 0; i < 8; i++) {
			if (i > 5) {
				const { retryAfterMs } = await refused(accounts.authenticate(asLogin("ann", PASSWORD), from()), "rate_limited");
				waits.push(retryAfterMs);
				await clock.advance(retryAfterMs);
			}
			await refused(accounts.authenticate(asLogin("ann", `wrong ${i} password`), from()), "credentials_wrong");
		}
		expect(waits).toEqual([1_000, 2_000]);
	});

	test("gets at most 18 tries in ten minutes", async () => {
		const { accounts, clock } = await startAccounts();
		const endMs = clock.now() + 10 * 60_000;
		let tries = 0;
		while (clock.now() < endMs) {
			const outcome = await accounts
				.authenticate(asLogin("ann", "wrong password"), { ...HERE, address: `10.0.0.${tries}` })
				.catch((cause) => cause);
			if (outcome.code === "credentials_wrong") tries++;
			await clock.advance(outcome.code === "rate_limited" ? outcome.retryAfterMs : 0);
		}
		expect(tries).toBeLessThanOrEqual(18);
	});

	test("by concurrent tries gets no more tries than in sequence", async () => {
		const { accounts } = await startAccounts();
		const tries = Array.from({ length: 20 }, () =>
			accounts.authenticate(asLogin("ann", "wrong password"), HERE).catch(({ code }) => code),
		);
		const codes = await Promise.all(tries);
		expect(codes.filter((code) => code === "credentials_wrong")).toHaveLength(6);
		expect(codes.filter((code) => code === "rate_limited")).toHaveLength(14);
	});

	test("is limited for unknown names as for known ones", async () => {
		const { accounts } = await startAccounts();
		await accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		const codes = async (name: string) => {
			const got: string[] = [];
			for (let i = 0; i < 8; i++) {
				const refusal = await accounts
					.authenticate(asLogin(name, "wrong password"), { ...HERE, address: name })
					.catch((cause) => cause);
				got.push(`${refusal.code} ${refusal.retryAfterMs}`);
			}
			return got;
		};
		expect(await codes("bob")).toEqual(await codes("ann"));
	});

	test("is no longer limited after a success", async () => {
		const { accounts } = await startAccounts();
		await accounts.authenticate(asRegister("ann", PASSWORD), HERE);
		for (let round = 0; round < 3; round++) {
			for (let i = 0; i < 4; i++)
				await refused(accounts.authenticate(asLogin("ann", "wrong password"), HERE), "credentials_wrong");
			await accounts.authenticate(asLogin("ann", PASSWORD), HERE);
		}
	});
});

describe("one address", () => {
	test("gets 30 guests, registrations and log-ins at once, then is refused with a time to retry; other addresses are not affected", async () => {
		const { accounts, clock } = await startAccounts();
		for (let i = 0; i < 30; i++) await accounts.authenticate(asGuest(`guest${i}`), HERE);
		const { retryAfterMs } = await refused(accounts.authenticate(asGuest("late"), HERE), "rate_limited");
		expect(retryAfterMs).toBe(2_000);
		await refused(accounts.authenticate(asRegister("late", PASSWORD), HERE), "rate_limited");
		await refused(accounts.authenticate(asLogin("late", PASSWORD), HERE), "rate_limited");
		await accounts.authenticate(asGuest("other"), { ...HERE, address: "192.0.2.2" });
		await clock.advance(retryAfterMs);
		await accounts.authenticate(asGuest("late"), HERE);
	});

	test("is a whole /64 of IPv6, or an IPv4 address in any notation", async () => {
		const { accounts } = await startAccounts();
		for (let i = 0; i < 30; i++) await accounts.authenticate(asGuest(`six${i}`), { ...HERE, address: `2001:db8::${i}` });
		await refused(accounts.authenticate(asGuest("six"), { ...HERE, address: "2001:db8::ffff:1" }), "rate_limited");
		for (let i = 0; i < 30; i++) await accounts.authenticate(asGuest(`four${i}`), { ...HERE, address: "10.0.0.1" });
		await refused(accounts.authenticate(asGuest("four"), { ...HERE, address: "::ffff:10.0.0.1" }), "rate_limited");
	});

	test("that has used up its limit still resumes with its tokens", async () => {
		const { accounts } = await startAccounts();
		const { tokens } = await accounts.authenticate(asGuest("ann"), HERE);
		for (let i = 0; i < 40; i++) await accounts.authenticate(asGuest(`guest${i}`), HERE).catch(() => {});
		expect((await accounts.authenticate(asToken(tokens?.access ?? ""), HERE)).user.name).toBe("ann");
	});

	test("has no limit if the operator has exempted it; the loopback is not exempt by default", async () => {
		const limits = { ...ACCOUNT_DEFAULTS.limits, exemptAddresses: ["10.9.9.9"] };
		const { accounts } = await startAccounts({ settings: { limits } });
		for (let i = 0; i < 100; i++) await accounts.authenticate(asGuest(`g${i}`), { ...HERE, address: "10.9.9.9" });
		for (let i = 0; i < 30; i++) await accounts.authenticate(asGuest(`h${i}`), { ...HERE, address: "127.0.0.1" });
		await refused(accounts.authenticate(asGuest("h"), { ...HERE, address: "127.0.0.1" }), "rate_limited");
	});
});

describe("hashing", () => {
	test("runs two at a time with a bounded queue, and answers busy with a time to retry beyond it", async () => {
		const { createPasswords } = await import("../../src/account/passwords.ts");
		const { SeededRandom } = await import("@verbatim/testkit");
		const passwords = createPasswords({ ...CHEAP, concurrency: 2, waitingMax: 4 }, testClock(), new SeededRandom(1));
		const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => passwords.verify("password", undefined)));
		const busy = outcomes.filter((each) => each.status === "rejected");
		expect(busy).toHaveLength(4);
		for (const each of busy) {
			const refusal = await refused(Promise.reject(each.reason), "busy");
			expect(refusal.retryAfterMs).toBeGreaterThan(0);
		}
		expect(passwords.depth).toBe(0);
		expect(await passwords.verify("password", await passwords.hash("password"))).toBe(true);
	});

	test("is argon2id with 19 MiB and two passes by default", async () => {
		const { createPasswords } = await import("../../src/account/passwords.ts");
		const { SeededRandom } = await import("@verbatim/testkit");
		const passwords = createPasswords(ACCOUNT_DEFAULTS.passwords, testClock(), new SeededRandom(1));
		expect(await passwords.hash("password")).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
	});
});
