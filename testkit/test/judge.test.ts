import { describe, expect, test } from "bun:test";
import { type Acknowledged, type FinalLog, judge, type Reading } from "../src/crash/judge.ts";

const log: FinalLog = { room: "tea", seqs: [1, 2, 3], texts: [undefined, "a", "b"] };
const acknowledged: Acknowledged[] = [{ room: "tea", seq: 2, text: "a" }];
const reading: Reading = { reader: "r", room: "tea", seqs: [1, 2, 3], texts: [undefined, "a", "b"] };

function counts(...[acks, readings, logs]: Parameters<typeof judge>) {
	const { lost, doubled, holes } = judge(acks, readings, logs);
	return { lost, doubled, holes };
}

describe("the judge of a crash test", () => {
	test("passes a clean history", () => {
		expect(counts(acknowledged, [reading], [log])).toEqual({ lost: 0, doubled: 0, holes: 0 });
	});

	test("finds an acknowledged message that is not in the log, or not at its seq", () => {
		expect(counts([{ room: "tea", seq: 4, text: "c" }], [reading], [log]).lost).toBe(1);
		expect(counts([{ room: "tea", seq: 3, text: "a" }], [reading], [log]).lost).toBe(1);
		expect(counts([{ room: "den", seq: 2, text: "a" }], [reading], [log]).lost).toBe(1);
	});

	test("finds a message that stands in the log twice", () => {
		const twice = { ...log, seqs: [1, 2, 3, 4], texts: [undefined, "a", "b", "a"] };
		expect(counts(acknowledged, [], [twice]).doubled).toBe(1);
	});

	test("finds a hole in the log", () => {
		expect(counts([], [], [{ ...log, seqs: [1, 3, 4] }]).holes).toBeGreaterThan(0);
	});

	test("finds a reader that was given something twice, out of order, not at all, or otherwise", () => {
		expect(counts([], [{ ...reading, seqs: [1, 2, 2, 3], texts: [undefined, "a", "a", "b"] }], [log]).doubled).toBe(1);
		expect(counts([], [{ ...reading, seqs: [1, 3, 2], texts: [undefined, "b", "a"] }], [log]).holes).toBeGreaterThan(0);
		expect(counts([], [{ ...reading, seqs: [1, 2], texts: [undefined, "a"] }], [log]).holes).toBe(1);
		expect(counts([], [{ ...reading, texts: [undefined, "a", "B"] }], [log]).holes).toBe(1);
	});
});
