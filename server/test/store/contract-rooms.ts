// Clauses of rooms: who may make, find, join, leave, name and invite; direct conversations; epochs.
import { describe, expect, test } from "bun:test";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { Bench } from "./contract.ts";
import { ann, bob, cat, codeOf, create, direct, invite, join, leave, logOf, membersOf, must, rename, say } from "./drafts.ts";

export function roomClauses(bench: Bench): void {
	describe("rooms", () => {
		test("a name, or one that looks like it, is given to one room", async () => {
			const store = await bench.store();
			await must(store, create("r1", ann, Room_Kind.PUBLIC, "Tea"));
			expect(await codeOf(store.append(create("r2", bob, Room_Kind.PUBLIC, "tea")))).toBe("room_taken");
			expect(await codeOf(store.append(create("r3", bob, Room_Kind.PRIVATE, "TEA")))).toBe("room_taken");
			const race = [create("r4", ann, Room_Kind.PUBLIC, "x"), create("r5", bob, Room_Kind.PUBLIC, "X")];
			expect(await Promise.all(race.map((draft) => codeOf(store.append(draft))))).toEqual(["ok", "room_taken"]);
			expect((await store.roomBySkeleton("tea"))?.id).toBe("r1");
			expect((await store.room("r1", ann.id))?.standing).toBe(Room_Standing.OWNER);
		});

		test("the same creation again changes nothing", async () => {
			const store = await bench.store();
			await must(store, create("r1", ann));
			expect(await must(store, create("r1", ann))).toMatchObject({ entries: [], room: { id: "r1", head: 1 } });
		});

		test("joining and leaving are entries; doing either twice is one", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			expect(await must(store, join("tea", bob))).toMatchObject({ entries: [{ seq: 2 }], room: { head: 2, members: 2 } });
			expect(await must(store, join("tea", bob))).toMatchObject({ entries: [], room: { head: 2, members: 2 } });
			expect(await must(store, leave("tea", bob, "tired"))).toMatchObject({
				entries: [{ seq: 3, body: { value: { reason: "tired" } } }],
				room: { members: 1 },
			});
			expect(await must(store, leave("tea", bob))).toMatchObject({ entries: [], room: { head: 3, members: 1 } });
			expect(await membersOf(store, "tea")).toEqual([{ user: ann, standing: Room_Standing.OWNER }]);
			expect(await store.roomsOf(bob.id)).toEqual([]);
		});

		test("members are read in pages by their ids, each with the version of the list and the head that it stands at", async () => {
			const store = await bench.store();
			await must(store, create("tea", cat));
			for (const user of [ann, bob]) await must(store, join("tea", user));
			const first = await store.members("tea", "", 2);
			expect(first).toMatchObject({ head: 3, total: 3, more: true, members: [{ user: ann }, { user: bob }] });
			const rest = await store.members("tea", bob.id, 2);
			expect(rest).toMatchObject({
				version: first?.version ?? 0,
				more: false,
				members: [{ user: cat, standing: Room_Standing.OWNER }],
			});
			expect(await store.members("tea", cat.id, 2)).toMatchObject({ members: [], more: false });
			expect(await store.members("tea", "", 0)).toEqual({
				epoch: (await store.room("tea", ""))?.epoch ?? 0,
				head: 3,
				version: first?.version ?? 0,
				total: 3,
				members: [],
				more: false,
			});
			expect(await store.members("x", "", 2)).toBeUndefined();
		});

		test("each change of who is in a room gives its list another version, also one without an entry, and nothing else does", async () => {
			const store = await bench.store();
			const version = async () => (await store.members("den", "", 0))?.version ?? 0;
			await must(store, create("den", ann, Room_Kind.PRIVATE));
			const created = await version();
			expect(created).toBeGreaterThan(0);
			await must(store, say("den", ann, "hi"));
			await must(store, rename("den", ann, "lair"));
			await must(store, leave("den", ann));
			await must(store, create("den2", ann, Room_Kind.PRIVATE));
			expect(await version()).toBe(created + 1);
			const den2 = async () => (await store.members("den2", "", 0))?.version ?? 0;
			const before = await den2();
			await must(store, invite("den2", ann, bob));
			expect(await den2()).toBe(before + 1);
			await must(store, leave("den2", bob));
			expect(await den2()).toBe(before + 2);
			await must(store, invite("den2", ann, bob));
			await must(store, join("den2", bob));
			await must(store, join("den2", bob));
			expect(await den2()).toBe(before + 4);
		});

		test("a private room is joined by invitation only, and for others it does not exist", async () => {
			const store = await bench.store();
			await must(store, create("den", ann, Room_Kind.PRIVATE));
			for (const draft of [
				join("den", bob),
				say("den", bob, "hi"),
				leave("den", bob),
				invite("den", bob, cat),
				rename("den", bob, "x"),
			]) {
				expect(await codeOf(store.append(draft))).toBe("no_such_room");
			}
			expect((await must(store, invite("den", ann, bob))).entries).toMatchObject([{ seq: 2, body: { case: "invited" } }]);
			expect((await must(store, invite("den", ann, bob))).entries).toEqual([]);
			expect(await store.room("den", bob.id)).toMatchObject({ standing: Room_Standing.INVITED, members: 1 });
			expect(await codeOf(store.append(say("den", bob, "hi")))).toBe("not_member");
			await must(store, join("den", bob));
			expect(await store.room("den", bob.id)).toMatchObject({ standing: Room_Standing.MEMBER, members: 2 });
			expect(await codeOf(store.append(invite("den", bob, cat)))).toBe("forbidden");
			await must(store, leave("den", bob));
			expect(await codeOf(store.append(join("den", bob)))).toBe("no_such_room");
		});

		test("leaving with an open invitation declines it, without an entry", async () => {
			const store = await bench.store();
			await must(store, create("den", ann, Room_Kind.PRIVATE));
			await must(store, invite("den", ann, bob));
			expect(await must(store, leave("den", bob))).toMatchObject({ entries: [], room: { head: 2 }, declined: true });
			expect(await codeOf(store.append(join("den", bob)))).toBe("no_such_room");
			expect(await store.roomsOf(bob.id)).toEqual([]);
		});

		test("any member invites to a public room", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			expect(await codeOf(store.append(invite("tea", bob, cat)))).toBe("not_member");
			await must(store, join("tea", bob));
			await must(store, invite("tea", bob, cat));
			expect((await must(store, invite("tea", bob, ann))).entries).toEqual([]);
			await must(store, join("tea", cat));
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 bob joined", "3 bob invited", "4 cat joined"]);
		});

		test("the owner alone renames, to a name that is free; the old name is free then", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			await must(store, create("milk", bob));
			await must(store, join("tea", bob));
			expect(await codeOf(store.append(rename("tea", bob, "chai")))).toBe("forbidden");
			expect(await codeOf(store.append(rename("tea", cat, "chai")))).toBe("not_member");
			expect(await codeOf(store.append(rename("tea", ann, "Milk")))).toBe("room_taken");
			expect((await must(store, rename("tea", ann, "tea"))).entries).toEqual([]);
			expect(await must(store, rename("tea", ann, "Tea"))).toMatchObject({ room: { name: "Tea" }, entries: [{ seq: 3 }] });
			expect(await must(store, rename("tea", ann, "chai"))).toMatchObject({ room: { name: "chai" }, entries: [{ seq: 4 }] });
			expect(await store.roomBySkeleton("tea")).toBeUndefined();
			expect((await store.roomBySkeleton("chai"))?.id).toBe("tea");
			await must(store, create("tea2", cat, Room_Kind.PUBLIC, "tea"));
		});

		test("a room that is not there is no_such_room, whatever is wanted of it", async () => {
			const store = await bench.store();
			for (const draft of [say("x", ann, "hi"), join("x", ann), leave("x", ann), rename("x", ann, "y"), invite("x", ann, bob)]) {
				expect(await codeOf(store.append(draft))).toBe("no_such_room");
			}
			expect(await store.room("x", ann.id)).toBeUndefined();
			expect(await store.page("x", { before: 0 }, 1, 1)).toBeUndefined();
			expect(await membersOf(store, "x")).toEqual([]);
		});

		test("two users have one direct conversation, whoever opens it", async () => {
			const store = await bench.store();
			const opened = await Promise.all([must(store, direct("d1", ann, bob)), must(store, direct("d2", bob, ann))]);
			expect(opened.map(({ room }) => room?.id)).toEqual(["d1", "d1"]);
			expect(opened.map(({ entries }) => entries.length)).toEqual([1, 0]);
			expect(await store.directRoom(bob.id, ann.id)).toMatchObject({ id: "d1", kind: Room_Kind.DIRECT, name: "", members: 2 });
			expect(await store.room("d1", bob.id)).toMatchObject({ standing: Room_Standing.MEMBER, peer: ann });
			expect(await store.room("d1", cat.id)).toMatchObject({ standing: Room_Standing.NONE });
			expect((await store.room("d1", cat.id))?.peer).toBeUndefined();
			await must(store, say("d1", bob, "hi"));
			expect(await codeOf(store.append(leave("d1", bob)))).toBe("forbidden");
			expect(await codeOf(store.append(invite("d1", ann, cat)))).toBe("forbidden");
			expect(await codeOf(store.append(rename("d1", ann, "x")))).toBe("forbidden");
			for (const draft of [join("d1", cat), say("d1", cat, "hi"), leave("d1", cat)]) {
				expect(await codeOf(store.append(draft))).toBe("no_such_room");
			}
		});

		test("one may talk to oneself", async () => {
			const store = await bench.store();
			await must(store, direct("d1", ann, ann));
			expect(await store.directRoom(ann.id, ann.id)).toMatchObject({ id: "d1", members: 1 });
			expect(await store.room("d1", ann.id)).toMatchObject({ peer: ann });
		});

		test("a restored state gets new epochs, and the logs go on", async () => {
			const store = await bench.store();
			for (const room of ["a", "b", "c"]) await must(store, create(room, ann));
			let next = 6;
			await store.renewEpochs(() => next++);
			const epochs = await Promise.all(["a", "b", "c"].map(async (room) => (await store.room(room, ""))?.epoch));
			// 6, 7 and 8 were proposed; none stays 7.
			expect(epochs).toEqual([6, 8, 8]);
			expect(await must(store, say("a", ann, "on"))).toMatchObject({ seq: 2, room: { epoch: 6 } });
			expect((await store.page("b", { before: 0 }, 1, 1))?.epoch).toBe(8);
		});
	});
}
