// Bad days between the store and PostgreSQL: what is acknowledged is there once, what is refused is there at most once, and nobody is told of
// anything before it is certain.
import { expect, test } from "bun:test";
import type { Socket } from "node:net";
import { LIMITS } from "@verbatim/protocol";
import { REFUSED_LIMITS } from "../../src/log/refused.ts";
import { parsePostgresAddress } from "../../src/store/postgres/address.ts";
import type { Connection } from "../../src/store/postgres/connection.ts";
import { Hosts } from "../../src/store/postgres/hosts.ts";
import { Locks } from "../../src/store/postgres/locks.ts";
import { openPostgresStore, type PostgresStoreOptions } from "../../src/store/postgres/postgres.ts";
import { raise } from "../../src/store/postgres/raise.ts";
import { laneName } from "../../src/store/postgres/stuck.ts";
import { POSTGRES_TIMES } from "../../src/store/postgres/times.ts";
import { begin, carryOut, Fenced } from "../../src/store/postgres/transaction.ts";
import type { Draft, Store } from "../../src/store/store.ts";
import { ann, bob, codeOf, create, join, logOf, must, say, Told, userRecord } from "./drafts.ts";
import { Databases, describePostgres } from "./postgres-place.ts";
import { PostgresProxy } from "./postgres-proxy.ts";

/** Long enough that nothing is given up on a busy machine. */
const PATIENT = { batchMs: 60_000, commitMs: 60_000, answerMs: 60_000, connectMs: 60_000 };

describePostgres("trouble with PostgreSQL", (postgres) => {
	const databases = new Databases(postgres);

	/** A store behind a proxy, with the room `tea` of ann's, and what it tells. */
	const withStore = async (
		options: Partial<PostgresStoreOptions>,
		task: (at: { store: Store; told: Told; proxy: PostgresProxy; url: string }) => Promise<void>,
	): Promise<void> => {
		const url = await databases.take();
		const proxy = await PostgresProxy.open(postgres().port);
		const address = new URL(url);
		address.port = String(proxy.port);
		const store = await openPostgresStore(address.href, { node: crypto.randomUUID(), ...options });
		try {
			const told = new Told(store);
			await must(store, { kind: "userCreate", nowMs: 1, user: userRecord(ann) });
			await must(store, create("tea", ann));
			await task({ store, told, proxy, url });
		} finally {
			await store.close();
			proxy.close();
			await databases.giveBack(url);
		}
	};
	const connect = (url: string): Promise<Connection> =>
		new Hosts(parsePostgresAddress(url)).open({ connectMs: 60_000, answerMs: 60_000, pipeline: true, name: "test" });
	const untilWaiting = async (event: string): Promise<string> => {
		for (;;) {
			const pids = await postgres().sql(`SELECT pid FROM pg_stat_activity WHERE wait_event = '${event}'`);
			if (pids !== "") return pids.split("\n")[0] ?? "";
			await Bun.sleep(10);
		}
	};
	const batch = (): Draft[] => [
		...Array.from({ length: 20 }, (_, n) => say("tea", ann, `${n}`, { cid: `${n}` })),
		join("tea", bob),
		say("tea", bob, "hi"),
		create("coffee", ann),
	];

	for (const fault of ["cut before", "cut after"] as const) {
		test(`a connection that is ${fault} the commit: callers notice nothing; each draft once, told once`, () =>
			withStore({ times: PATIENT }, async ({ store, told, proxy }) => {
				const met = proxy.nextCommit(fault);
				const codes = batch().map((draft) => codeOf(store.append(draft)));
				await met;
				expect(await Promise.all(codes)).toEqual(codes.map(() => "ok"));
				expect(told.seqs("tea")).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
				expect(told.seqs("coffee")).toEqual([1]);
				expect(await logOf(store, "tea")).toHaveLength(23);
				expect((await must(store, say("tea", ann, "on"))).seq).toBe(24);
			}));
	}

	test("a commit that arrives after we have given up waiting is found, and told once", () =>
		withStore({ times: { ...PATIENT, commitMs: 100, idleMs: 60_000, lockMs: 60_000 } }, async ({ store, told, proxy }) => {
			const met = proxy.nextCommit("hold");
			const sent = store.append(say("tea", ann, "late", { cid: "late" }));
			await met;
			// The new connection waits for the old transaction.
			await untilWaiting("transactionid");
			expect(told.seqs("tea")).toEqual([1]);
			proxy.release();
			expect(await sent).toMatchObject({ ok: true, seq: 2 });
			expect(told.seqs("tea")).toEqual([1, 2]);
		}));

	test("a commit that never arrives ends with its transaction, and the batch is carried out anew", () =>
		withStore({ times: { ...PATIENT, commitMs: 100, idleMs: 300 } }, async ({ store, told, proxy }) => {
			const met = proxy.nextCommit("hold");
			const sent = store.append(say("tea", ann, "again", { cid: "again" }));
			await met;
			expect(await sent).toMatchObject({ ok: true, seq: 2 });
			// Nothing comes of the old one any more.
			proxy.release();
			expect((await must(store, say("tea", ann, "on"))).seq).toBe(3);
			expect(told.seqs("tea")).toEqual([1, 2, 3]);
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 ann again", "3 ann on"]);
		}));

	test("a transaction of our own that neither commits nor ends is ended, and the batch carried out anew", () =>
		withStore({ times: { ...PATIENT, commitMs: 100, idleMs: 600_000, lockMs: 500 } }, async ({ store, told, proxy }) => {
			const met = proxy.nextCommit("hold");
			const sent = store.append(say("tea", ann, "again", { cid: "again" }));
			await met;
			expect(await sent).toMatchObject({ ok: true, seq: 2 });
			proxy.release();
			expect((await must(store, say("tea", ann, "on"))).seq).toBe(3);
			expect(told.seqs("tea")).toEqual([1, 2, 3]);
		}));

	test("a batch that was refused since nobody knew, and turns out to be in, is told of then; a repeat has its place", () =>
		withStore({ times: { ...PATIENT, batchMs: 100 } }, async ({ store, told, proxy }) => {
			const met = proxy.nextCommit("cut after");
			const draft = say("tea", ann, "in", { cid: "in" });
			const sent = codeOf(store.append(draft));
			await met;
			proxy.isRefusing = true;
			expect(await sent).toBe("unavailable");
			expect(told.seqs("tea")).toEqual([1]);
			proxy.isRefusing = false;
			while (!(await store.healthy())) await Bun.sleep(10);
			expect(told.seqs("tea")).toEqual([1, 2]);
			expect(await must(store, draft)).toMatchObject({ seq: 2, repeated: true });
			expect((await must(store, say("tea", ann, "on"))).seq).toBe(3);
			expect(told.seqs("tea")).toEqual([1, 2, 3]);
		}));

	test("under an older generation nothing is written", () =>
		withStore({}, async ({ store, url }) => {
			const [old, next] = [await connect(url), await connect(url)];
			const drafts = [say("tea", ann, "woken")];
			const before = await raise(old, "stopped", 0, POSTGRES_TIMES);
			const attempt = () => ({ drafts, locks: new Locks(drafts), cids: "few" as const, singly: false });
			const row = { node: "stopped", lane: 0, generation: before.generation };
			const after = await raise(next, "stopped", 0, POSTGRES_TIMES);
			expect(after.generation).toBe(before.generation + 1);
			await expect(carryOut(old, row, 1, attempt(), { ...LIMITS, ...REFUSED_LIMITS }, POSTGRES_TIMES)).rejects.toBeInstanceOf(
				Fenced,
			);
			await old.run("COMMIT");
			expect((await raise(next, "stopped", 0, POSTGRES_TIMES)).batch).toBe(0);
			await old.close();
			await next.close();
			expect(await logOf(store, "tea")).toEqual(["1 ann created"]);
		}));

	test("a commit whose wait for a standby is cancelled is not believed, nor is the raising of its generation", () =>
		withStore({ times: PATIENT }, async ({ store, told }) => {
			await postgres().set({ synchronous_standby_names: "nobody" });
			try {
				// It takes the server a moment to know of it.
				let n = 1;
				let isAnswered = false;
				let sent: Promise<unknown>;
				do {
					isAnswered = false;
					sent = store.append(say("tea", ann, `${++n}`, { cid: `${n}` })).then((outcome) => {
						isAnswered = true;
						return outcome;
					});
				} while ((await Promise.race([sent, untilWaiting("SyncRep")])) instanceof Object);
				const before = Array.from({ length: n - 1 }, (_, i) => i + 1);
				let cancelled = "";
				// First the commit of the batch, then those that raise the generation.
				for (let i = 0; i < 3; i++) {
					const pid = await untilWaiting("SyncRep");
					expect(pid).not.toBe(cancelled);
					cancelled = pid;
					await postgres().sql(`SELECT pg_cancel_backend(${pid})`);
					while ((await postgres().sql(`SELECT count(*) FROM pg_stat_activity WHERE pid = ${pid}`)) !== "0") await Bun.sleep(10);
					expect(isAnswered).toBe(false);
					expect(told.seqs("tea")).toEqual(before);
				}
				await untilWaiting("SyncRep");
				await postgres().set({ synchronous_standby_names: "" });
				expect(await sent).toMatchObject({ ok: true, seq: n });
				expect(told.seqs("tea")).toEqual([...before, n]);
				expect(await logOf(store, "tea")).toHaveLength(n);
			} finally {
				await postgres().set({ synchronous_standby_names: "" });
			}
		}));

	test("a deadlock with somebody who locks in another order ends with both having their way", () =>
		withStore({ times: PATIENT }, async ({ store, url }) => {
			const other = await connect(url);
			await other.run("BEGIN; SET LOCAL deadlock_timeout = '60s'; SELECT FROM verbatim.rooms WHERE id = 'tea' FOR UPDATE");
			const sent = store.append(say("tea", ann, "hello"));
			await untilWaiting("transactionid");
			const locked = other.run(`SELECT FROM verbatim.users WHERE id = '${ann.id}' FOR UPDATE`);
			await locked;
			await other.run("COMMIT");
			expect(await sent).toMatchObject({ ok: true, seq: 2 });
			await other.close();
		}));

	test("whoever stops in the midst of a transaction holds the others up for no longer than its server lets it be idle", () =>
		withStore({ times: { ...PATIENT, idleMs: 500 } }, async ({ store, url }) => {
			const stopped = await connect(url);
			await stopped.run(begin({ ...POSTGRES_TIMES, idleMs: 500 }));
			await stopped.run("SELECT FROM verbatim.rooms WHERE id = 'tea' FOR UPDATE");
			expect(await must(store, say("tea", ann, "hello"))).toMatchObject({ seq: 2 });
			await expect(stopped.run("COMMIT")).rejects.toThrow();
		}));

	test(
		"whoever stops reading in the midst of an answer is ended: by tcp_user_timeout, or on a Unix socket by those who wait",
		() =>
			withStore({ times: { ...PATIENT, lockMs: 500 } }, async ({ store, url }) => {
				const socket = `postgres://postgres@${encodeURIComponent(postgres().folder)}:${postgres().port}${new URL(url).pathname}`;
				let seq = 1;
				for (const way of [url, socket]) {
					const stopped = await new Hosts(parsePostgresAddress(way)).open({ ...PATIENT, pipeline: true, name: laneName(9) });
					await stopped.run(begin({ ...POSTGRES_TIMES, statementMs: 60_000 }));
					await stopped.run("SELECT FROM verbatim.rooms WHERE id = 'tea' FOR UPDATE");
					(stopped as unknown as { stream: Socket }).stream.pause();
					const never = stopped.run("SELECT repeat('x', 100000000)").catch(() => "ended");
					await untilWaiting("ClientWrite");
					expect(await must(store, say("tea", ann, "hello"))).toMatchObject({ seq: ++seq });
					stopped.destroy();
					expect(await never).toBe("ended");
				}
			}),
		60_000,
	);

	test("a node that was quiet for a week, and was forgotten, goes on", () =>
		withStore({ node: "quiet" }, async ({ store, url }) => {
			await postgres().sql("UPDATE verbatim.lanes SET seen = seen - interval '8 days'", new URL(url).pathname.slice(1));
			const other = await openPostgresStore(url, { node: "other" });
			expect(
				await postgres().sql("SELECT count(*) FROM verbatim.lanes WHERE node = 'quiet'", new URL(url).pathname.slice(1)),
			).toBe("0");
			expect(await must(store, say("tea", ann, "hello"))).toMatchObject({ seq: 2 });
			expect(await other.healthy()).toBe(true);
			await other.close();
		}));

	test("a row that is locked for too long refuses what needs it, and nothing else", () =>
		withStore({ times: { lockMs: 200, batchMs: 500 } }, async ({ store, url }) => {
			await must(store, { kind: "userCreate", nowMs: 1, user: userRecord(bob) });
			await must(store, create("coffee", bob));
			const other = await connect(url);
			await other.run("BEGIN; SELECT FROM verbatim.rooms WHERE id = 'tea' FOR UPDATE");
			const sent = codeOf(store.append(say("tea", ann, "hello", { cid: "1" })));
			await untilWaiting("transactionid");
			expect(await must(store, say("coffee", bob, "meanwhile"))).toMatchObject({ seq: 2 });
			expect(await sent).toBe("unavailable");
			await other.run("COMMIT");
			await other.close();
			expect(await must(store, say("tea", ann, "hello", { cid: "1" }))).toMatchObject({ seq: 2 });
			expect(await logOf(store, "tea")).toHaveLength(2);
		}));

	test("a draft that does not fit fails alone, and leaves nothing of itself", () =>
		withStore({}, async ({ store, told }) => {
			// The room's row is written before the time of its first entry turns out to be none.
			const halfway = { ...create("half", ann), atMs: "noon" } as unknown as Draft;
			const drafts = [
				say("tea", ann, "1"),
				halfway,
				join("tea", bob),
				{ ...say("tea", bob, "x"), body: { case: "message", value: { text: 7 } } } as unknown as Draft,
			];
			const odd = { ...say("tea", ann, "nowhere"), room: 7 } as unknown as Draft;
			const codes = await Promise.all([...drafts, odd, say("tea", bob, "2")].map((draft) => codeOf(store.append(draft))));
			expect(codes).toEqual(["ok", "internal", "ok", "internal", "internal", "ok"]);
			expect(await store.room("half", ann.id)).toBeUndefined();
			expect(await store.roomBySkeleton("half")).toBeUndefined();
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 ann 1", "3 bob joined", "4 bob 2"]);
			expect(await store.room("tea", bob.id)).toMatchObject({ head: 4, members: 2 });
			expect(told.seqs("tea")).toEqual([1, 2, 3, 4]);
			expect(told.batches.at(-1)?.error).toContain("by our mistake");
		}));

	test(
		"PostgreSQL is killed under load, again and again: what was acknowledged is there once, in order, and all heals by itself",
		() =>
			withStore({ times: { ...PATIENT, batchMs: 200 } }, async ({ store, told }) => {
				const acked = new Map<string, number>();
				let isOver = false;
				let said = 0;
				const sender = async (who: string): Promise<void> => {
					const user = { id: `u-${who}`, name: who };
					await must(store, { kind: "userCreate", nowMs: 1, user: userRecord(user) });
					await must(store, join("tea", user));
					while (!isOver) {
						const cid = `${who}${said++}`;
						// Until it has its answer, as a client does.
						for (;;) {
							const outcome = await store.append(say("tea", user, cid, { cid }));
							if (outcome.ok) {
								acked.set(cid, outcome.seq ?? 0);
								break;
							}
							expect(outcome.code).toBe("unavailable");
							await Bun.sleep(5);
						}
					}
				};
				const senders = ["x", "y", "z"].map(sender);
				for (let round = 0; round < 3; round++) {
					const before = acked.size;
					while (acked.size < before + 50) await Bun.sleep(5);
					await postgres().stop("SIGKILL");
					await postgres().restart();
				}
				isOver = true;
				await Promise.all(senders);
				while (!(await store.healthy())) await Bun.sleep(20);
				const log = (await logOf(store, "tea")).slice(1).flatMap((line) => (line.endsWith(" joined") ? [] : [line.split(" ")]));
				expect(new Map(log.map(([seq, , cid]) => [cid ?? "", Number(seq)]))).toEqual(acked);
				expect(log).toHaveLength(acked.size);
				const seqs = told.seqs("tea");
				expect(new Set(seqs).size).toBe(seqs.length);
			}),
		120_000,
	);

	test("while there is no database, sends are refused or wait, reads are refused, and the store closes", () =>
		withStore({ times: { batchMs: 100 } }, async ({ store, proxy }) => {
			proxy.close();
			expect(await codeOf(store.append(say("tea", ann, "1")))).toBe("unavailable");
			await expect(store.page("tea", { after: 0 }, 1, 1)).rejects.toMatchObject({ code: "unavailable" });
			expect(await store.healthy()).toBe(false);
			await store.close();
		}));
});
