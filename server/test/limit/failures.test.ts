import { expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import { Failures } from "../../src/limit/failures.ts";

const RULE = { free: 2, waitMs: 1_000, waitMaxMs: 4_000, forgetMs: 60_000 };

test("each failure beyond the free ones doubles the wait, up to its maximum", async () => {
	const clock = new VirtualClock();
	const failures = new Failures(RULE, clock);
	const waits: number[] = [];
	for (let i = 0; i < 8; i++) {
		const waitMs = failures.begin("ann");
		if (waitMs > 0) {
			waits.push(waitMs);
			await clock.advance(waitMs);
			expect(failures.begin("ann")).toBe(0);
		}
	}
	expect(waits).toEqual([1_000, 2_000, 4_000, 4_000, 4_000]);
});

test("a try that is refused does not lengthen the wait", async () => {
	const clock = new VirtualClock();
	const failures = new Failures(RULE, clock);
	for (let i = 0; i < 3; i++) failures.begin("ann");
	for (let i = 0; i < 100; i++) expect(failures.begin("ann")).toBe(1_000);
});

test("success, or a long time without a try, clears failures; a try without a result is not counted", async () => {
	const clock = new VirtualClock();
	const failures = new Failures(RULE, clock);
	for (let i = 0; i < 3; i++) failures.begin("ann");
	failures.succeeded("ann");
	for (let i = 0; i < 10; i++) {
		expect(failures.begin("ann")).toBe(0);
		failures.undecided("ann");
	}
	for (let i = 0; i < 3; i++) failures.begin("ann");
	await clock.advance(61_000);
	for (let i = 0; i < 3; i++) expect(failures.begin("ann")).toBe(0);
	expect(failures.begin("ann")).toBe(1_000);
});

test("never holds more keys than its bound, and drops expired ones without a timer", async () => {
	const clock = new VirtualClock();
	const failures = new Failures(RULE, clock, 10);
	for (let i = 0; i < 100; i++) failures.begin(`k${i}`);
	expect(failures.size).toBeLessThanOrEqual(10);
	await clock.advance(120_000);
	for (let i = 0; i < 10; i++) failures.begin("one");
	expect(failures.size).toBe(1);
});
