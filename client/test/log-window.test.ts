import { describe, expect, test } from "bun:test";
import { create, EntrySchema } from "@verbatim/protocol";
import fc from "fast-check";
import { type Entry, withText } from "../src/base/entry.ts";
import { LogWindow, runOf, runOfPage } from "../src/room/log-window.ts";

const entry = (seq: number) => create(EntrySchema, { seq, body: { case: "message", value: { text: `#${seq}` } } });
const entries = (from: number, to: number): Entry[] =>
	withText(Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => entry(from + i)));
const run = (from: number, to: number, epoch = 1) => ({ epoch, from, to, entries: entries(from, to) });
const seqs = (window: LogWindow): number[] => window.entries.map(({ seq }) => seq);

describe("a window", () => {
	test("takes what continues it, once, and gives what was new", () => {
		const window = new LogWindow(1, 10);
		expect([window.from, window.to]).toEqual([11, 10]);
		expect(window.extend(run(11, 12))).toMatchObject({ kind: "extended", fresh: [{ seq: 11 }, { seq: 12 }] });
		expect(window.extend(run(10, 13))).toMatchObject({ fresh: [{ seq: 13 }] });
		expect(window.extend(run(1, 13))).toMatchObject({ kind: "extended", fresh: [] });
		expect(seqs(window)).toEqual([11, 12, 13]);
	});

	test("refuses a hole and says which, and another epoch, and is unchanged by both", () => {
		const window = new LogWindow(1, 0);
		window.extend(run(1, 3));
		expect(window.extend(run(6, 7))).toEqual({ kind: "gap", from: 4, to: 5 });
		expect(window.extend(run(4, 5, 2))).toEqual({ kind: "epoch" });
		expect(window.prepend(run(1, 2))).toBe(0);
		expect(seqs(window)).toEqual([1, 2, 3]);
	});

	test("takes older pages only where they touch it", () => {
		const window = new LogWindow(1, 20);
		expect(window.prepend(run(5, 10))).toBe(0);
		expect(window.prepend(run(15, 22))).toBe(6);
		expect([window.from, window.to]).toEqual([15, 20]);
		expect(window.prepend(run(10, 14, 9))).toBe(0);
		window.trim(2);
		expect(seqs(window)).toEqual([19, 20]);
		expect(window.prepend(run(1, 18))).toBe(18);
	});

	test("gives the same array until something changes", () => {
		const window = new LogWindow(1, 0);
		window.extend(run(1, 2));
		const before = window.entries;
		window.extend(run(1, 2));
		expect(window.entries).toBe(before);
		window.extend(run(3, 3));
		expect(window.entries).not.toBe(before);
		expect(before.length).toBe(2);
	});

	test("stays dense and in order, whatever comes in whatever order", () => {
		const step = fc.oneof(
			fc.record({
				kind: fc.constantFrom("extend", "prepend", "reset"),
				from: fc.integer({ min: 1, max: 60 }),
				length: fc.integer({ min: 0, max: 20 }),
				epoch: fc.constantFrom(1, 1, 1, 2),
			}),
			fc.record({
				kind: fc.constant("trim"),
				from: fc.constant(0),
				length: fc.integer({ min: 0, max: 30 }),
				epoch: fc.constant(1),
			}),
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 30 }), (steps, base) => {
				const window = new LogWindow(1, base);
				for (const { kind, from, length, epoch } of steps) {
					const piece = run(from, from + length - 1, epoch);
					const before = window.to;
					if (kind === "extend") {
						const result = window.extend(piece);
						if (result.kind === "extended")
							expect(result.fresh.map(({ seq }) => seq)).toEqual(entries(before + 1, window.to).map(({ seq }) => seq));
						else expect(window.to).toBe(before);
					} else if (kind === "prepend") window.prepend(piece);
					else if (kind === "reset") window.reset(piece);
					else window.trim(length);
					expect(seqs(window)).toEqual(Array.from({ length: window.length }, (_, i) => window.from + i));
					expect(window.to).toBe(window.from + window.length - 1);
				}
			}),
		);
	});
});

describe("a run", () => {
	test("is refused when it is not dense, or not what its page says", () => {
		expect(runOf(1, 4, [entry(4), entry(6)])).toBeUndefined();
		expect(runOfPage({ epoch: 1, from: 1, to: 3, entries: entries(1, 2) })).toBeUndefined();
		expect(runOfPage({ epoch: 1, from: 2, to: 2, entries: entries(1, 1) })).toBeUndefined();
		expect(runOfPage({ epoch: 1, from: 1, to: 0, entries: [] })).toMatchObject({ from: 1, to: 0 });
	});
});
