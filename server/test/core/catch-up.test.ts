// Catch-up beside other sessions of the same user, which share its read rate limit.
import { expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import { type CatchUpReader, ReadLimit } from "../../src/limit/read-limit.ts";
import { CatchUp } from "../../src/session/catch-up.ts";

const PAGE_BYTES = 128 * 1024;

/** A read limit of which `ann` has used up the bucket. */
async function usedUp(clock: VirtualClock): Promise<ReadLimit> {
	const limit = new ReadLimit({ perSecond: 4 * PAGE_BYTES, burst: 8 * PAGE_BYTES }, PAGE_BYTES, clock);
	for (let i = 0; i < 8; i++) {
		await limit.enter("ann");
		limit.done("ann", PAGE_BYTES);
	}
	return limit;
}

test("a session with nothing left to read when its turn comes does not block the others", async () => {
	const clock = new VirtualClock();
	const limit = await usedUp(clock);
	const entered: string[] = [];
	const reader = (name: string): CatchUpReader => ({
		mayRead() {
			entered.push(name);
			limit.done("ann", 0);
		},
	});
	for (const name of ["a", "b", "c"]) limit.enterCatchUp("ann", reader(name));
	expect(entered).toEqual([]);
	await clock.advance(10_000);
	expect(entered).toEqual(["a", "b", "c"]);
	expect(limit.size).toBe(0);
	// A session with budget is called within its own request; so is one called within that.
	limit.enterCatchUp("ann", reader("d"));
	expect(entered).toEqual(["a", "b", "c", "d"]);
	expect(limit.size).toBe(0);
});

test("a session that asks when another's turn is late, and that one has nothing to read, is called once and done once", async () => {
	let nowMs = 0;
	const clock = { monotonic: () => nowMs, after: () => () => undefined } as unknown as VirtualClock;
	const limit = await usedUp(clock);
	limit.enterCatchUp("ann", { mayRead: () => limit.done("ann", 0) });
	// The timer is late.
	nowMs += 1_000;
	let calls = 0;
	limit.enterCatchUp("ann", { mayRead: () => void calls++ });
	expect([calls, limit.size]).toEqual([1, 1]);
	limit.done("ann", PAGE_BYTES);
	expect(limit.size).toBe(0);
});

test("a session that leaves all rooms in which it is behind waits no more, and is notified that it is not behind", async () => {
	const clock = new VirtualClock();
	const limit = await usedUp(clock);
	const told: unknown[] = [];
	let finished = 0;
	const catchUp = new CatchUp(
		{
			format: undefined as never,
			writable: false,
			closed: false,
			user: { id: "ann", name: "ann" },
			notify: (body) => void told.push(body),
			sendPush: () => undefined,
			broken: (cause) => void told.push(cause),
		},
		{
			logCache: undefined as never,
			shedding: undefined as never,
			limits: undefined as never,
			clock,
			wheel: undefined as never,
			rateLimits: { read: limit },
		},
		{ caughtUp: () => void finished++ },
	);
	const subscription = { state: "behind", cursor: 1, room: { id: "r", head: 4 } } as never;
	catchUp.refused(subscription);
	await clock.settle();
	catchUp.remove(subscription);
	expect(finished).toBe(1);
	expect(told).toEqual([
		{ case: "behind", value: { behind: true } },
		{ case: "behind", value: { behind: false } },
	]);
	await clock.advance(10_000);
	expect(limit.size).toBe(0);
});
