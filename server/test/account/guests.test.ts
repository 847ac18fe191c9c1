import { describe, expect, spyOn, test } from "bun:test";
import { Room_Kind } from "@verbatim/protocol";
import { ACCOUNT_DEFAULTS } from "../../src/account/settings.ts";
import { joinDraft } from "../../src/log/draft.ts";
import type { Outcome, UserRef } from "../../src/store/store.ts";
import { asGuest, asRegister, asToken, HERE, LINE, refused, startAccounts, type TestServer, until } from "./support.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

async function create(
	{ store, clock }: TestServer,
	room: string,
	sender: UserRef,
	roomKind: Room_Kind = Room_Kind.PUBLIC,
): Promise<Outcome> {
	return store.append({ kind: "create", room, epoch: 1, roomKind, name: room, skeleton: room, sender, atMs: clock.now() });
}

async function join({ store, clock }: TestServer, room: string, sender: UserRef): Promise<Outcome> {
	return store.append(joinDraft({ room, sender, atMs: clock.now() }));
}

/** The joins and leaves of a room, by its log. */
function comings({ log }: TestServer, room: string): string[] {
	return log
		.filter((committed) => committed.room === room)
		.flatMap(({ entries }) => entries)
		.map(({ body, sender }) => `${sender?.name} ${body.case}${body.case === "left" ? ` (${body.value.reason})` : ""}`);
}

/** Advances the clock second by second, so that tasks started by one tick run before the next. */
async function pass({ clock }: TestServer, ms: number): Promise<void> {
	for (let passed = 0; passed < ms; passed += 1_000) await clock.advance(1_000);
}

/** Advances the clock until a sweep has removed the guest. */
function swept(server: TestServer, id: string): Promise<void> {
	return until(async () => {
		await server.clock.advance(MINUTE_MS);
		return isGone(server, id);
	});
}

function isGone(server: TestServer, id: string): boolean {
	return server.disk.users.get(id)?.disabled === true;
}

describe("a guest with a token", () => {
	test("keeps its name while its session lives and for a day after", async () => {
		const server = await startAccounts();
		const { accounts, clock } = server;
		const { user } = await accounts.authenticate(asGuest("gus"), HERE);
		accounts.began(user);
		await clock.advance(100 * HOUR_MS);
		await refused(accounts.authenticate(asGuest("gus"), HERE), "name_taken");
		accounts.ended(user, true);
		await clock.advance(24 * HOUR_MS - MINUTE_MS);
		await refused(accounts.authenticate(asGuest("GUS"), HERE), "name_taken");
		await clock.advance(2 * MINUTE_MS);
		const next = await accounts.authenticate(asGuest("gus"), HERE);
		expect(next.user.id).not.toBe(user.id);
	});

	test("that comes back within the day is the same guest, and the day starts again", async () => {
		const { accounts, clock } = await startAccounts();
		const { user, tokens } = await accounts.authenticate(asGuest("gus"), HERE);
		accounts.began(user);
		await clock.advance(1);
		accounts.ended(user, true);
		await clock.advance(23 * HOUR_MS);
		const fresh = await accounts.refresh(tokens?.refresh ?? "");
		const back = await accounts.authenticate(asToken(fresh.access), HERE);
		expect(back.user.id).toBe(user.id);
		accounts.began(back.user);
		await clock.advance(10 * HOUR_MS);
		accounts.ended(back.user, true);
		await clock.advance(23 * HOUR_MS);
		await refused(accounts.authenticate(asGuest("gus"), HERE), "name_taken");
	});

	test("that never begins a session keeps its name while it uses its tokens", async () => {
		const { accounts, clock } = await startAccounts();
		let { tokens } = await accounts.authenticate(asGuest("script"), HERE);
		for (let day = 0; day < 3; day++) {
			await clock.advance(20 * HOUR_MS);
			tokens = await accounts.refresh(tokens?.refresh ?? "");
			await accounts.authenticate(asToken(tokens.access), HERE);
		}
		await refused(accounts.authenticate(asGuest("script"), HERE), "name_taken");
	});

	test("that has expired has left its channels, in their logs, and its token is invalid", async () => {
		const server = await startAccounts();
		const { accounts, clock } = server;
		const { user, tokens } = await accounts.authenticate(asGuest("gus"), HERE);
		accounts.began(user);
		await create(server, "tea", user);
		await create(server, "den", user, Room_Kind.PRIVATE);
		accounts.ended(user, true);
		await clock.advance(24 * HOUR_MS - 2 * MINUTE_MS);
		expect(comings(server, "tea")).toEqual(["gus created"]);
		await swept(server, user.id);
		expect(comings(server, "tea")).toEqual(["gus created", "gus left (gone)"]);
		expect(comings(server, "den")).toEqual(["gus created", "gus left (gone)"]);
		await refused(accounts.refresh(tokens?.refresh ?? ""), "token_invalid");
		expect(await accounts.byName("gus")).toBeUndefined();
	});

	test("that comes back after its expiry and before its removal is still the same guest", async () => {
		const { accounts, clock } = await startAccounts({ settings: { guestSweepMs: 1_000 * HOUR_MS } });
		const { user, tokens } = await accounts.authenticate(asGuest("gus"), HERE);
		accounts.began(user);
		accounts.ended(user, true);
		await clock.advance(48 * HOUR_MS);
		const fresh = await accounts.refresh(tokens?.refresh ?? "");
		expect((await accounts.authenticate(asToken(fresh.access), HERE)).user.id).toBe(user.id);
		await refused(accounts.authenticate(asGuest("gus"), HERE), "name_taken");
	});

	test("that comes back when its name is taken is refused: token_invalid", async () => {
		const { accounts, clock } = await startAccounts({ settings: { guestSweepMs: 1_000 * HOUR_MS } });
		const { user, tokens } = await accounts.authenticate(asGuest("gus"), HERE);
		accounts.began(user);
		accounts.ended(user, true);
		await clock.advance(25 * HOUR_MS);
		await accounts.authenticate(asRegister("gus", "correct horse"), HERE);
		const refusal = await refused(accounts.refresh(tokens?.refresh ?? ""), "token_invalid");
		expect(refusal.message).toBe("this guest's time has run out; choose a name anew");
	});

	test("that comes back at the start of its removal keeps all its rooms", async () => {
		const server = await startAccounts({ settings: { guestHoldMs: 10 * MINUTE_MS, guestSweepMs: 11 * MINUTE_MS } });
		const { accounts, clock, store } = server;
		const { user } = await accounts.authenticate(asGuest("gus"), HERE);
		accounts.began(user);
		await create(server, "tea", user);
		accounts.ended(user, true);
		await until(() => server.disk.users.get(user.id)?.expiresMs !== undefined && store.stats().waiting === 0);
		store.faults.delayReads(5_000);
		// The sweep's query for expired guests is under way.
		await clock.advance(11 * MINUTE_MS + 1_000);
		accounts.began(user);
		await pass(server, MINUTE_MS);
		expect(comings(server, "tea")).toEqual(["gus created"]);
		expect(isGone(server, user.id)).toBe(false);
	});

	test("that comes back in the middle of its removal is refused", async () => {
		const server = await startAccounts({ settings: { guestHoldMs: 10 * MINUTE_MS, guestSweepMs: 11 * MINUTE_MS } });
		const { accounts, clock, store } = server;
		const { user, tokens } = await accounts.authenticate(asGuest("gus"), HERE);
		await create(server, "tea", user);
		await clock.advance(10 * MINUTE_MS + 59_999);
		// From the sweep's first commit on, each commit takes a second.
		store.faults.delayCommits(1_000);
		await clock.advance(500);
		const late = refused(accounts.refresh(tokens?.refresh ?? ""), "token_invalid");
		await pass(server, 10_000);
		await late;
		expect(comings(server, "tea")).toEqual(["gus created", "gus left (gone)"]);
		expect(isGone(server, user.id)).toBe(true);
	});

	test("that is resuming when its removal starts stays", async () => {
		const server = await startAccounts({ settings: { guestHoldMs: 10 * MINUTE_MS, guestSweepMs: 11 * MINUTE_MS } });
		const { accounts, clock, store } = server;
		const { user, tokens } = await accounts.authenticate(asGuest("gus"), HERE);
		await create(server, "tea", user);
		await clock.advance(11 * MINUTE_MS - 500);
		store.faults.delayCommits(1_000);
		const append = spyOn(store, "append");
		const coming = accounts.refresh(tokens?.refresh ?? "");
		// The new expiry is committed only after the sweep has begun.
		await until(() => append.mock.calls.length > 0);
		await pass(server, 10_000);
		await coming;
		expect(comings(server, "tea")).toEqual(["gus created"]);
		expect(isGone(server, user.id)).toBe(false);
	});

	test("with a session is never removed, even if the store refused to write that it began", async () => {
		const server = await startAccounts();
		const { accounts, clock, store } = server;
		const { user } = await accounts.authenticate(asGuest("gus"), HERE);
		await create(server, "tea", user);
		store.faults.failCommits(1);
		accounts.began(user);
		await clock.advance(2 * MINUTE_MS);
		await until(() => server.disk.users.get(user.id)?.expiresMs === undefined);
		const { user: other } = await accounts.authenticate(asGuest("other"), LINE);
		await clock.advance(100 * HOUR_MS);
		await swept(server, other.id);
		expect(comings(server, "tea")).toEqual(["gus created"]);
		expect(isGone(server, user.id)).toBe(false);
	});
});

describe("a guest with a key", () => {
	const key = "k".repeat(43);

	test("is found again by its name, in any spelling, and key, any number of times, also after a restart", async () => {
		const before = await startAccounts();
		const { accounts, disk, clock } = before;
		const { user, tokens } = await accounts.authenticate(asGuest("gus", key), HERE);
		for (const name of ["gus", "GUS", "gus"]) {
			const again = await accounts.authenticate(asGuest(name, key), HERE);
			expect(again.user).toEqual(user);
			expect(again.tokens?.access).not.toBe(tokens?.access);
			expect((await accounts.authenticate(asToken(again.tokens?.access ?? ""), HERE)).user.id).toBe(user.id);
		}
		accounts.began(user);
		expect((await accounts.authenticate(asGuest("gus", key), HERE)).user.id).toBe(user.id);
		accounts.stop();
		const after = await startAccounts({ disk, clock });
		expect((await after.accounts.authenticate(asGuest("gus", key), HERE)).user.id).toBe(user.id);
		expect([...disk.users.values()].some(({ external }) => external?.includes(key))).toBe(false);
	});

	test("that logs in twice concurrently is one guest", async () => {
		const { accounts, store, clock } = await startAccounts();
		store.faults.delayCommits(10);
		const ids: string[] = [];
		for (let i = 0; i < 2; i++) {
			void accounts.authenticate(asGuest("gus", key), HERE).then(({ user }) => ids.push(user.id));
		}
		await until(async () => {
			await clock.advance(10);
			return ids.length === 2;
		});
		expect(new Set(ids).size).toBe(1);
	});

	test("has its name to itself: another key, no key, and the same key in line mode are refused with name_taken", async () => {
		const { accounts } = await startAccounts();
		await accounts.authenticate(asGuest("gus", key), HERE);
		await refused(accounts.authenticate(asGuest("gus", "o".repeat(43)), HERE), "name_taken");
		await refused(accounts.authenticate(asGuest("gus"), HERE), "name_taken");
		await refused(accounts.authenticate(asGuest("gus", key), LINE), "name_taken");
		await refused(accounts.authenticate(asRegister("gus", "correct horse"), HERE), "name_taken");
	});

	test("does not get the name of a guest without a key or of a registered user; one key works for several names", async () => {
		const { accounts } = await startAccounts();
		await accounts.authenticate(asGuest("gus"), HERE);
		await accounts.authenticate(asRegister("rita", "correct horse"), HERE);
		for (const name of ["gus", "rita"]) await refused(accounts.authenticate(asGuest(name, key), HERE), "name_taken");
		const names = ["ann", "bob"];
		const ids = [];
		for (const name of names) ids.push((await accounts.authenticate(asGuest(name, key), HERE)).user.id);
		expect(new Set(ids).size).toBe(2);
	});

	test("that comes back with it has its day again, and after its removal is a new guest with the same key", async () => {
		const server = await startAccounts();
		const { accounts, clock } = server;
		const { user } = await accounts.authenticate(asGuest("gus", key), HERE);
		await clock.advance(23 * HOUR_MS);
		await accounts.authenticate(asGuest("gus", key), HERE);
		await clock.advance(23 * HOUR_MS);
		expect((await accounts.authenticate(asGuest("gus", key), HERE)).user.id).toBe(user.id);
		await clock.advance(24 * HOUR_MS);
		await swept(server, user.id);
		const next = await accounts.authenticate(asGuest("gus", key), HERE);
		expect(next.user.id).not.toBe(user.id);
		expect((await accounts.authenticate(asGuest("gus", key), HERE)).user.id).toBe(next.user.id);
	});

	test("whose name was taken meanwhile, or that an operator has closed, cannot come back", async () => {
		const server = await startAccounts({ settings: { guestSweepMs: 1_000 * HOUR_MS } });
		const { accounts, clock, store } = server;
		await accounts.authenticate(asGuest("gus", key), HERE);
		await clock.advance(25 * HOUR_MS);
		await accounts.authenticate(asRegister("gus", "correct horse"), HERE);
		await refused(accounts.authenticate(asGuest("gus", key), HERE), "name_taken");
		const { user } = await accounts.authenticate(asGuest("ann", key), HERE);
		await store.append({ kind: "userChange", id: user.id, nowMs: clock.now(), change: { disabled: true } });
		await refused(accounts.authenticate(asGuest("ann", key), HERE), "name_taken");
	});

	test("counts against the limit of its address like any other guest", async () => {
		const perAddress = { perSecond: 0.001, burst: 2 };
		const { accounts } = await startAccounts({ settings: { limits: { ...ACCOUNT_DEFAULTS.limits, perAddress } } });
		for (let i = 0; i < 2; i++) await accounts.authenticate(asGuest("gus", key), HERE);
		await refused(accounts.authenticate(asGuest("gus", key), HERE), "rate_limited");
	});
});

describe("a guest in line mode", () => {
	test("releases its name at the end of its session, for guests and registrations, after leaving its channels", async () => {
		for (const next of [asGuest("ann"), asRegister("ann", "correct horse")]) {
			const server = await startAccounts();
			const { accounts } = server;
			const { user, tokens } = await accounts.authenticate(asGuest("ann"), LINE);
			expect(tokens).toBeUndefined();
			accounts.began(user);
			await create(server, "tea", user);
			await refused(accounts.authenticate(asGuest("ann"), LINE), "name_taken");
			accounts.ended(user, false);
			const other = await accounts.authenticate(next, LINE);
			expect(other.user.id).not.toBe(user.id);
			await until(() => isGone(server, user.id));
			expect(comings(server, "tea")).toHaveLength(2);
			expect(comings(server, "tea")[1]).toMatch(/^ann left \((gone|expired)\)$/);
			expect((await accounts.byName("ann"))?.id).toBe(other.user.id);
		}
	});

	test("leaves every channel even if a join was still under way", async () => {
		const server = await startAccounts();
		const { accounts, store } = server;
		const { user: host } = await accounts.authenticate(asGuest("host"), HERE);
		await create(server, "tea", host);
		const { user } = await accounts.authenticate(asGuest("ann"), LINE);
		accounts.began(user);
		store.faults.delayCommits(5);
		const joining = join(server, "tea", user);
		accounts.ended(user, false);
		await server.clock.advance(100);
		await joining;
		await until(async () => {
			await server.clock.advance(10);
			return isGone(server, user.id);
		});
		expect(comings(server, "tea")).toEqual(["host created", "ann joined", "ann left (gone)"]);
		expect(await store.roomsOf(user.id)).toEqual([]);
	});

	test("keeps its direct conversations, which belong to the other user too", async () => {
		const server = await startAccounts();
		const { accounts, store, clock } = server;
		const { user: host } = await accounts.authenticate(asRegister("host", "correct horse"), HERE);
		const { user } = await accounts.authenticate(asGuest("ann"), LINE);
		accounts.began(user);
		await store.append({ kind: "direct", room: "d1", epoch: 1, sender: user, peer: host, atMs: clock.now() });
		accounts.ended(user, false);
		await until(() => isGone(server, user.id));
		expect((await store.roomsOf(host.id)).map(({ id }) => id)).toEqual(["d1"]);
	});

	test("is removed later if the store cannot commit at the time", async () => {
		const server = await startAccounts();
		const { accounts, store } = server;
		const { user } = await accounts.authenticate(asGuest("ann"), LINE);
		accounts.began(user);
		await create(server, "tea", user);
		store.faults.failCommits(2);
		accounts.ended(user, false);
		await swept(server, user.id);
		expect(comings(server, "tea")).toEqual(["ann created", "ann left (gone)"]);
		await accounts.authenticate(asGuest("ann"), LINE);
	});

	test("that was admitted and never began a session loses its name within minutes", async () => {
		const { accounts, clock } = await startAccounts();
		await accounts.authenticate(asGuest("ann"), LINE);
		await refused(accounts.authenticate(asGuest("ann"), LINE), "name_taken");
		await clock.advance(2 * MINUTE_MS);
		await accounts.authenticate(asGuest("ann"), LINE);
	});
});

describe("after a crash", () => {
	test("names of line-mode guests are free at once, and those of guests with a token stay reserved", async () => {
		const before = await startAccounts();
		const { user: line } = await before.accounts.authenticate(asGuest("ann"), LINE);
		const { user: web, tokens } = await before.accounts.authenticate(asGuest("bob"), HERE);
		before.accounts.began(line);
		before.accounts.began(web);
		await until(() => [line, web].every(({ id }) => before.disk.users.get(id)?.expiresMs === undefined));
		const { disk, clock } = before;
		before.accounts.stop();
		const after = await startAccounts({ disk, clock });
		const ann = await after.accounts.authenticate(asGuest("ann"), LINE);
		expect(ann.user.id).not.toBe(line.id);
		await refused(after.accounts.authenticate(asGuest("bob"), LINE), "name_taken");
		expect((await after.accounts.authenticate(asToken(tokens?.access ?? ""), HERE)).user.id).toBe(web.id);
		await clock.advance(23 * HOUR_MS);
		expect(isGone(after, web.id)).toBe(false);
		await clock.advance(HOUR_MS);
		await swept(after, web.id);
		await after.accounts.authenticate(asGuest("bob"), LINE);
	});

	test("a line-mode guest's name can be taken even before the recovery has ended", async () => {
		const settings = { tokens: { ...ACCOUNT_DEFAULTS.tokens, keys: ["k".repeat(32)] } };
		const before = await startAccounts({ settings });
		const { user } = await before.accounts.authenticate(asGuest("ann"), LINE);
		before.accounts.began(user);
		await until(() => before.disk.users.get(user.id)?.expiresMs === undefined);
		const { disk, clock } = before;
		for (const credential of [asGuest("ann"), asRegister("ann", "correct horse")]) {
			before.accounts.stop();
			const after = await startAccounts({ disk, clock, settings, readsMs: 1_000 });
			const entering = after.accounts.authenticate(credential, LINE);
			await pass(after, 5_000);
			const identity = await entering;
			expect(identity.user.name).toBe("ann");
			after.accounts.began(identity.user);
			await until(() => disk.users.get(identity.user.id)?.expiresMs === undefined);
			after.accounts.stop();
		}
	});

	test("hundreds of guests are recovered, and those that are live again are left alone", async () => {
		const before = await startAccounts();
		const { store, disk, clock } = before;
		const ids = Array.from({ length: 450 }, (_, i) => `u${String(i).padStart(26, "0")}`);
		for (const [i, id] of ids.entries()) {
			const user = { id, kind: "guest", name: `g${i}`, skeleton: `g${i}`, createdMs: 0, generation: 1, disabled: false } as const;
			await store.append({ kind: "userCreate", user, nowMs: 0 });
		}
		before.accounts.stop();
		const after = await startAccounts({ disk, clock });
		const back = disk.users.get(ids[7] ?? "");
		if (back === undefined) throw new Error("no such guest");
		after.accounts.began(back);
		await until(() => ids.filter((id) => disk.users.get(id)?.expiresMs === undefined).length === 1);
		expect(disk.users.get(back.id)?.expiresMs).toBeUndefined();
	});
});
