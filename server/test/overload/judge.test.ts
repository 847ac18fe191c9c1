import { describe, expect, test } from "bun:test";
import { Judge, worstSignal } from "../../src/overload/judge.ts";
import { CALM, ENTER, LEAVE_AFTER_MS, LEAVE_SHARE, LEVEL_MAX, SHED_FROM, type SignalName } from "../../src/overload/levels.ts";

const NAMES = Object.keys(ENTER) as SignalName[];

/** `name` at `share` of what enters `level`. */
function at(name: SignalName, level: number, share = 1): typeof CALM {
	return { ...CALM, [name]: (ENTER[name][level - 1] ?? 0) * share };
}

describe("the tables", () => {
	test("every signal has a mark for every level, rising, and no level is left by what enters the one below", () => {
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

	test("typing goes first, then presence, then old history and strangers, and sends at the very end", () => {
		const order = Object.entries(SHED_FROM).sort(([, a], [, b]) => a - b);
		expect(order.map(([what]) => what)).toEqual(["typing", "presence", "history", "logins", "sends"]);
		expect(SHED_FROM.sends).toBe(LEVEL_MAX);
	});
});

describe("the level", () => {
	test.each(NAMES)("%s alone raises it at once, as far as it says", (name) => {
		for (let level = 1; level <= LEVEL_MAX; level++) {
			expect(new Judge().judge(at(name, level), 0)).toBe(level);
			expect(new Judge().judge(at(name, level, 0.999), 0)).toBe(level - 1);
		}
	});

	test("the worst signal decides", () => {
		expect(new Judge().judge({ ...at("loopLagMs", 1), draftAgeMs: ENTER.draftAgeMs[2] ?? 0 }, 0)).toBe(3);
		expect(worstSignal({ ...at("loopLagMs", 1), draftAgeMs: ENTER.draftAgeMs[2] ?? 0 })).toBe("draftAgeMs");
	});

	test("it goes down one step at a time, each after a while of calm", () => {
		const judge = new Judge();
		judge.judge(at("draftAgeMs", 4), 0);
		const levels: number[] = [];
		for (let nowMs = 100; nowMs <= 100 + 4 * LEAVE_AFTER_MS; nowMs += 100) levels.push(judge.judge(CALM, nowMs));
		const steps = LEAVE_AFTER_MS / 100;
		expect(levels).toEqual([4, 3, 2, 1].flatMap((level) => Array<number>(steps).fill(level)).concat(0));
	});

	test("between leaving and entering nothing moves, however long: it does not flutter", () => {
		const judge = new Judge();
		judge.judge(at("loopLagMs", 2), 0);
		for (let nowMs = 100; nowMs < 60_000; nowMs += 100) {
			const share = nowMs % 200 === 0 ? 0.99 : LEAVE_SHARE.loopLagMs;
			expect(judge.judge(at("loopLagMs", 2, share), nowMs)).toBe(2);
		}
	});

	test("calm that is interrupted begins anew", () => {
		const judge = new Judge();
		judge.judge(at("loopLagMs", 1), 0);
		judge.judge(CALM, 100);
		judge.judge(at("loopLagMs", 1), LEAVE_AFTER_MS);
		expect(judge.judge(CALM, LEAVE_AFTER_MS + 100)).toBe(1);
		expect(judge.judge(CALM, 2 * LEAVE_AFTER_MS + 100)).toBe(0);
	});
});
