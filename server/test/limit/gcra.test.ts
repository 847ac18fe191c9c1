import { expect, test } from "bun:test";
import fc from "fast-check";
import { Bucket } from "../../src/limit/bucket.ts";
import { owedMs, take } from "../../src/limit/gcra.ts";

test("admits exactly what a token bucket admits", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 50 }),
			fc.integer({ min: 1, max: 200 }),
			fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
			(burst, perSecond, pausesMs) => {
				let nowMs = 1_000_000;
				const rate = { perSecond, burst };
				const bucket = new Bucket(rate, { monotonic: () => nowMs });
				let fullAtMs = 0;
				for (const pauseMs of pausesMs) {
					nowMs += pauseMs;
					const next = take(fullAtMs, nowMs, rate);
					const waitMs = Math.max(0, owedMs(next, nowMs, rate));
					expect(Math.abs(bucket.take() - Math.ceil(waitMs - 0.001))).toBeLessThanOrEqual(1);
					if (waitMs < 0.001) fullAtMs = next;
				}
			},
		),
	);
});
