import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Bucket } from "../../src/limit/bucket.ts";
import { Buckets } from "../../src/limit/buckets.ts";

function handClock() {
	let ms = 1_000;
	return {
		monotonic: () => ms,
		pass(by: number) {
			ms += by;
		},
	};
}

describe("a bucket", () => {
	test("lets a burst through at once, then says exactly when the next may come", () => {
		const clock = handClock();
		const bucket = new Bucket({ perSecond: 10, burst: 20 }, clock);
		for (let i = 0; i < 20; i++) expect(bucket.take()).toBe(0);
		expect(bucket.take()).toBe(100);
		clock.pass(99);
		expect(bucket.take()).toBe(1);
		clock.pass(1);
		expect(bucket.take()).toBe(0);
	});

	test("what was spent beyond what lay in it flows in first, and what is given back is there at once, never above the burst", () => {
		const clock = handClock();
		const bucket = new Bucket({ perSecond: 10, burst: 20 }, clock);
		bucket.spend(30);
		expect(bucket.waitMs()).toBe(1_100);
		bucket.spend(-5);
		expect(bucket.take()).toBe(600);
		clock.pass(600);
		expect(bucket.take()).toBe(0);
		bucket.spend(-100);
		for (let i = 0; i < 20; i++) expect(bucket.take()).toBe(0);
		expect(bucket.take()).toBe(100);
	});

	test("never lets more through than burst + rate × time, and the wait it names is enough", () => {
		const acts = fc.array(fc.record({ pass: fc.nat(2_000), cost: fc.integer({ min: 1, max: 5 }) }), { maxLength: 200 });
		fc.assert(
			fc.property(acts, (script) => {
				const clock = handClock();
				const bucket = new Bucket({ perSecond: 3, burst: 5 }, clock);
				let [taken, elapsed] = [0, 0];
				for (const { pass, cost } of script) {
					clock.pass(pass);
					elapsed += pass;
					const waitMs = bucket.take(cost);
					if (waitMs > 0) {
						clock.pass(waitMs);
						elapsed += waitMs;
						expect(bucket.take(cost)).toBe(0);
					}
					taken += cost;
					expect(taken).toBeLessThanOrEqual(5 + (3 * elapsed) / 1000 + 1e-3);
				}
			}),
		);
	});

	test("a cost above the burst passes when the bucket is full, not never", () => {
		const clock = handClock();
		const bucket = new Bucket({ perSecond: 1, burst: 2 }, clock);
		expect(bucket.take(9)).toBe(0);
		expect(bucket.take(9)).toBe(2_000);
	});

	test("asking for the wait takes nothing", () => {
		const bucket = new Bucket({ perSecond: 1, burst: 1 }, handClock());
		expect(bucket.waitMs()).toBe(0);
		expect(bucket.take()).toBe(0);
		expect(bucket.waitMs()).toBe(1_000);
	});

	test("a rate that lets nothing through is refused when it is made", () => {
		expect(() => new Bucket({ perSecond: 0, burst: 1 }, handClock())).toThrow(RangeError);
	});
});

describe("buckets by key", () => {
	test("one key's use does not count for another", () => {
		const buckets = new Buckets({ perSecond: 1, burst: 1 }, handClock());
		expect(buckets.take("a")).toBe(0);
		expect(buckets.take("a")).toBe(1_000);
		expect(buckets.take("b")).toBe(0);
	});

	test("a key that has rested is forgotten, without a timer", () => {
		const clock = handClock();
		const buckets = new Buckets({ perSecond: 1, burst: 2 }, clock);
		for (let i = 0; i < 100; i++) buckets.take(`k${i}`);
		clock.pass(10_000);
		for (let i = 0; i < 60; i++) buckets.take("one");
		expect(buckets.size).toBe(1);
	});

	test("never remembers more keys than its bound; the one longest unused goes first", () => {
		const buckets = new Buckets({ perSecond: 0.001, burst: 1 }, handClock(), 10);
		for (let i = 0; i < 10; i++) buckets.take(`k${i}`);
		buckets.take("k0");
		buckets.take("new");
		expect(buckets.size).toBe(10);
		expect(buckets.waitMs("k0")).toBeGreaterThan(0);
		expect(buckets.waitMs("k1")).toBe(0);
	});
});
