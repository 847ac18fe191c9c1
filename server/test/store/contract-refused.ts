// Clauses of sends that were refused for good: a cid is answered once.
import { describe, expect, test } from "bun:test";
import { serverCid } from "../../src/base/ids.ts";
import type { Draft, Store, UserRef } from "../../src/store/store.ts";
import type { Bench } from "./contract.ts";
import { ann, bob, cat, codeOf, create, direct, join, leave, logOf, must, refuse, say } from "./drafts.ts";

const LATER_MS = 1_000;

export function refusedClauses(bench: Bench): void {
	/** A store with the room "tea", of which bob is no member. */
	const withTea = async (limits?: Parameters<Bench["store"]>[0]): Promise<Store> => {
		const store = await bench.store(limits);
		await must(store, create("tea", ann));
		return store;
	};
	const hello = (more: { readonly atMs?: number; readonly cid?: string } = {}) => say("tea", bob, "hello", { cid: "c", ...more });

	describe("refused sends", () => {
		test("a copy of a send that was refused for good is refused alike, also when it could be said by now", async () => {
			const store = await withTea();
			expect(await codeOf(store.append(hello()))).toBe("not_member");
			await must(store, join("tea", bob));
			expect(await codeOf(store.append(hello()))).toBe("not_member");
			expect(await codeOf(store.append(say("tea", bob, "other words", { cid: "c" })))).toBe("not_member");
			await must(store, say("tea", bob, "hello", { cid: "new" }));
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 bob joined", "3 bob hello"]);
		});

		test("the cid is refused to its sender only", async () => {
			const store = await withTea();
			expect(await codeOf(store.append(hello()))).toBe("not_member");
			expect(await must(store, say("tea", ann, "hello", { cid: "c" }))).toMatchObject({ seq: 2 });
		});

		test("a send that is in the log is answered with its entry, whatever would be refused now", async () => {
			const store = await withTea();
			await must(store, join("tea", bob));
			await must(store, hello());
			await must(store, leave("tea", bob));
			expect(await must(store, hello())).toMatchObject({
				...{ seq: 3, atMs: 1_000, repeated: true, entries: [], room: { id: "tea" } },
			});
			const said = { cid: "c", text: "hello" };
			const elsewhere = [refuse(bob, said), direct("d", bob, ann, said), say("nowhere", bob, "hello", { cid: "c" })];
			for (const draft of elsewhere) expect(await codeOf(store.append(draft))).toBe("cid_reused");
			expect(await store.directRoom(ann.id, bob.id)).toBeUndefined();
		});

		test("a send that is in a direct conversation is answered with its entry when it would be opened anew", async () => {
			const store = await bench.store();
			const said = { cid: "c", text: "hello" };
			await must(store, direct("d", ann, bob, said));
			await must(store, say("d", ann, "hello", { cid: "c" }));
			expect(await must(store, direct("e", ann, bob, said))).toMatchObject({ seq: 2, repeated: true, room: { id: "d" } });
			expect(await codeOf(store.append(direct("e", ann, cat, said)))).toBe("cid_reused");
			expect(await store.directRoom(ann.id, cat.id)).toBeUndefined();
		});

		test("no conversation is opened for a send that is out of order", async () => {
			const store = await withTea();
			const second = direct("d", ann, bob, { cid: "c2", text: "2", behind: "c1" });
			expect(await codeOf(store.append(second))).toBe("out_of_order");
			expect(await store.directRoom(ann.id, bob.id)).toBeUndefined();
			await must(store, say("tea", ann, "1", { cid: "c1" }));
			expect(await must(store, second)).toMatchObject({ room: { id: "d" } });
		});

		test("what is refused before it is a draft is refused for good in its place of the order", async () => {
			const store = await withTea();
			await must(store, join("tea", bob));
			expect(await codeOf(store.append(refuse(bob, { cid: "c", text: "hello" }, "no_such_user")))).toBe("no_such_user");
			expect(await codeOf(store.append(hello()))).toBe("no_such_user");
			expect(await codeOf(store.append(refuse(bob, { cid: "c", text: "hello" }, "no_such_room")))).toBe("no_such_user");
			expect(await codeOf(store.append(direct("d", bob, ann, { cid: "c", text: "hello" })))).toBe("no_such_user");
			expect(await store.directRoom(ann.id, bob.id)).toBeUndefined();
		});

		test("a conversation that cannot be opened refuses the send for which it was to be", async () => {
			const store = await bench.store({ roomsPerUserMax: 1 });
			await must(store, create("tea", bob));
			expect(await codeOf(store.append(direct("d", bob, ann, { cid: "c", text: "hello" })))).toBe("too_many_rooms");
			expect(await codeOf(store.append(hello()))).toBe("too_many_rooms");
			expect(await codeOf(store.append(direct("d", bob, ann)))).toBe("too_many_rooms");
			expect(await must(store, say("tea", bob, "hello"))).toMatchObject({ seq: 2 });
		});

		test("what is refused for now may be said later under the same cid", async () => {
			const store = await withTea();
			expect(await codeOf(store.append(say("tea", ann, "2", { cid: "c2", behind: "c1" })))).toBe("out_of_order");
			await must(store, say("tea", ann, "1", { cid: "c1" }));
			expect(await codeOf(store.append(say("tea", ann, "1, in other words", { cid: "c1" })))).toBe("cid_reused");
			await must(store, say("tea", ann, "2", { cid: "c2", behind: "c1" }));
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 ann 1", "3 ann 2"]);
		});

		test("nothing stands behind a refused send, before which another may come yet; the answer says that it was refused", async () => {
			const store = await withTea();
			await must(store, join("tea", bob));
			await codeOf(store.append(refuse(bob, { cid: "c", text: "hello" })));
			for (const draft of [
				say("tea", bob, "next", { cid: "d", behind: "c" }),
				direct("d", bob, ann, { cid: "d", text: "next", behind: "c" }),
			]) {
				expect(await store.append(draft)).toEqual({ ok: false, code: "out_of_order", note: "behind" });
			}
			const early = say("tea", bob, "next", { cid: "d", behind: "never" });
			expect(await store.append(early)).toEqual({ ok: false, code: "out_of_order" });
			await must(store, say("tea", bob, "next", { cid: "d" }));
		});

		test("the answer of before is told from the first one", async () => {
			const store = await withTea();
			expect(await store.append(hello())).toEqual({ ok: false, code: "not_member" });
			expect(await store.append(hello())).toEqual({ ok: false, code: "not_member", note: "before" });
		});

		test("no refusal is kept under a cid that the server has made", async () => {
			const store = await withTea();
			const cid = serverCid(new Uint8Array(16));
			expect(await codeOf(store.append(hello({ cid })))).toBe("not_member");
			await must(store, join("tea", bob));
			await must(store, hello({ cid }));
		});

		test("copies in one batch have one answer", async () => {
			const store = await withTea();
			const drafts = [
				...[hello(), join("tea", bob), hello(), say("tea", bob, "1", { cid: "d" })],
				...[leave("tea", bob), say("tea", bob, "1", { cid: "d" }), hello(), refuse(bob, { cid: "d", text: "1" })],
			];
			expect(await Promise.all(drafts.map((draft) => codeOf(store.append(draft))))).toEqual([
				...["not_member", "ok", "not_member", "ok"],
				...["ok", "ok", "not_member", "cid_reused"],
			]);
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 bob joined", "3 bob 1", "4 bob left"]);
		});

		test("refused sends and repeats in the midst of a long batch have their first answers", async () => {
			const store = await withTea();
			const draft = (n: number) =>
				n % 3 === 0 ? say("tea", bob, `${n}`, { cid: `${n}` }) : say("tea", ann, `${n % 50}`, { cid: `${n % 50}` });
			const batch = Array.from({ length: 900 }, (_, n) => draft(n));
			const first = await Promise.all(batch.map((each) => codeOf(store.append(each))));
			expect(first).toEqual(batch.map((_, n) => (n % 3 === 0 ? "not_member" : "ok")));
			await must(store, join("tea", bob));
			expect(await Promise.all(batch.map((each) => codeOf(store.append(each))))).toEqual(first);
			expect(await logOf(store, "tea")).toHaveLength(52);
		});

		test("a refused send is refused after a restart, too", async () => {
			const store = await withTea();
			expect(await codeOf(store.append(hello()))).toBe("not_member");
			const again = await bench.restart(store);
			await must(again, join("tea", bob));
			expect(await codeOf(again.append(hello()))).toBe("not_member");
		});

		test("one that is older than the limit is no answer, though no other send was refused since; it is refused anew, also after a restart", async () => {
			const limits = { refusedSendsMs: LATER_MS };
			const store = await withTea(limits);
			expect(await codeOf(store.append(hello({ atMs: 1 })))).toBe("not_member");
			expect(await codeOf(store.append(hello({ cid: "d", atMs: 2 })))).toBe("not_member");
			const again = await bench.restart(store, limits);
			// Refused anew, and kept from then on.
			expect(await again.append(hello({ cid: "d", atMs: LATER_MS + 3 }))).toEqual({ ok: false, code: "not_member" });
			const third = await bench.restart(again, limits);
			await must(third, join("tea", bob));
			expect(await codeOf(third.append(hello({ atMs: LATER_MS + 1 })))).toBe("not_member");
			expect(await codeOf(third.append(hello({ cid: "d", atMs: 2 * LATER_MS + 3 })))).toBe("not_member");
			await must(third, hello({ atMs: LATER_MS + 2 }));
			await must(third, hello({ cid: "d", atMs: 2 * LATER_MS + 4 }));
		});

		test("one that was refused anew within a batch counts from then on", async () => {
			const store = await withTea({ refusedSendsMs: LATER_MS });
			const times = [0, LATER_MS + 1];
			const drafts = times.map((atMs) => store.append(hello({ atMs })));
			expect(await Promise.all(drafts.map(codeOf))).toEqual(["not_member", "not_member"]);
			await must(store, join("tea", bob));
			expect(await codeOf(store.append(hello({ atMs: 2 * LATER_MS + 1 })))).toBe("not_member");
			await must(store, hello({ atMs: 2 * LATER_MS + 2 }));
		});

		test("one that was stamped by a clock far ahead is no answer for ever", async () => {
			const store = await withTea({ refusedSendsMs: LATER_MS });
			expect(await codeOf(store.append(hello({ atMs: 1e12 })))).toBe("not_member");
			await must(store, join("tea", bob));
			await must(store, hello({ atMs: 1_000 }));
		});

		test("of more than the limit the oldest are forgotten, also after a restart", async () => {
			const limits = { refusedSendsMax: 3 };
			const store = await withTea(limits);
			for (const cid of ["1", "2", "3"]) await codeOf(store.append(hello({ cid })));
			const again = await bench.restart(store, limits);
			await codeOf(again.append(hello({ cid: "4" })));
			await must(again, join("tea", bob));
			const codes = ["1", "2", "3", "4"].map((cid) => codeOf(again.append(hello({ cid }))));
			expect(await Promise.all(codes)).toEqual(["ok", "not_member", "not_member", "not_member"]);
		});

		test("whoever has most of them loses its own first, and nobody another's", async () => {
			const limits = { refusedSendsMax: 9 };
			const store = await withTea(limits);
			const flood = (sender: UserRef, n: number) =>
				Promise.all(Array.from({ length: n }, (_, i) => store.append(refuse(sender, { cid: `f${i}`, text: "x" }))));
			for (const cid of ["1", "2", "3"]) await codeOf(store.append(hello({ cid })));
			await flood(ann, 20);
			await flood(cat, 20);
			await must(store, join("tea", bob));
			for (const cid of ["1", "2", "3"]) expect(await codeOf(store.append(hello({ cid })))).toBe("not_member");
			await must(store, join("tea", cat));
			expect(await codeOf(store.append(say("tea", cat, "x", { cid: "f19" })))).toBe("no_such_user");
			expect(await codeOf(store.append(say("tea", cat, "x", { cid: "f0" })))).toBe("ok");
		});

		test("those that are too old go before any that count", async () => {
			const limits = { refusedSendsMax: 4, refusedSendsMs: LATER_MS };
			const store = await withTea(limits);
			for (const [cid, sender] of [
				["1", ann],
				["2", cat],
			] as const) {
				await codeOf(store.append({ ...refuse(sender, { cid, text: "x" }), atMs: 0 } as Draft));
			}
			for (const cid of ["1", "2", "3"]) await codeOf(store.append(hello({ cid, atMs: LATER_MS + 1 })));
			await must(store, join("tea", bob));
			for (const cid of ["1", "2", "3"]) {
				expect(await codeOf(store.append(hello({ cid, atMs: LATER_MS + 1 })))).toBe("not_member");
			}
		});
	});
}
