// Clauses of users: names and whose they are, guests and their end, what is kept with the data.
import { describe, expect, test } from "bun:test";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { Draft, UserChange, UserRecord } from "../../src/store/store.ts";
import type { Bench } from "./contract.ts";
import { ann, bob, cat, codeOf, create, direct, invite, join, logOf, membersOf, must, say, Told, userRecord } from "./drafts.ts";

export function userClauses(bench: Bench): void {
	describe("users", () => {
		test("a user is found by id, skeleton and external key, as it was given", async () => {
			const store = await bench.store();
			const full: UserRecord = { ...userRecord(ann), kind: "external", external: "iss|1", passwordHash: "$x", expiresMs: 5.5 };
			await must(store, add(full));
			await must(store, add({ ...userRecord(bob, { kind: "guest", disabled: true }), sessionOnly: true }));
			expect(await store.user(ann.id)).toEqual(full);
			expect(await store.userBySkeleton("ann")).toEqual(full);
			expect(await store.userByExternal("iss|1")).toEqual(full);
			expect(await store.user(bob.id)).toEqual({ ...userRecord(bob, { kind: "guest", disabled: true }), sessionOnly: true });
			expect(await store.user("nobody")).toBeUndefined();
			expect(await store.userBySkeleton("nobody")).toBeUndefined();
			expect(await store.userByExternal("nobody")).toBeUndefined();
		});

		test("a name, or one that looks like it, is given to one user", async () => {
			const store = await bench.store();
			const race = [add(userRecord(ann)), add(userRecord({ id: "u-2", name: "Ann" }, { skeleton: "ann" }))];
			expect(await Promise.all(race.map((draft) => codeOf(store.append(draft))))).toEqual(["ok", "name_taken"]);
			await must(store, add(userRecord(bob)));
			expect(await codeOf(store.append(change(bob.id, { name: "ANN", skeleton: "ann" })))).toBe("name_taken");
			await must(store, change(ann.id, { name: "Ann", skeleton: "ann" }));
			await must(store, change(ann.id, { name: "anna", skeleton: "anna" }));
			await must(store, change(bob.id, { name: "ann", skeleton: "ann" }));
			expect((await store.userBySkeleton("ann"))?.id).toBe(bob.id);
		});

		test("a user added twice is one; an external key is one user's", async () => {
			const store = await bench.store();
			const record = userRecord(ann, { kind: "external", external: "iss|1" });
			expect(await Promise.all([codeOf(store.append(add(record))), codeOf(store.append(add(record)))])).toEqual(["ok", "ok"]);
			expect(await codeOf(store.append(add(userRecord(bob, { external: "iss|1" }))))).toBe("name_taken");
			expect(await store.user(bob.id)).toBeUndefined();
		});

		test("a guest whose time has run out loses its external key too, whether or not its name is taken with it", async () => {
			const store = await bench.store();
			const over = { kind: "guest", external: "guest|1", expiresMs: 5 } as const;
			await must(store, add(userRecord(ann, over)));
			expect(await codeOf(store.append(add(userRecord(bob, { external: "guest|1" }), 4)))).toBe("name_taken");
			await must(store, add(userRecord(bob, over), 6));
			expect((await store.userByExternal("guest|1"))?.id).toBe(bob.id);
			expect((await store.user(ann.id))?.external).toBeUndefined();
			await must(store, add(userRecord({ id: cat.id, name: bob.name }), 6));
			expect(await store.userByExternal("guest|1")).toBeUndefined();
		});

		test("a change touches what it names", async () => {
			const store = await bench.store();
			await must(store, add(userRecord(ann, { passwordHash: "old", expiresMs: 9 })));
			await must(store, change(ann.id, { passwordHash: "new", voidsTokens: true }));
			expect(await store.user(ann.id)).toEqual(userRecord(ann, { passwordHash: "new", generation: 2, expiresMs: 9 }));
			await must(store, change(ann.id, { expiresMs: null, disabled: true }));
			expect(await store.user(ann.id)).toEqual(userRecord(ann, { passwordHash: "new", generation: 2, disabled: true }));
			expect(await codeOf(store.append(change("nobody", { disabled: true })))).toBe("no_such_user");
		});

		test("each change that voids tokens raises the generation by one, whatever its caller has read; a hash that was replaced meanwhile stays", async () => {
			const store = await bench.store();
			await must(store, add(userRecord(ann, { passwordHash: "old" })));
			const changes = [1, 2, 3].map((i) => must(store, change(ann.id, { passwordHash: `new ${i}`, voidsTokens: true })));
			await Promise.all(changes);
			await must(store, change(ann.id, { passwordHash: "old, hashed anew", ifPasswordHash: "old" }));
			expect(await store.user(ann.id)).toEqual(userRecord(ann, { passwordHash: "new 3", generation: 4 }));
			await must(store, change(ann.id, { passwordHash: "hashed anew", ifPasswordHash: "new 3" }));
			expect(await store.user(ann.id)).toEqual(userRecord(ann, { passwordHash: "hashed anew", generation: 4 }));
		});

		test("rooms show a member under the name of today, the log under that of then", async () => {
			const store = await bench.store();
			await must(store, add(userRecord(ann)));
			await must(store, create("tea", ann));
			await must(store, direct("d", bob, ann));
			await must(store, change(ann.id, { name: "anna", skeleton: "anna" }));
			const members = await membersOf(store, "tea");
			expect(members).toEqual([{ user: { id: ann.id, name: "anna" }, standing: Room_Standing.OWNER }]);
			expect((await store.room("d", bob.id))?.peer?.name).toBe("anna");
			expect(await logOf(store, "tea")).toEqual(["1 ann created"]);
		});

		test("a guest whose time has run out loses its name to whoever wants it, and leaves its channels in their logs", async () => {
			const store = await bench.store();
			const told = new Told(store);
			const guest = userRecord(ann, { kind: "guest", expiresMs: 2_000 });
			await must(store, add(guest));
			for (const room of ["b", "a"]) await must(store, create(room, bob));
			await must(store, create("den", bob, Room_Kind.PRIVATE));
			for (const room of ["b", "a"]) await must(store, join(room, ann));
			await must(store, invite("den", bob, ann));
			await must(store, direct("d", bob, ann));
			const next = userRecord({ id: "u-new", name: "ann" });
			expect(await codeOf(store.append(add(next, 1_999)))).toBe("name_taken");
			const before = told.committed.length;
			const [made, late] = await Promise.all([store.append(add(next, 2_000)), store.append(say("a", ann, "still here"))]);
			expect(made).toEqual({ ok: true, entries: [] });
			expect(late).toEqual({ ok: false, code: "not_member" });
			const left = { seq: 3, atMs: 2_000, sender: ann, cid: "", body: { case: "left", value: { reason: "expired" } } };
			expect(told.committed.slice(before)).toMatchObject([
				{ room: "a", epoch: 7, entries: [left] },
				{ room: "b", epoch: 7, entries: [left] },
			]);
			expect(await logOf(store, "a")).toEqual(["1 bob created", "2 ann joined", "3 ann left"]);
			expect((await store.userBySkeleton("ann"))?.id).toBe("u-new");
			const old = await store.user(ann.id);
			expect(old).toMatchObject({ name: "ann (gone)", disabled: true, generation: 2 });
			// It stays where it cannot leave: the other one keeps the conversation.
			expect((await store.roomsOf(ann.id)).map(({ id }) => id)).toEqual(["d"]);
			expect((await store.room("d", bob.id))?.peer).toEqual({ id: ann.id, name: "ann (gone)" });
			expect(await codeOf(store.append(change(ann.id, { disabled: false })))).toBe("no_such_user");
		});

		test("a guest with a live session, and any other user, keeps the name", async () => {
			const store = await bench.store();
			await must(store, add(userRecord(ann, { kind: "guest" })));
			await must(store, add(userRecord(bob, { expiresMs: 1 })));
			expect(await codeOf(store.append(add(userRecord({ id: "u-2", name: "ann" }), 9e15)))).toBe("name_taken");
			expect(await codeOf(store.append(add(userRecord({ id: "u-2", name: "bob" }), 9e15)))).toBe("name_taken");
		});

		test("a change of name takes an expired guest's name as well", async () => {
			const store = await bench.store();
			await must(store, add(userRecord(ann, { kind: "guest", expiresMs: 1 })));
			await must(store, create("tea", ann));
			await must(store, add(userRecord(bob)));
			await must(store, change(bob.id, { name: "ann", skeleton: "ann" }));
			expect(await store.user(bob.id)).toMatchObject({ name: "ann" });
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 ann left"]);
			expect(await membersOf(store, "tea")).toEqual([]);
		});

		test("guests are listed by their end, those without one apart, disabled ones not at all", async () => {
			const store = await bench.store();
			await must(store, add(userRecord(ann, { kind: "guest", expiresMs: 20 })));
			await must(store, add(userRecord(bob, { kind: "guest", expiresMs: 10 })));
			await must(store, add(userRecord(cat, { kind: "guest" })));
			await must(store, add(userRecord({ id: "u-1", name: "one" }, { kind: "guest", expiresMs: 5, disabled: true })));
			await must(store, add(userRecord({ id: "u-2", name: "two" }, { expiresMs: 5 })));
			const ids = async (which: "expired" | "live", nowMs: number, limit = 10) =>
				(await store.guests(which, nowMs, limit)).map(({ id }) => id);
			expect(await ids("expired", 20)).toEqual([bob.id, ann.id]);
			expect(await ids("expired", 19.5)).toEqual([bob.id]);
			expect(await ids("expired", 20, 1)).toEqual([bob.id]);
			expect(await ids("live", 0)).toEqual([cat.id]);
		});

		test("users are listed by id, page by page", async () => {
			const store = await bench.store();
			for (const id of ["u-3", "u-1", "u-2"]) await must(store, add(userRecord({ id, name: id })));
			expect((await store.users("", 2)).map(({ id }) => id)).toEqual(["u-1", "u-2"]);
			expect((await store.users("u-2", 2)).map(({ id }) => id)).toEqual(["u-3"]);
		});

		test("the first value put under a key is kept, over a restart too", async () => {
			const store = await bench.store();
			expect(await Promise.all([store.putOnce("k", "first"), store.putOnce("k", "second")])).toEqual(["first", "first"]);
			const again = await bench.restart(store);
			expect(await again.putOnce("k", "third")).toBe("first");
			expect(await again.putOnce("other", "x")).toBe("x");
		});
	});
}

function add(user: UserRecord, nowMs = 1_000): Draft {
	return { kind: "userCreate", user, nowMs };
}

function change(id: string, what: UserChange, nowMs = 1_000): Draft {
	return { kind: "userChange", id, nowMs, change: what };
}
