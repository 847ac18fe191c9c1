import { describe, expect, test } from "bun:test";
import { Recent } from "../../src/store/sqlite/recent.ts";

describe("a cache of what was used lately", () => {
	test("never holds more than its bound after a turn, however many are added", () => {
		const cache = new Recent<number, object>(10_000, () => 100);
		for (let i = 0; i < 5_000; i++) {
			cache.add(i, {});
			cache.turn();
			expect(cache.bytes).toBeLessThanOrEqual(10_000);
		}
	});

	test("what is used again and again stays, while thousands come and go", () => {
		const cache = new Recent<number, object>(10_000, () => 100);
		const kept = {};
		cache.add(-1, kept);
		for (let i = 0; i < 5_000; i++) {
			cache.add(i, {});
			expect(cache.get(-1)).toBe(kept);
			cache.turn();
		}
		expect(cache.get(0)).toBeUndefined();
	});

	test("a part is evicted at a time: the newer half is there at any moment", () => {
		for (let count = 1; count < 250; count++) {
			const cache = new Recent<number, object>(10_000, () => 100);
			for (let i = 0; i < count; i++) {
				cache.add(i, {});
				cache.turn();
			}
			for (let i = Math.max(0, count - 50); i < count; i++)
				expect([count, i, cache.get(i) !== undefined]).toEqual([count, i, true]);
		}
	});

	test("an entry that grows counts for what it has become", () => {
		const cache = new Recent<string, { bytes: number }>(1_000, ({ bytes }) => bytes);
		const entry = { bytes: 100 };
		cache.add("a", entry);
		entry.bytes += 300;
		cache.grew(300);
		expect(cache.bytes).toBe(400);
		cache.add("b", { bytes: 200 });
		cache.turn();
		expect(cache.get("a")).toBe(entry);
		expect(cache.bytes).toBe(600);
		cache.clear();
		expect([cache.bytes, cache.get("a")]).toEqual([0, undefined]);
	});
});
