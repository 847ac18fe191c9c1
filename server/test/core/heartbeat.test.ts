import { describe, expect, test } from "bun:test";
import { TIMING, type Timing } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { Deadlines, type DeadlinesPort } from "../../src/session/deadlines.ts";
import { Heartbeat } from "../../src/session/heartbeat.ts";
import { TimerWheel } from "../../src/session/timer-wheel.ts";

/** Ticks once for each round-trip, answering each ping after that time. */
function measured(roundTripsMs: readonly number[]): Heartbeat {
	const heartbeat = new Heartbeat(TIMING);
	let nowMs = 0;
	for (const roundTripMs of roundTripsMs) {
		const action = heartbeat.tick(nowMs);
		if (action.do !== "ping") throw new Error("gave up");
		heartbeat.hear();
		heartbeat.answer(action.nonce, nowMs + roundTripMs);
		nowMs += 30_000;
	}
	return heartbeat;
}

describe("the heartbeat", () => {
	test("keeps the usual interval on a quick link and before anything was measured", () => {
		expect(new Heartbeat(TIMING).intervalMs).toBe(TIMING.heartbeatMs);
		expect(measured([20, 25, 19, 22]).intervalMs).toBe(TIMING.heartbeatMs);
	});

	test("is shorter on an unsteady link, longer on a slow steady one", () => {
		expect(measured([50, 2_500, 100, 3_000, 80, 2_800]).intervalMs).toBe(TIMING.heartbeatUnsteadyMs);
		expect(measured(Array.from({ length: 20 }, () => 800)).intervalMs).toBe(TIMING.heartbeatSlowMs);
	});

	test("one missed is suspect and is repeated sooner; three end the session; any message makes it steady again", () => {
		const heartbeat = new Heartbeat(TIMING);
		heartbeat.tick(0);
		expect(heartbeat.health).toBe("steady");
		heartbeat.tick(30_000);
		expect(heartbeat.health).toBe("suspect");
		expect(heartbeat.intervalMs).toBe(TIMING.heartbeatUnsteadyMs);
		heartbeat.tick(45_000);
		heartbeat.hear();
		expect(heartbeat.health).toBe("steady");
		for (let i = 0; i < 3; i++) expect(heartbeat.tick(60_000 + i).do).toBe("ping");
		expect(heartbeat.tick(90_000).do).toBe("give up");
		expect(heartbeat.health).toBe("offline");
	});

	test("an answer to another ping, or a second one, measures nothing", () => {
		const heartbeat = new Heartbeat(TIMING);
		const action = heartbeat.tick(0);
		if (action.do !== "ping") throw new Error("gave up");
		heartbeat.answer(action.nonce + 1, 5_000);
		heartbeat.answer(action.nonce, 10);
		heartbeat.answer(action.nonce, 20_000);
		heartbeat.hear();
		expect(heartbeat.intervalMs).toBe(TIMING.heartbeatMs);
	});
});

describe("a client that does not read", () => {
	/** Takes something at each of these times; returns when it is ended as slow. */
	async function endedAfter(takesAtMs: readonly number[], timing: Timing): Promise<number> {
		const clock = new VirtualClock();
		let endedMs = Number.NaN;
		const port: DeadlinesPort = {
			end: (why) => {
				expect(why).toBe("slow");
				endedMs = clock.monotonic();
				deadlines.stop();
			},
			broken: (_, cause) => {
				throw cause;
			},
			ping() {},
			backpressured: true,
			progress: () => takesAtMs.filter((ms) => ms <= clock.monotonic()).length,
		};
		const deadlines = new Deadlines(port, { clock, wheel: new TimerWheel(clock), timing });
		deadlines.welcomed(false);
		deadlines.watchStall();
		await clock.advance(600_000);
		return endedMs;
	}

	test("is closed stalledMs after it last took something", async () => {
		const { stalledMs } = TIMING;
		for (const lastMs of [0, 1_000, 10_000, 29_000]) {
			const afterMs = (await endedAfter([lastMs], TIMING)) - lastMs;
			expect(afterMs).toBeGreaterThanOrEqual(stalledMs);
			// Progress is checked ten times meanwhile, and the wheel ticks once a second.
			expect(afterMs).toBeLessThanOrEqual(1.1 * stalledMs + 2_000);
		}
	});

	test("lives as long as it takes a little now and then", async () => {
		const takes = Array.from({ length: 20 }, (_, i) => i * 25_000);
		expect(await endedAfter(takes, TIMING)).toBeGreaterThan(19 * 25_000 + TIMING.stalledMs);
	});
});

describe("the timer wheel", () => {
	const waiting = (due: () => void, broken: (cause: unknown) => void = () => {}) => ({ due, broken });

	test("calls each task once, never early, at most a second late, and no removed one", async () => {
		const clock = new VirtualClock();
		const wheel = new TimerWheel(clock);
		const ran: number[] = [];
		const dueMs = [1, 999, 1_000, 1_001, 5_500, 60_000];
		for (const ms of dueMs)
			wheel.add(
				ms,
				waiting(() => ran.push(clock.monotonic() - ms)),
			);
		const gone = waiting(() => ran.push(Number.NaN));
		const tick = wheel.add(2_000, gone);
		wheel.remove(tick, gone);
		wheel.remove(tick, gone);
		await clock.advance(62_000);
		expect(ran).toHaveLength(dueMs.length);
		for (const late of ran) {
			expect(late).toBeGreaterThanOrEqual(0);
			expect(late).toBeLessThanOrEqual(1_000);
		}
	});

	test("a task that throws is reported, and delays neither the others of its tick nor later ones", async () => {
		const clock = new VirtualClock();
		const wheel = new TimerWheel(clock);
		const ran: string[] = [];
		wheel.add(
			1_000,
			waiting(() => ran.push("before")),
		);
		wheel.add(
			1_000,
			waiting(
				() => {
					throw new Error("a bug");
				},
				(cause) => ran.push(String(cause)),
			),
		);
		wheel.add(
			1_000,
			waiting(() => ran.push("after")),
		);
		wheel.add(
			2_000,
			waiting(() => ran.push("later")),
		);
		await clock.advance(3_000);
		expect(ran).toEqual(["before", "Error: a bug", "after", "later"]);
	});

	test("serves ten thousand tasks with one timer, and sets none while there are no tasks", async () => {
		const clock = new VirtualClock();
		const wheel = new TimerWheel(clock);
		let ran = 0;
		for (let i = 0; i < 10_000; i++)
			wheel.add(
				1_000 + (i % 7) * 1_000,
				waiting(() => ran++),
			);
		expect(clock.pending).toBe(1);
		await clock.advance(10_000);
		expect(ran).toBe(10_000);
		expect(clock.pending).toBe(0);
	});

	test("a task that is called may be added again, also after a long idle time", async () => {
		const clock = new VirtualClock();
		const wheel = new TimerWheel(clock);
		const ran: number[] = [];
		const note = waiting(() => ran.push(clock.monotonic()));
		wheel.add(
			1_000,
			waiting(() => wheel.add(2_000, note)),
		);
		await clock.advance(3_600_000);
		expect(ran).toEqual([2_000]);
		wheel.add(3_601_000, note);
		await clock.advance(2_000);
		expect(ran).toHaveLength(2);
	});
});
