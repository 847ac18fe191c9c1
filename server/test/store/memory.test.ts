// The memory store keeps the store's contract, and fails on demand.
import { describe, expect, test } from "bun:test";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { newMemoryDisk } from "../../src/store/memory/disk.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import { storeContract } from "./contract.ts";
import { ann, codeOf, create, logOf, must, say, Told } from "./drafts.ts";

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
