// Clauses of the log: dense, in order, each send once.
import { describe, expect, test } from "bun:test";
import type { Bench } from "./contract.ts";
import { ann, bob, cat, codeOf, create, invite, join, leave, logOf, must, rename, say, Told } from "./drafts.ts";

export function logClauses(bench: Bench): void {
	describe("log", () => {
		test("a room's first entry is its creation, and messages follow it densely", async () => {
			const store = await bench.store();
			const { entries, room } = await must(store, create("tea", ann));
			expect(entries.map(({ seq, body }) => [seq, body.case])).toEqual([[1, "created"]]);
			expect(room).toMatchObject({ id: "tea", name: "tea", epoch: 7, head: 1, members: 1 });
			const said = await must(store, say("tea", ann, "hello", { cid: "c-1" }));
			expect(said).toMatchObject({ seq: 2, atMs: 1_000, room: { head: 2 } });
			expect(said.entries).toEqual([
				{
					$typeName: "verbatim.v1.Entry",
					seq: 2,
					atMs: 1_000,
					sender: { $typeName: "verbatim.v1.User", ...ann },
					cid: "c-1",
					body: { case: "message", value: { $typeName: "verbatim.v1.MessageBody", text: "hello" } },
				},
			]);
		});

		test("what is read is what was said, word for word", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			const texts = [
				"",
				" ",
				"a\u0000b",
				"\u{1f600} café e\u0301",
				"\r\n\t\u2028",
				"\"\\'",
				"x".repeat(8_192),
				"\ufeffbom",
				"-0",
			];
			const written = await Promise.all(texts.map((text) => must(store, say("tea", ann, text))));
			const page = await store.page("tea", { after: 1 }, 100, 1 << 20);
			expect(page?.entries.map(({ body }) => (body.case === "message" ? body.value.text : body.case))).toEqual(texts);
			expect(page?.entries).toEqual(written.flatMap(({ entries }) => entries));
		});

		test("seqs are dense and in the order of the calls, over many rooms at once", async () => {
			const store = await bench.store();
			const rooms = ["a", "b", "c", "d"];
			for (const room of rooms) await must(store, create(room, ann));
			const sends: Promise<{ room: string; n: number; seq: number | undefined }>[] = [];
			for (let n = 0; n < 400; n++) {
				const room = rooms[n % rooms.length] ?? "";
				sends.push(must(store, say(room, ann, `${n}`)).then(({ seq }) => ({ room, n, seq })));
				// Some batches are under way while others gather.
				if (n % 37 === 0) await sends[n];
			}
			const done = await Promise.all(sends);
			for (const room of rooms) {
				const own = done.filter((one) => one.room === room);
				expect(own.map(({ seq }) => seq)).toEqual(own.map((_, i) => i + 2));
				expect(await logOf(store, room)).toEqual(["1 ann created", ...own.map(({ n, seq }) => `${seq} ann ${n}`)]);
			}
		});

		test("the same cid again gives the first result and writes nothing", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			const first = await must(store, say("tea", ann, "once", { cid: "same" }));
			await must(store, say("tea", ann, "between"));
			const second = await store.append({ ...say("tea", ann, "once", { cid: "same" }), atMs: 9_999 } as never);
			expect(second).toMatchObject({
				ok: true,
				entries: [],
				seq: first.seq,
				atMs: 1_000,
				repeated: true,
				room: { id: "tea", head: 3 },
			});
			expect(await logOf(store, "tea")).toHaveLength(3);
		});

		test("the same cid many times at once is one entry", async () => {
			const store = await bench.store();
			const told = new Told(store);
			await must(store, create("tea", ann));
			const outcomes = await Promise.all(Array.from({ length: 50 }, () => must(store, say("tea", ann, "once", { cid: "same" }))));
			expect(new Set(outcomes.map(({ seq }) => seq))).toEqual(new Set([2]));
			expect(outcomes.filter(({ repeated }) => !repeated)).toHaveLength(1);
			expect(told.seqs("tea")).toEqual([1, 2]);
		});

		test("repeats in the midst of a long batch are answered with their places, and the sends between them go on", async () => {
			const store = await bench.store();
			const told = new Told(store);
			await must(store, create("tea", ann));
			await must(store, join("tea", bob));
			const before = Array.from({ length: 300 }, (_, n) => say("tea", ann, `${n}`, { cid: `old${n}` }));
			await Promise.all(before.map((draft) => must(store, draft)));
			const batch = Array.from({ length: 900 }, (_, n) => {
				const isOld = n % 3 === 1;
				return isOld
					? say("tea", ann, `${(n - 1) / 3}`, { cid: `old${(n - 1) / 3}` })
					: say("tea", bob, `${n}`, { cid: `new${n}` });
			});
			const outcomes = await Promise.all([...batch, ...batch].map((draft) => must(store, draft)));
			let head = 302;
			const seqs = batch.map((_, n) => (n % 3 === 1 ? 3 + (n - 1) / 3 : ++head));
			expect(outcomes.map(({ seq }) => seq)).toEqual([...seqs, ...seqs]);
			expect(outcomes.slice(900).every(({ repeated }) => repeated === true)).toBe(true);
			expect(told.seqs("tea")).toEqual(Array.from({ length: 902 }, (_, i) => i + 1));
		});

		test("a cid is the sender's own: another may use the same", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			await must(store, join("tea", bob));
			expect((await must(store, say("tea", ann, "mine", { cid: "same" }))).seq).toBe(3);
			expect((await must(store, say("tea", bob, "mine", { cid: "same" }))).seq).toBe(4);
		});

		test("a cid used for other words, or another room, is refused: cid_reused", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			await must(store, create("coffee", ann));
			await must(store, say("tea", ann, "one", { cid: "same" }));
			expect(await codeOf(store.append(say("tea", ann, "two", { cid: "same" })))).toBe("cid_reused");
			expect(await codeOf(store.append(say("coffee", ann, "one", { cid: "same" })))).toBe("cid_reused");
			const both = [say("tea", ann, "three", { cid: "c3" }), say("tea", ann, "four", { cid: "c3" })];
			expect(await Promise.all(both.map((draft) => codeOf(store.append(draft))))).toEqual(["ok", "cid_reused"]);
		});

		test("a repeat is answered even when its sender has left", async () => {
			const store = await bench.store();
			await must(store, create("tea", bob));
			await must(store, join("tea", ann));
			await must(store, say("tea", ann, "last", { cid: "same" }));
			await must(store, leave("tea", ann));
			expect(await must(store, say("tea", ann, "last", { cid: "same" }))).toMatchObject({ seq: 3, repeated: true });
			expect(await codeOf(store.append(say("tea", ann, "more")))).toBe("not_member");
		});

		test("a cid belongs to any kind of entry: the same again gives the first result, other content is refused: cid_reused", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			await must(store, join("tea", bob, { cid: "in" }));
			await must(store, rename("tea", ann, "pub", { cid: "name" }));
			await must(store, invite("tea", ann, cat, { cid: "come" }));
			await must(store, leave("tea", bob, "", { cid: "out" }));
			const again = () => [
				join("tea", bob, { cid: "in" }),
				rename("tea", ann, "pub", { cid: "name" }),
				invite("tea", ann, cat, { cid: "come" }),
				leave("tea", bob, "", { cid: "out" }),
			];
			// Where all of it is so already, and where nothing is: the invitation accepted, the room renamed, the member back.
			const first = [2, 3, 4, 5].map((seq) => ({ ok: true, seq, atMs: 1_000, repeated: true, entries: [], room: { id: "tea" } }));
			expect(await Promise.all(again().map((draft) => store.append(draft)))).toMatchObject(first);
			await must(store, join("tea", cat));
			await must(store, rename("tea", ann, "den"));
			await must(store, join("tea", bob));
			expect(await Promise.all(again().map((draft) => store.append(draft)))).toMatchObject(first);
			const others = [
				say("tea", bob, "", { cid: "in" }),
				rename("tea", ann, "bar", { cid: "name" }),
				invite("tea", ann, bob, { cid: "come" }),
				leave("tea", bob, "for a reason", { cid: "out" }),
				join("tea", bob, { cid: "out" }),
			];
			const codes = await Promise.all(others.map((draft) => codeOf(store.append(draft))));
			expect(codes).toEqual(others.map(() => "cid_reused"));
			expect(await logOf(store, "tea")).toHaveLength(8);
		});

		test("a cid whose entry did not have to be written is free", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			const { entries, seq } = await must(store, join("tea", ann, { cid: "c" }));
			expect([entries, seq]).toEqual([[], undefined]);
			expect(await must(store, say("tea", ann, "hello", { cid: "c" }))).toMatchObject({ seq: 2 });
		});

		test("any entry can stand behind another, and is refused for good like a message", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			expect(await codeOf(store.append(join("tea", bob, { cid: "in", behind: "said" })))).toBe("out_of_order");
			expect(await codeOf(store.append(rename("tea", bob, "pub", { cid: "name" })))).toBe("not_member");
			await must(store, join("tea", bob, { cid: "in" }));
			expect(await codeOf(store.append(leave("tea", bob, "", { cid: "name" })))).toBe("not_member");
			await must(store, leave("tea", bob, "", { cid: "out", behind: "in" }));
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 bob joined", "3 bob left"]);
		});

		test("a cid is kept over a restart", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			await must(store, say("tea", ann, "once", { cid: "same" }));
			const again = await bench.restart(store);
			expect(await must(again, say("tea", ann, "once", { cid: "same" }))).toMatchObject({ seq: 2, repeated: true });
			expect((await must(again, say("tea", ann, "next"))).seq).toBe(3);
		});

		test("a send behind one that is not in the log is out_of_order; behind one that is, or comes earlier in the batch, it goes", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			expect(await codeOf(store.append(say("tea", ann, "2", { cid: "b", behind: "a" })))).toBe("out_of_order");
			const batch = [
				say("tea", ann, "1", { cid: "a" }),
				say("tea", ann, "2", { cid: "b", behind: "a" }),
				say("nowhere", ann, "3", { cid: "c", behind: "b" }),
				say("tea", ann, "4", { cid: "d", behind: "c" }),
			];
			expect(await Promise.all(batch.map((draft) => codeOf(store.append(draft))))).toEqual([
				"ok",
				"ok",
				"no_such_room",
				"out_of_order",
			]);
			expect(await codeOf(store.append(say("tea", ann, "5", { cid: "e", behind: "b" })))).toBe("ok");
			expect(await codeOf(store.append(say("tea", bob, "x", { behind: "b" })))).toBe("not_member");
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 ann 1", "3 ann 2", "4 ann 5"]);
		});

		test("a full room takes nothing more, and still answers repeats", async () => {
			const store = await bench.store({ seqMax: 3 });
			await must(store, create("tea", ann));
			await must(store, say("tea", ann, "2"));
			await must(store, say("tea", ann, "3", { cid: "third" }));
			expect(await codeOf(store.append(say("tea", ann, "4")))).toBe("room_full");
			expect(await codeOf(store.append(join("tea", bob)))).toBe("room_full");
			expect(await must(store, say("tea", ann, "3", { cid: "third" }))).toMatchObject({ seq: 3, repeated: true });
		});

		test("a message needs membership, and its place in the order decides", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			const codes = await Promise.all(
				[say("tea", bob, "early"), join("tea", bob), say("tea", bob, "in"), leave("tea", bob), say("tea", bob, "late")].map(
					(draft) => codeOf(store.append(draft)),
				),
			);
			expect(codes).toEqual(["not_member", "ok", "ok", "ok", "not_member"]);
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 bob joined", "3 bob in", "4 bob left"]);
		});
	});
}
