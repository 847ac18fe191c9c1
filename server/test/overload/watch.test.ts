import { expect, test } from "bun:test";
import { SeededRandom, VirtualClock } from "@verbatim/testkit";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";
import { LEVEL_MAX } from "../../src/overload/levels.ts";
import { LevelShedding } from "../../src/overload/shedding.ts";
import { watchOverload } from "../../src/overload/watch.ts";

function watched(memory = { used: 0, collected: 0 }) {
	const clock = new VirtualClock();
	const metrics = createMetrics();
	const shedding = new LevelShedding(new SeededRandom(1), metrics.overloadRefused);
	const signals = { loopLagMs: 0, draftAgeMs: 0 };
	const logged: string[] = [];
	const watch = watchOverload(
		{
			clock,
			metrics,
			log: {
				info: (_fields: object, msg: string) => void logged.push(`info ${msg}`),
				warn: (_fields: object, msg: string) => void logged.push(`warn ${msg}`),
			},
			loopLagMs: () => signals.loopLagMs,
			draftAgeMs: () => signals.draftAgeMs,
			memory: {
				residentBytes: () => memory.used,
				bytesMax: 1_000,
				collect: () => {
					memory.collected++;
				},
			},
		},
		shedding,
	);
	return { clock, metrics, shedding, signals, logged, watch };
}

test("a slow disk raises the level until sends are refused, with the reason; seconds after the end they are accepted again", async () => {
	const { clock, shedding, signals, logged, watch } = watched();
	expect(() => shedding.refuseIfShed("sends")).not.toThrow();
	signals.draftAgeMs = 5_000;
	await clock.advance(100);
	expect(shedding.level).toBe(LEVEL_MAX);
	for (const what of ["typing", "presence", "history", "logins", "sends"] as const) expect(shedding.sheds(what)).toBe(true);
	expect(watch.trouble()).toBe("overload: sends are refused (the oldest send waits for the disk since 5000 ms)");
	signals.draftAgeMs = 0;
	await clock.advance(3_000);
	expect(shedding.level).toBe(0);
	expect(watch.trouble()).toBeUndefined();
	expect(logged[0]).toStartWith("warn overload");
	expect(logged.at(-1)).toBe("info overload is over");
	expect(logged).toHaveLength(1 + LEVEL_MAX);
});

test("a refusal has a randomised time to retry, and is counted", () => {
	const { shedding, metrics } = watched();
	shedding.level = LEVEL_MAX;
	const waits = Array.from({ length: 20 }, () => {
		try {
			shedding.refuseIfShed("sends");
		} catch (cause) {
			return (cause as { retryAfterMs: number }).retryAfterMs;
		}
		return 0;
	});
	for (const waitMs of waits) {
		expect(waitMs).toBeGreaterThanOrEqual(1_000);
		expect(waitMs).toBeLessThanOrEqual(2_000);
	}
	expect(new Set(waits).size).toBeGreaterThan(10);
	const family = metrics.families.find(({ name }) => name === "verbatim_overload_refused_total");
	expect(family?.samples().filter(({ value }) => value > 0)).toEqual([{ label: "sends", value: 20 }]);
});

test("high memory requests garbage collection, but not with every sample", async () => {
	const memory = { used: 960, collected: 0 };
	const { clock, shedding } = watched(memory);
	await clock.advance(5_000);
	expect(memory.collected).toBe(1);
	expect(shedding.level).toBe(LEVEL_MAX);
	memory.used = 500;
	await clock.advance(3_000);
	expect(shedding.level).toBe(0);
});
