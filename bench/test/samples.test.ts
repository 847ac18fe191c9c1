import { describe, expect, test } from "bun:test";
import { Samples } from "../src/load/samples.ts";
import { median } from "../src/math.ts";

describe("samples", () => {
	test("a percentile is the nearest rank", () => {
		const samples = of(Array.from({ length: 100 }, (_, i) => 100 - i));
		expect([0.01, 0.5, 0.99, 1].map((share) => samples.percentile(share))).toEqual([1, 50, 99, 100]);
		expect(of([7]).percentile(0.5)).toBe(7);
		expect(of([]).percentile(0.5)).toBeUndefined();
	});

	test("merged samples are one population: a small slow run does not weigh as much as a large fast one", () => {
		const fast = of(Array.from({ length: 990 }, () => 1));
		const slow = of(Array.from({ length: 10 }, () => 100));
		const merged = Samples.merge([slow, fast]);
		expect(merged.count).toBe(1_000);
		expect(merged.percentile(0.5)).toBe(1);
		expect(merged.percentile(0.99)).toBe(1);
		expect(merged.percentile(0.995)).toBe(100);
	});

	test("samples can be added after a percentile was taken", () => {
		const samples = of([3, 1, 2]);
		expect(samples.percentile(1)).toBe(3);
		for (let i = 0; i < 5_000; i++) samples.add(0.5);
		expect(samples.percentile(0.5)).toBe(0.5);
		expect(samples.percentile(1)).toBe(3);
	});

	test("a median is the middle, or the mean of the two in the middle", () => {
		expect(median([3, 1, 2])).toBe(2);
		expect(median([4, 1, 2, 3])).toBe(2.5);
		expect(median([])).toBeUndefined();
	});
});

function of(values: readonly number[]): Samples {
	const samples = new Samples();
	for (const value of values) samples.add(value);
	return samples;
}
