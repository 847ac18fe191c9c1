// The memory store keeps the store's contract, and fails on demand.
import { describe, expect, test } from "bun:test";
import { type Clock, systemClock } from "../../src/clock.ts";
import { newMemoryDisk } from "../../src/store/memory/disk.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import { MemoryTables } from "../../src/store/memory/tables.ts";
import { carryOut } from "../../src/store/rules.ts";
import { storeContract } from "./contract.ts";
import { ann, bob, codeOf, create, invite, join, leave, logOf, must, rename, say, Told, userRecord } from "./drafts.ts";

storeContract("memory", async () => {
	const disk = newMemoryDisk();
	return {
		open: async (limits = {}) => createMemoryStore({ clock: systemClock, disk, limits }),
		reopen: async (limits = {}) => createMemoryStore({ clock: systemClock, disk, limits }),
		remove: async () => {},
	};
});

describe("the memory store's faults", () => {
	test("commits that are told to fail refuse their drafts as unavailable and write nothing", async () => {
		const store = createMemoryStore({ clock: systemClock });
		const told = new Told(store);
		await must(store, create("tea", ann));
		store.faults.failCommits(1);
		expect(await store.healthy()).toBe(false);
		const codes = await Promise.all([codeOf(store.append(say("tea", ann, "1"))), codeOf(store.append(say("tea", ann, "2")))]);
		expect(codes).toEqual(["unavailable", "unavailable"]);
		expect(told.batches.at(-1)).toMatchObject({ drafts: 2, error: expect.any(String) });
		expect(await codeOf(store.append(say("tea", ann, "3")))).toBe("ok");
		expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 ann 3"]);
	});

	test("a commit that is delayed can not be read before its time", async () => {
		const timers: (() => void)[] = [];
		const store = createMemoryStore({ clock: { ...systemClock, after: held(timers) } });
		await must(store, create("tea", ann));
		store.faults.delayCommits(1_000);
		const send = store.append(say("tea", ann, "slow"));
		await new Promise<void>((resolve) => systemClock.soon(resolve));
		expect((await store.page("tea", { before: 0 }, 1, 1))?.head).toBe(1);
		for (const fire of timers) fire();
		expect(await codeOf(send)).toBe("ok");
		expect((await store.page("tea", { before: 0 }, 1, 1))?.head).toBe(2);
	});

	test("a read that is delayed answers as things were when it was asked", async () => {
		const timers: (() => void)[] = [];
		const store = createMemoryStore({ clock: { ...systemClock, after: held(timers) } });
		await must(store, create("tea", ann));
		store.faults.delayReads(1_000);
		const room = store.room("tea", ann.id);
		await must(store, say("tea", ann, "meanwhile"));
		for (const fire of timers) fire();
		expect(await room).toMatchObject({ head: 1 });
	});
});

/** Timers that fire when the test says so. */
function held(timers: (() => void)[]): Clock["after"] {
	return (_, task) => {
		timers.push(task);
		return () => {};
	};
}

test("what is undone in memory leaves no trace", () => {
	const limits = { roomsPerUserMax: 10, invitationsPerUserMax: 10, invitationsPerInviterMax: 10, seqMax: 100 };
	const disk = newMemoryDisk();
	const tables = new MemoryTables(disk);
	carryOut(tables, create("tea", ann), limits);
	carryOut(tables, { kind: "userCreate", nowMs: 0, user: userRecord(ann, { kind: "guest", expiresMs: 0 }) }, limits);
	tables.keep();
	const before = structuredClone(disk);
	for (const draft of [
		create("coffee", bob),
		join("tea", bob),
		say("tea", bob, "hi", { cid: "c" }),
		invite("tea", bob, { id: "u-x", name: "x" }),
		leave("tea", bob),
		rename("tea", ann, "chai"),
		{ kind: "userCreate", nowMs: 1, user: userRecord({ id: "u-2", name: "ann" }, { external: "e" }) } as const,
	]) {
		expect(carryOut(tables, draft, limits).ok).toBe(true);
	}
	tables.undo();
	// Empty sets and maps may remain where there was none: they say the same.
	disk.said.delete(bob.id);
	expect(disk).toEqual(before);
});
