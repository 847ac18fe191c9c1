// Bad days of the disk and of the threads behind the store: what is refused was not written, what is acknowledged was, reading
// goes on, and it heals by itself.
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite/sqlite.ts";
import type { Draft } from "../../src/store/store.ts";
import { ann, bob, codeOf, create, direct, join, logOf, membersOf, must, say, Told } from "./drafts.ts";
import { withTempDir } from "./temp-dir.ts";

const LONG = "x".repeat(8_000);

describe("a full disk", () => {
	test("is told of until there is room again, also where a short message still finds some", () =>
		withStore(async (store) => {
			await store.faults.inject({ kind: "pagesMore", pages: 20 });
			await fill(store);
			await must(store, say("tea", ann, "short"));
			expect(await store.healthy()).toBe(false);
			await store.faults.inject({ kind: "pagesMore", pages: null });
			expect(await store.healthy()).toBe(true);
		}));

	test("refuses sends as unavailable, goes on reading, and heals when there is space again", () =>
		withStore(async (store, told) => {
			await store.faults.inject({ kind: "pagesMore", pages: 20 });
			const accepted = await fill(store);
			expect(await store.healthy()).toBe(false);
			const log = await logOf(store, "tea");
			expect(log).toHaveLength(1 + accepted);
			expect(told.seqs("tea")).toEqual(log.map((_, i) => i + 1));
			await store.faults.inject({ kind: "pagesMore", pages: null });
			expect(await store.healthy()).toBe(true);
			expect((await must(store, say("tea", ann, "again"))).seq).toBe(accepted + 2);
		}));

	test("writes a batch whole or not at all", () =>
		withStore(async (store) => {
			await store.faults.inject({ kind: "pagesMore", pages: 10 });
			const batch = [say("tea", ann, "short"), join("tea", bob), ...Array.from({ length: 20 }, () => say("tea", ann, LONG))];
			const codes = await Promise.all(batch.map((draft) => codeOf(store.append(draft))));
			expect(new Set(codes)).toEqual(new Set(["unavailable"]));
			expect(await logOf(store, "tea")).toEqual(["1 ann created"]);
			expect(await membersOf(store, "tea")).toHaveLength(1);
			await store.faults.inject({ kind: "pagesMore", pages: null });
			expect(await Promise.all(batch.map((draft) => codeOf(store.append(draft))))).toEqual(batch.map(() => "ok"));
		}));

	test.skipIf(!mayMount())("of a real file system (needs the right to mount a tmpfs) does the same", () =>
		withTempDir(async (dir) => {
			const disk = joinPath(dir, "disk");
			mkdirSync(disk);
			spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "none", disk]);
			try {
				const store = await openSqliteStore(joinPath(disk, "data"));
				const ballast = joinPath(disk, "ballast");
				writeFileSync(ballast, Buffer.alloc(1 << 20));
				await must(store, create("tea", ann));
				let accepted = await fill(store);
				expect(await logOf(store, "tea")).toHaveLength(1 + accepted);
				// Not ready, however often one asks, and whatever short message still finds room.
				for (let i = 0; i < 5; i++) {
					expect(await store.healthy()).toBe(false);
					if ((await codeOf(store.append(say("tea", ann, "short")))) === "ok") accepted++;
				}
				rmSync(ballast);
				expect(await store.healthy()).toBe(true);
				expect((await untilOk(store, say("tea", ann, "again"))).seq).toBe(accepted + 2);
				await store.close();
				const again = await openSqliteStore(joinPath(disk, "data"));
				expect(await logOf(again, "tea")).toHaveLength(2 + accepted);
				await again.close();
			} finally {
				spawnSync("umount", [disk]);
			}
		}),
	);
});

describe("a failed sync", () => {
	test("refuses the batch, acknowledges nothing on that handle, and heals by itself", () =>
		withStore(async (store, told) => {
			await store.faults.inject({ kind: "failedSync", when: "before" });
			const drafts = [say("tea", ann, "1", { cid: "1" }), join("tea", bob)];
			expect(await Promise.all(drafts.map((draft) => codeOf(store.append(draft))))).toEqual(["unavailable", "unavailable"]);
			expect(await logOf(store, "tea")).toEqual(["1 ann created"]);
			expect(told.batches.at(-1)?.error).toContain("I/O");
			expect(await untilOk(store, say("tea", ann, "1", { cid: "1" }))).toMatchObject({ seq: 2 });
			expect(await store.healthy()).toBe(true);
			expect(told.seqs("tea")).toEqual([1, 2]);
		}));

	test("of a commit that reached the disk all the same leaves no hole: its entries are told of, a repeat finds them", () =>
		withStore(async (store, told) => {
			await store.faults.inject({ kind: "failedSync", when: "after" });
			expect(await codeOf(store.append(say("tea", ann, "1", { cid: "1" })))).toBe("unavailable");
			expect(await untilOk(store, say("tea", ann, "1", { cid: "1" }))).toMatchObject({ seq: 2, repeated: true });
			expect((await must(store, say("tea", ann, "2"))).seq).toBe(3);
			expect(told.seqs("tea")).toEqual([1, 2, 3]);
		}));
});

describe("a writer that dies", () => {
	for (const when of ["before", "after"] as const) {
		test(`${when} its commit is replaced, and callers notice nothing: each draft once, told once`, () =>
			withStore(async (store, told) => {
				await store.faults.inject({ kind: "death", when });
				const drafts = [
					...Array.from({ length: 20 }, (_, n) => say("tea", ann, `${n}`, { cid: `${n}` })),
					join("tea", bob),
					say("tea", bob, "hi"),
					create("coffee", bob),
					direct("d", ann, bob),
				];
				const codes = await Promise.all(drafts.map((draft) => codeOf(store.append(draft))));
				expect(codes).toEqual(drafts.map(() => "ok"));
				expect(told.seqs("tea")).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
				expect([told.seqs("coffee"), told.seqs("d")]).toEqual([[1], [1]]);
				expect(await logOf(store, "tea")).toHaveLength(23);
				expect((await must(store, say("tea", ann, "on"))).seq).toBe(24);
			}));
	}

	test("does not keep the store from closing", () =>
		withStore(async (store) => {
			await store.faults.inject({ kind: "death", when: "before" });
			const send = store.append(say("tea", ann, "1"));
			await Promise.all([store.close(), send]);
		}));
});

test("a reader that dies is replaced", () =>
	withStore(async (store) => {
		await store.faults.killReader();
		expect(await logOf(store, "tea")).toEqual(["1 ann created"]);
	}));

test("a draft that breaks a constraint fails alone, and leaves nothing of itself", () =>
	withStore(async (store, told) => {
		// The room's row is written before the time of its first entry turns out to be none.
		const halfway = { ...create("half", ann), atMs: "noon" } as unknown as Draft;
		const drafts = [
			say("tea", ann, "1"),
			halfway,
			join("tea", bob),
			{ ...say("tea", bob, "x"), body: { case: "message", value: { text: 7 } } } as unknown as Draft,
		];
		const codes = await Promise.all([...drafts, say("tea", bob, "2")].map((draft) => codeOf(store.append(draft))));
		expect(codes).toEqual(["ok", "internal", "ok", "internal", "ok"]);
		expect(await store.room("half", ann.id)).toBeUndefined();
		expect(await store.roomBySkeleton("half")).toBeUndefined();
		expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 ann 1", "3 bob joined", "4 bob 2"]);
		expect(await store.room("tea", bob.id)).toMatchObject({ head: 4, members: 2 });
		expect(told.seqs("tea")).toEqual([1, 2, 3, 4]);
		expect(told.batches.at(-1)?.error).toContain("by our mistake");
	}));

/** A store with the room `tea` of ann's, and what it tells. */
function withStore(task: (store: SqliteStore, told: Told) => Promise<void>): Promise<void> {
	return withTempDir(async (dir) => {
		const store = await openSqliteStore(dir);
		try {
			const told = new Told(store);
			await must(store, create("tea", ann));
			await task(store, told);
		} finally {
			await store.close();
		}
	});
}

/** Says long things until one is refused as unavailable; how many were accepted. */
async function fill(store: SqliteStore): Promise<number> {
	for (let accepted = 0; accepted < 10_000; accepted++) {
		const code = await codeOf(store.append(say("tea", ann, LONG)));
		if (code === "unavailable") return accepted;
		expect(code).toBe("ok");
	}
	throw new Error("the disk is not full");
}

/** Tries until the store has healed. */
async function untilOk(store: SqliteStore, draft: Draft) {
	for (;;) {
		const outcome = await store.append(draft);
		if (outcome.ok) return outcome;
		expect(outcome.code).toBe("unavailable");
		await new Promise<void>((resolve) => setImmediate(resolve));
	}
}

function mayMount(): boolean {
	return spawnSync("unshare", ["-m", "true"]).status === 0;
}
