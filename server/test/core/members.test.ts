// Member lists: pages, one read and one encoding a version, and presence.
import { describe, expect, test } from "bun:test";
import { type MemberList, Room_Kind } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { joinDraft } from "../../src/log/draft.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { Harness, type TestClient } from "./harness.ts";
import { join, joined, range, say } from "./helpers.ts";

/** Rooms of more than three are large; a page holds four. */
const LARGE = { limits: { presenceReadersMax: 3, membersPageMax: 4 } };

type Ask = { after?: string; limit?: number; epoch?: number; version?: number; users?: { id: string }[] };

function who(client: TestClient, room: string, ask: Ask = {}): Promise<MemberList> {
	const { after = "", limit = 0, epoch = 0, version = 0, users = [] } = ask;
	return client.want("memberList", { case: "who", value: { room, after, limit, epoch, version, users } });
}

function names({ members }: MemberList): string[] {
	return members.map(({ user }) => user?.name ?? "");
}

/** `#tea` with this many members named m0, m1, …; ann is one, and the only one connected. Counts the reads of lists. */
async function largeRoom(count: number) {
	const clock = new VirtualClock();
	const memory = createMemoryStore({ clock });
	let reads = 0;
	const store: Store = {
		...memory,
		members: (...args) => {
			reads++;
			return memory.members(...args);
		},
	};
	const harness = new Harness({ ...LARGE, clock, wrap: () => store });
	const ann = await harness.guest("ann");
	const { id, epoch } = await joined(ann, "#tea");
	const add = async (...numbers: number[]): Promise<void> => {
		for (const n of numbers) void store.append(joinDraft({ room: id, sender: { id: `u-m${n}`, name: `m${n}` }, atMs: 1 }));
		await clock.settle();
	};
	await add(...range(0, count - 2));
	return { harness, clock, store, ann, id, epoch, add, reads: () => reads };
}

describe("presence", () => {
	test("of a joining user is notified to the members without a request", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const bob = await harness.guest("bob");
		await joined(bob, "#tea");
		expect(ann.pushed("presence")).toMatchObject([{ user: { id: "u-bob", name: "bob" }, online: true }]);
		// After the entry of the join, by which clients know the user.
		const kinds = ann.received.map(({ body }) => body.case);
		expect(kinds.lastIndexOf("presence")).toBeGreaterThan(kinds.lastIndexOf("entries"));
		expect(bob.pushed("presence")).toEqual([]);
		const { members, presence } = await who(bob, id);
		expect(presence).toBe(true);
		expect(members.map(({ user, online }) => [user?.name, online])).toEqual([
			["ann", true],
			["bob", true],
		]);
	});

	test("is notified to both users of a new direct conversation, also for one who is offline", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		await joined(ann, "@bob");
		expect(ann.pushed("presence")).toMatchObject([{ user: { name: "bob" }, online: true }]);
		expect(bob.pushed("presence")).toMatchObject([{ user: { name: "ann" }, online: true }]);
		await bob.lose();
		await harness.clock.advance(10_000);
		const cat = await harness.guest("cat");
		await joined(cat, "@bob");
		expect(cat.pushed("presence")).toMatchObject([{ user: { name: "bob" }, online: false }]);
	});

	test("is a number in a large room, and is reported for requested users who are members", async () => {
		const { harness, ann, id, clock } = await largeRoom(6);
		const bob = await harness.guest("bob");
		await joined(bob, "#tea");
		await harness.guest("cat");
		await clock.advance(1_000);
		const list = await who(ann, id, {
			users: [{ id: "u-bob" }, { id: "u-m1" }, { id: "u-bob" }, { id: "u-cat" }, { id: "nobody" }],
		});
		expect(list).toMatchObject({ presence: false, online: 2, total: 7, members: [] });
		expect(list.here.map((user) => user.id)).toEqual(["u-bob"]);
		expect((await who(ann, id)).members.every(({ online }) => !online)).toBe(true);
		await bob.lose();
		await clock.advance(1_000);
		// In the grace period a user counts as online.
		expect((await who(ann, id, { users: [{ id: "u-bob" }] })).here).toHaveLength(1);
		await clock.advance(10_000);
		expect(await who(ann, id, { users: [{ id: "u-bob" }] })).toMatchObject({ here: [], online: 1 });
	});

	test("more requested users than the limit are refused", async () => {
		const { ann, id } = await largeRoom(1);
		const users = Array.from({ length: 101 }, (_, n) => ({ id: `u${n}` }));
		expect(await ann.refusal({ case: "who", value: { room: id, after: "", limit: 0, epoch: 0, version: 0, users } })).toBe(
			"too_large",
		);
	});
});

describe("a list of members", () => {
	test("comes in pages, each with the start of the next, whatever limit is requested", async () => {
		const { ann, id } = await largeRoom(10);
		const all: string[] = [];
		let after = "";
		do {
			const page = await who(ann, id, { after, limit: 1_000 });
			expect(page).toMatchObject({ total: 10, asOf: 10 });
			expect(page.members.length).toBeLessThanOrEqual(4);
			all.push(...names(page));
			after = page.next;
		} while (after !== "");
		expect(all).toEqual(["ann", ...Array.from({ length: 9 }, (_, n) => `m${n}`)]);
		expect(names(await who(ann, id, { after: "u-ann", limit: 2 }))).toEqual(["m0", "m1"]);
	});

	test("is read once and is the same object for all requests, until it changes", async () => {
		const { ann, id, clock, add, reads } = await largeRoom(10);
		const first = await who(ann, id);
		const before = reads();
		const again = await Promise.all([who(ann, id), who(ann, id)]);
		expect(again.map(({ members }) => members === first.members)).toEqual([true, true]);
		expect(reads()).toBe(before);
		await ann.want("sent", say(id, "hello"));
		// The list is unchanged, as of one entry more.
		expect(await who(ann, id)).toMatchObject({ version: first.version, asOf: first.asOf + 1 });
		await clock.advance(1_500);
		expect((await who(ann, id, { epoch: first.epoch, version: first.version })).same).toBe(true);
		await add(100);
		const changed = await who(ann, id);
		expect(changed).toMatchObject({ version: first.version + 1, total: 11 });
		expect(names(changed)).toEqual(["ann", "m0", "m1", "m100"]);
	});

	test("that the client has already is not sent again in a large room; the number online is", async () => {
		const { ann, id, epoch, clock, reads } = await largeRoom(6);
		const { version } = await who(ann, id);
		const before = reads();
		for (let n = 0; n < 20; n++) {
			expect(await who(ann, id, { epoch, version })).toMatchObject({ same: true, members: [], version, total: 6, online: 1 });
		}
		expect(reads()).toBe(before);
		await clock.advance(1_000);
		await who(ann, id, { epoch, version });
		expect(reads()).toBe(before + 1);
		// Of another epoch, or of before a change.
		expect((await who(ann, id, { epoch: epoch + 1, version })).same).toBe(false);
		expect(names(await who(ann, id, { epoch, version: version - 1 }))).toHaveLength(4);
	});

	test("of a small room is sent whole, with presence", async () => {
		const { ann, id, epoch } = await largeRoom(3);
		const { version } = await who(ann, id);
		const list = await who(ann, id, { epoch, version });
		expect(list).toMatchObject({ same: false, presence: true });
		expect(list.members).toHaveLength(3);
	});

	test("has every user whose join is answered, at any moment of concurrent changes", async () => {
		const { harness, id, ann } = await largeRoom(5);
		for (let n = 0; n < 10; n++) {
			const client = await harness.guest(`z${n}`);
			// Requested while the join is in flight, so that it is being read when it changes.
			ann.put({ case: "who", value: { room: id, after: "", limit: 0, epoch: 0, version: 0, users: [] } });
			await client.want("joined", join("#tea"));
			const list = await who(client, id, { after: "u-m9" });
			expect(names(list)).toContain(`z${n}`);
			await client.want("done", { case: "leave", value: { room: id } });
			expect(names(await who(ann, id, { after: "u-m9" }))).not.toContain(`z${n}`);
		}
	});

	test("has a version that can be computed from the entries: 1 before the first", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		expect((await who(ann, (await joined(ann, "@bob")).id)).version).toBe(3);
		const { id } = await joined(ann, "#tea");
		expect((await who(ann, id)).version).toBe(2);
		await joined(bob, "#tea");
		expect((await who(ann, id)).version).toBe(3);
	});

	test("loses a declined invitation at once, though it has no entry", async () => {
		const harness = new Harness(LARGE);
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const made = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE, history: 0 } });
		const id = made.room?.id ?? "";
		await ann.want("done", { case: "invite", value: { room: id, user: "bob" } });
		const before = await who(ann, id);
		expect(names(before)).toEqual(["ann", "bob"]);
		await bob.want("done", { case: "leave", value: { room: id } });
		const after = await who(ann, id, { epoch: before.epoch, version: before.version });
		expect(names(after)).toEqual(["ann"]);
		expect(after.version).toBe(before.version + 1);
	});

	test("is for members only, also where it is cached for one", async () => {
		const { harness, ann, id } = await largeRoom(6);
		await who(ann, id);
		const bob = await harness.guest("bob");
		expect(await bob.refusal({ case: "who", value: { room: id, after: "", limit: 0, epoch: 0, version: 0, users: [] } })).toBe(
			"not_member",
		);
	});
});

test("all public channels can be listed, page by page; the user's own come with the first", async () => {
	const harness = new Harness({ limits: { roomsPageMax: 3 } });
	const ann = await harness.guest("ann");
	const bob = await harness.guest("bob");
	for (let n = 0; n < 8; n++) await joined(n === 4 ? bob : ann, `#room${n}`);
	const pages: string[][] = [];
	let after = "";
	do {
		const { rooms, next } = await bob.want("roomList", { case: "rooms", value: { after, limit: 0 } });
		pages.push(rooms.map(({ name }) => name));
		after = next;
	} while (after !== "");
	expect(pages).toEqual([
		["room4", "room0", "room1", "room2"],
		["room3", "room5"],
		["room6", "room7"],
	]);
	expect((await bob.want("roomList", { case: "rooms", value: { after: "room5", limit: 1 } })).rooms).toHaveLength(1);
});
