import { expect, test } from "bun:test";
import { create, type Entry, EntrySchema } from "@verbatim/protocol";
import { Printed } from "../src/talk/printed.ts";

const entry = (seq: number, cid = `c${seq}`): Entry => create(EntrySchema, { seq, cid, atMs: 1_000 + seq });

test("knows the entries that were added, and no others under their seqs", () => {
	const printed = new Printed();
	for (let seq = 5; seq <= 10; seq++) printed.add(entry(seq));
	expect(printed.has(entry(7))).toBe(true);
	expect(printed.has(entry(7, "another"))).toBe(false);
	expect(printed.has(entry(4))).toBe(false);
	printed.add(entry(7, "another"));
	expect([printed.oldest, printed.newest]).toEqual([5, 7]);
	expect(printed.has(entry(8))).toBe(false);
	printed.clear();
	expect([printed.oldest, printed.newest]).toEqual([undefined, 0]);
});

test("keeps the newest only, in bounded memory", () => {
	const printed = new Printed(10);
	for (let seq = 1; seq <= 1_000; seq++) printed.add(entry(seq));
	expect(printed.newest).toBe(1_000);
	expect(printed.oldest).toBeGreaterThan(980);
	expect(printed.has(entry(1_000))).toBe(true);
	expect(printed.has(entry(printed.oldest ?? 0))).toBe(true);
});
