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
	test("admits a burst at once, then returns the exact wait for the next", () => {
		const clock = handClock();
		const bucket = new Bucket({ perSecond: 10, burst: 20 }, clock);
		for (let i = 0; i < 20; i++) expect(bucket.take()).toBe(0);
		expect(bucket.take()).toBe(100);
		clock.pass(99);
		expect(bucket.take()).toBe(1);
		clock.pass(1);
		expect(bucket.take()).toBe(0);
	});

	test("a debt is refilled first, and tokens given back are available at once, never above the burst", () => {
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

	test("never admits more than burst + rate × time, and the wait it returns is enough", () => {
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

	test("a cost above the burst is admitted when the bucket is full, rather than never", () => {
		const clock = handClock();
		const bucket = new Bucket({ perSecond: 1, burst: 2 }, clock);
		expect(bucket.take(9)).toBe(0);
		expect(bucket.take(9)).toBe(2_000);
	});

	test("waitMs takes no tokens", () => {
		const bucket = new Bucket({ perSecond: 1, burst: 1 }, handClock());
		expect(bucket.waitMs()).toBe(0);
		expect(bucket.take()).toBe(0);
		expect(bucket.waitMs()).toBe(1_000);
	});

	test("a rate that admits nothing is refused by the constructor", () => {
		expect(() => new Bucket({ perSecond: 0, burst: 1 }, handClock())).toThrow(RangeError);
	});
});

describe("buckets by key", () => {
	test("keys have separate buckets", () => {
		const buckets = new Buckets({ perSecond: 1, burst: 1 }, handClock());
		expect(buckets.take("a")).toBe(0);
		expect(buckets.take("a")).toBe(1_000);
		expect(buckets.take("b")).toBe(0);
	});

	test("a key whose bucket is full is dropped, without a timer", () => {
		const clock = handClock();
		const buckets = new Buckets({ perSecond: 1, burst: 2 }, clock);
		for (let i = 0; i < 100; i++) buckets.take(`k${i}`);
		clock.pass(10_000);
		for (let i = 0; i < 60; i++) buckets.take("one");
		expect(buckets.size).toBe(1);
	});

	test("never holds more keys than its bound; the least recently used is dropped first", () => {
		const buckets = new Buckets({ perSecond: 0.001, burst: 1 }, handClock(), 10);
		for (let i = 0; i < 10; i++) buckets.take(`k${i}`);
		buckets.take("k0");
		buckets.take("new");
		expect(buckets.size).toBe(10);
		expect(buckets.waitMs("k0")).toBeGreaterThan(0);
		expect(buckets.waitMs("k1")).toBe(0);
	});
});
