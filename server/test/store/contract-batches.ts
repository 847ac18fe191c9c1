// Clauses of batches: told before resolved, bounded, independent, finished at close.
import { describe, expect, test } from "bun:test";
import type { Draft, Store } from "../../src/store/store.ts";
import type { Bench } from "./contract.ts";
import { ann, bob, codeOf, create, join, logOf, must, say, Told } from "./drafts.ts";

export function batchClauses(bench: Bench): void {
	describe("batches", () => {
		test("what arrives while a batch is under way is the next batch", async () => {
			const store = await bench.store();
			const told = new Told(store);
			await must(store, create("tea", ann));
			await Promise.all(Array.from({ length: 100 }, (_, n) => must(store, say("tea", ann, `${n}`))));
			expect(told.batches.map(({ drafts }) => drafts)).toEqual([1, 100]);
			expect(store.stats()).toMatchObject({ batches: 2, drafts: 101, waiting: 0, waitingBytes: 0, oldestMs: 0 });
		});

		test("listeners are told of a batch before its promises resolve, and of batches in order", async () => {
			const store = await bench.store({ batchDraftsMax: 7 });
			const seen: string[] = [];
			store.listen({
				committed: (rooms) => {
					for (const { entries } of rooms) for (const { seq } of entries) seen.push(`committed ${seq}`);
				},
				batch: () => seen.push("batch"),
				broken: () => {},
			});
			await must(store, create("tea", ann));
			const sends = Array.from({ length: 30 }, (_, n) =>
				must(store, say("tea", ann, `${n}`)).then(({ seq }) => {
					expect(seen).toContain(`committed ${seq}`);
					seen.push(`resolved ${seq}`);
				}),
			);
			await Promise.all(sends);
			for (const verb of ["committed", "resolved"]) {
				const seqs = seen.filter((line) => line.startsWith(verb)).map((line) => Number(line.split(" ")[1]));
				expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
			}
			expect(seen.filter((line) => line === "batch").length).toBe(6);
		});

		test("a listener that throws is told of it, and holds up neither the others nor whoever waits for an answer", async () => {
			const store = await bench.store();
			const seen: string[] = [];
			store.listen({
				committed: () => {
					throw new Error("a bug of whoever delivers");
				},
				batch: ({ drafts }) => {
					seen.push(`batch of ${drafts}`);
					throw new Error("a bug of whoever counts");
				},
				broken: (cause) => seen.push(String(cause)),
			});
			await must(store, create("tea", ann));
			await must(store, say("tea", ann, "1"));
			const told = ["Error: a bug of whoever delivers", "batch of 1", "Error: a bug of whoever counts"];
			expect(seen).toEqual([...told, ...told]);
		});

		test("a batch is told once, with its rooms in the order of their first entry", async () => {
			const store = await bench.store();
			const calls: string[][] = [];
			store.listen({
				committed: (rooms) =>
					calls.push(rooms.map(({ room, epoch, entries }) => `${room} ${epoch} ${entries.map(({ seq }) => seq)}`)),
				batch: () => {},
				broken: () => {},
			});
			for (const room of ["a", "b"]) await must(store, create(room, ann));
			await Promise.all(
				[say("b", ann, "1"), say("a", ann, "2"), say("b", ann, "3"), say("nowhere", ann, "4")].map((d) => store.append(d)),
			);
			expect(calls).toEqual([["a 7 1"], ["b 7 1"], ["b 7 2,3", "a 7 2"]]);
		});

		test("nothing is read before it is committed, and everything right after its acknowledgement", async () => {
			const store = await bench.store();
			const told = new Told(store);
			await must(store, create("tea", ann));
			for (let n = 0; n < 30; n++) {
				const send = must(store, say("tea", ann, `${n}`));
				const before = await store.page("tea", { before: 0 }, 5, 1 << 20);
				// A read may see what is durable already and about to be told; never anything beyond the batch under way.
				expect(before?.head).toBeLessThanOrEqual(n + 2);
				const { seq } = await send;
				expect((await store.page("tea", { before: 0 }, 1, 1 << 20))?.head).toBe(seq as number);
				expect(told.seqs("tea").at(-1)).toBe(seq as number);
			}
		});

		test("too many waiting drafts are refused at once as busy, and those before them are carried out", async () => {
			const store = await bench.store({ draftsWaitingMax: 10 });
			await must(store, create("tea", ann));
			const codes = await Promise.all(Array.from({ length: 15 }, (_, n) => codeOf(store.append(say("tea", ann, `${n}`)))));
			expect(codes).toEqual([...Array(10).fill("ok"), ...Array(5).fill("busy")]);
			expect(await logOf(store, "tea")).toHaveLength(11);
		});

		test("what waits is bounded in bytes too, but a single draft always fits", async () => {
			const store = await bench.store({ draftBytesWaitingMax: 4_096 });
			await must(store, create("tea", ann));
			const text = "x".repeat(1_000);
			const codes = await Promise.all(Array.from({ length: 4 }, (_, n) => codeOf(store.append(say("tea", ann, `${n}${text}`)))));
			expect(codes).toEqual(["ok", "busy", "busy", "busy"]);
			expect(await codeOf(store.append(say("tea", ann, text.repeat(5))))).toBe("ok");
		});

		test("a draft that fails by our mistake fails alone: internal", async () => {
			const store = await bench.store();
			const told = new Told(store);
			await must(store, create("tea", ann));
			const broken = [{ ...say("tea", ann, "no sender"), sender: null }, { kind: "nonsense" }] as unknown as Draft[];
			const drafts = [say("tea", ann, "before"), ...broken, join("tea", bob), say("tea", bob, "after")];
			const codes = await Promise.all(drafts.map((draft) => codeOf(store.append(draft))));
			expect(codes).toEqual(["ok", "internal", "internal", "ok", "ok"]);
			expect(await logOf(store, "tea")).toEqual(["1 ann created", "2 ann before", "3 bob joined", "4 bob after"]);
			expect(told.seqs("tea")).toEqual([1, 2, 3, 4]);
			expect(told.batches.at(-1)?.error).toBeString();
		});

		test("close finishes what was appended, and refuses what comes later", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			const sends = Array.from({ length: 20 }, (_, n) => codeOf(store.append(say("tea", ann, `${n}`))));
			const closed = store.close();
			expect(await codeOf(store.append(say("tea", ann, "late")))).toBe("unavailable");
			expect(await Promise.all(sends)).toEqual(Array(20).fill("ok"));
			await closed;
			await store.close();
			// Bun's `.rejects` takes nothing from a MessageChannel while it waits.
			const refused = await store.page("tea", { before: 0 }, 1, 1).catch((cause: unknown) => cause);
			expect(refused).toMatchObject({ code: "unavailable" });
			expect(await store.healthy()).toBe(false);
			expect(await logOf(await bench.restart(store), "tea")).toHaveLength(21);
		});

		test("a store that is open says it can commit", async () => {
			const store: Store = await bench.store();
			expect(await store.healthy()).toBe(true);
		});
	});
}
