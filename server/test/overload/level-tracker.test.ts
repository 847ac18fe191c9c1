import { describe, expect, test } from "bun:test";
import { LevelTracker, worstSignal } from "../../src/overload/level-tracker.ts";
import { ENTER, LEAVE_AFTER_MS, LEAVE_SHARE, LEVEL_MAX, NO_LOAD, SHED_FROM, type SignalName } from "../../src/overload/levels.ts";

const NAMES = Object.keys(ENTER) as SignalName[];

/** `name` at `share` of its threshold of `level`. */
function at(name: SignalName, level: number, share = 1): typeof NO_LOAD {
	return { ...NO_LOAD, [name]: (ENTER[name][level - 1] ?? 0) * share };
}

describe("the tables", () => {
	test("every signal has a rising threshold for every level, and the leave threshold of a level is above what enters the one below", () => {
		for (const name of NAMES) {
			expect(ENTER[name]).toHaveLength(LEVEL_MAX);
			for (let level = 1; level < LEVEL_MAX; level++) {
				const [lower = 0, upper = 0] = [ENTER[name][level - 1], ENTER[name][level]];
				expect(upper).toBeGreaterThan(lower);
				expect(upper * LEAVE_SHARE[name]).toBeGreaterThanOrEqual(lower);
			}
			expect(LEAVE_SHARE[name]).toBeLessThan(1);
		}
	});

	test("typing is shed first, then presence, then history and new log-ins, and sends last", () => {
		const order = Object.entries(SHED_FROM).sort(([, a], [, b]) => a - b);
		expect(order.map(([what]) => what)).toEqual(["typing", "presence", "history", "logins", "sends"]);
		expect(SHED_FROM.sends).toBe(LEVEL_MAX);
	});
});

describe("the level", () => {
	test.each(NAMES)("%s alone raises it at once to its level", (name) => {
		for (let level = 1; level <= LEVEL_MAX; level++) {
			expect(new LevelTracker().update(at(name, level), 0)).toBe(level);
			expect(new LevelTracker().update(at(name, level, 0.999), 0)).toBe(level - 1);
		}
	});

	test("the worst signal decides", () => {
		expect(new LevelTracker().update({ ...at("loopLagMs", 1), draftAgeMs: ENTER.draftAgeMs[2] ?? 0 }, 0)).toBe(3);
		expect(worstSignal({ ...at("loopLagMs", 1), draftAgeMs: ENTER.draftAgeMs[2] ?? 0 })).toBe("draftAgeMs");
	});

	test("it goes down one step at a time, each after LEAVE_AFTER_MS below all leave thresholds", () => {
		const tracker = new LevelTracker();
		tracker.update(at("draftAgeMs", 4), 0);
		const levels: number[] = [];
		for (let nowMs = 100; nowMs <= 100 + 4 * LEAVE_AFTER_MS; nowMs += 100) levels.push(tracker.update(NO_LOAD, nowMs));
		const steps = LEAVE_AFTER_MS / 100;
		expect(levels).toEqual([4, 3, 2, 1].flatMap((level) => Array<number>(steps).fill(level)).concat(0));
	});

	test("it does not change while a signal stays between its leave and its enter threshold", () => {
		const tracker = new LevelTracker();
		tracker.update(at("loopLagMs", 2), 0);
		for (let nowMs = 100; nowMs < 60_000; nowMs += 100) {
			const share = nowMs % 200 === 0 ? 0.99 : LEAVE_SHARE.loopLagMs;
			expect(tracker.update(at("loopLagMs", 2, share), nowMs)).toBe(2);
		}
	});

	test("a signal above its leave threshold restarts the wait", () => {
		const tracker = new LevelTracker();
		tracker.update(at("loopLagMs", 1), 0);
		tracker.update(NO_LOAD, 100);
		tracker.update(at("loopLagMs", 1), LEAVE_AFTER_MS);
		expect(tracker.update(NO_LOAD, LEAVE_AFTER_MS + 100)).toBe(1);
		expect(tracker.update(NO_LOAD, 2 * LEAVE_AFTER_MS + 100)).toBe(0);
	});
});
