// The simulation in the suite: 500 seeds that are always the same, and 500 new ones in each run. A seed that fails is printed with
// the command that replays it.
import { describe, expect, test } from "bun:test";
import { withoutGlobals } from "../src/sim/globals.ts";
import { INJECTION_POINTS } from "../src/sim/injected-errors.ts";
import { fingerprint, whyFailed } from "../src/sim/report.ts";
import { Scheduler } from "../src/sim/scheduler.ts";
import { simulate } from "../src/sim/simulate.ts";

const SEEDS = 500;

interface RunSummary {
	readonly failures: string[];
	acknowledged: number;
	/** Kinds of steps in the scripts; kinds of events in the histories, and notes. */
	readonly done: Set<string>;
	readonly seen: Set<string>;
}

function runSeeds(from: number): RunSummary {
	const summary: RunSummary = { failures: [], acknowledged: 0, done: new Set(), seen: new Set() };
	for (let seed = from; seed < from + SEEDS; seed++) {
		const outcome = simulate(seed);
		summary.acknowledged += outcome.verdict.counts.acknowledged;
		if (!outcome.ok) summary.failures.push(whyFailed(outcome));
		for (const step of outcome.script) summary.done.add(step.do);
		for (const event of outcome.history) {
			summary.seen.add(event.kind === "skipped" ? `skipped ${event.why}` : event.kind);
			if (event.kind === "note") summary.seen.add(event.words);
		}
	}
	return summary;
}

let known: RunSummary | undefined;
/** The seeds that are always the same, run once. */
const knownRuns = (): RunSummary => (known ??= runSeeds(1));

describe("in the simulation", () => {
	test("500 fixed seeds break no promise", () => {
		const { failures, acknowledged } = knownRuns();
		expect(failures.join("\n\n")).toBe("");
		// RunSummary on which nobody says anything would prove nothing.
		expect(acknowledged).toBeGreaterThan(SEEDS * 5);
	}, 120_000);

	test("500 new seeds break no promise", () => {
		const from = 1_000 + Math.floor(Math.random() * 2 ** 31);
		const { failures, acknowledged } = runSeeds(from);
		expect(failures.join("\n\n")).toBe("");
		expect(acknowledged).toBeGreaterThan(SEEDS * 5);
	}, 120_000);

	test("a seed is the same run each time, in every byte", () => {
		for (const seed of [1, 2, 3, 17, 88, 222, 515]) {
			const first = fingerprint(simulate(seed));
			simulate(seed + 1);
			expect(fingerprint(simulate(seed))).toBe(first);
		}
	});

	test("every fault happens, and every clause has something to check", () => {
		const { done, seen } = knownRuns();
		for (const fault of Object.keys(simulate(1).options.faults)) expect(done).toContain(fault);
		const thrown = INJECTION_POINTS.filter((place) => [...seen].some((words) => words.endsWith(`thrown in ${place}`)));
		expect(thrown.length).toBeGreaterThan(INJECTION_POINTS.length - 4);
		expect(seen).toContain("u-fay is welcomed on a shared connection");
		for (const kind of ["invoke", "ok", "fail", "unknown", "resume", "recv", "ended", "page", "state", "presence", "restored"]) {
			expect(seen).toContain(kind);
		}
		expect(seen).toContain("skipped far");
		expect(seen).toContain("skipped epoch");
		for (let level = 1; level <= 4; level++) expect(seen).toContain(`the server is in overload: level ${level}`);
	}, 120_000);
});

describe("the scheduler", () => {
	test("fires timers in the order of time, then of setting, each with the promises and tasks that it causes", () => {
		const scheduler = new Scheduler();
		const log: string[] = [];
		scheduler.at(20, () => log.push("late"));
		scheduler.at(10, () => {
			log.push("first");
			void Promise.resolve().then(() => log.push("its promise"));
			scheduler.soon(() => log.push("its end"));
		});
		scheduler.at(10, () => log.push("second"));
		const cancelled = scheduler.at(15, () => log.push("never"));
		cancelled.task = undefined;
		scheduler.run(30);
		expect(log).toEqual(["first", "its promise", "its end", "second", "late"]);
		expect(scheduler.nowMs).toBe(30);
	});

	test("keeps a thousand timers in order", () => {
		const scheduler = new Scheduler();
		const times: number[] = [];
		for (let i = 0; i < 1_000; i++) scheduler.at((i * 7_919) % 1_009, () => times.push(scheduler.nowMs));
		scheduler.run(2_000);
		expect(times).toEqual(times.toSorted((a, b) => a - b));
		expect(times).toHaveLength(1_000);
	});

	test("has no clock and no randomness of its own", () => {
		withoutGlobals(() => {
			expect(() => Date.now()).toThrow("out of reach");
			expect(() => new Date()).toThrow("passed in");
			expect(() => performance.now()).toThrow("out of reach");
			expect(() => Math.random()).toThrow("out of reach");
			expect(() => setTimeout(() => {}, 1)).toThrow("out of reach");
			expect(() => crypto.randomUUID()).toThrow("out of reach");
			expect(new Date(0).getTime()).toBe(0);
		});
		expect(Date.now()).toBeGreaterThan(0);
	});
});
