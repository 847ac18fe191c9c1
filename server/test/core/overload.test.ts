import { describe, expect, test } from "bun:test";
import type { Command } from "@verbatim/protocol";
import { SeededRandom, VirtualClock } from "@verbatim/testkit";
import { Push } from "../../src/room/push.ts";
import { drainSessions } from "../../src/session/drain.ts";
import { EphemeralStates } from "../../src/session/ephemeral-states.ts";
import { Harness } from "./harness.ts";
import { join, joined, say, texts } from "./helpers.ts";

describe("overload", () => {
	test("a send is refused before it is queued, with a retry delay, and sends behind it cannot overtake it", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const before = harness.store.stats().drafts;
		harness.shedding.level = 4;
		const failure = await ann.want("failure", say(id, "first", "c-1"));
		expect(failure).toMatchObject({ code: "busy", retry: true });
		expect(failure.retryAfterMs).toBeGreaterThanOrEqual(1_000);
		expect(harness.store.stats().drafts).toBe(before);
		harness.shedding.level = 0;
		expect(await ann.refusal(say(id, "second", "c-2", "c-1"))).toBe("out_of_order");
		await ann.want("sent", say(id, "first", "c-1"));
		await ann.want("sent", say(id, "second", "c-2", "c-1"));
		expect(texts(ann, id)).toEqual(["first", "second"]);
	});

	test("a shed send takes no token of the sender's bucket", async () => {
		const harness = new Harness({ limits: { sendsPerSecond: 1, sendsBurst: 1 } });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		harness.shedding.level = 4;
		for (let i = 0; i < 10; i++) expect(await ann.refusal(say(id, "x"))).toBe("busy");
		harness.shedding.level = 0;
		await ann.want("sent", say(id, "x"));
	});

	test("older pages are refused, the newest is answered", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		for (let i = 0; i < 5; i++) await ann.want("sent", say(id, `${i}`));
		harness.shedding.level = 3;
		const ask = (bound: { before?: number; after?: number; first?: boolean }) =>
			({ case: "history", value: { room: id, before: 0, after: 0, first: false, limit: 2, ...bound } }) as const;
		expect(await ann.refusal(ask({ before: 4 }))).toBe("busy");
		expect(await ann.refusal(ask({ after: 2 }))).toBe("busy");
		expect(await ann.refusal(ask({ first: true }))).toBe("busy");
		expect((await ann.want("page", ask({}))).to).toBe(6);
		await ann.want("sent", say(id, "said all the same"));
		harness.shedding.level = 2;
		expect((await ann.want("page", ask({ before: 4 }))).to).toBe(3);
	});

	test("a client that resumes far behind gets `skipped`, and one a page behind gets everything", async () => {
		const harness = new Harness({ limits: { historyEntriesMax: 10, historyEntriesDefault: 5, ringEntriesMax: 1 } });
		const ann = await harness.guest("ann");
		const { id, epoch } = await joined(ann, "#tea");
		for (let i = 0; i < 30; i++) await ann.want("sent", say(id, `${i}`));
		harness.shedding.level = 2;
		const at = (seq: number) => [{ room: id, epoch, seq }];
		expect((await harness.guest("ann", at(5))).pushed("skipped")).toEqual([]);
		harness.shedding.level = 3;
		// A new guest is refused in overload; this one stands for a user with a token.
		harness.shedding.sheds = (what) => what === "history";
		harness.shedding.refuseIfShed = () => {};
		const far = await harness.guest("ann", at(5));
		await harness.clock.settle();
		expect(far.pushed("skipped")).toMatchObject([{ room: id, from: 6, to: 26 }]);
		const near = await harness.guest("ann", at(25));
		await harness.clock.settle();
		expect(near.pushed("skipped")).toEqual([]);
		expect(near.seqs(id)).toEqual([26, 27, 28, 29, 30, 31]);
	});

	test("typing is shed first: it is dropped, without a refusal", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const { id } = await joined(ann, "#tea");
		await joined(bob, "#tea");
		harness.shedding.level = 1;
		await ann.want("done", { case: "typing", value: { room: id } });
		expect(bob.pushed("typist")).toEqual([]);
		harness.shedding.level = 0;
		await ann.want("done", { case: "typing", value: { room: id } });
		expect(bob.pushed("typist")).toHaveLength(1);
	});

	test("presence is notified after the overload, with its newest state", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		await joined(ann, "#tea");
		const bob = await harness.guest("bob");
		await joined(bob, "#tea");
		await harness.clock.settle();
		const before = ann.pushed("presence").length;
		harness.shedding.level = 2;
		await bob.lose();
		await harness.clock.advance(10_000);
		await harness.guest("bob");
		await harness.clock.advance(10_000);
		expect(ann.pushed("presence")).toHaveLength(before);
		harness.shedding.level = 1;
		await harness.clock.advance(2_000);
		expect(ann.pushed("presence").slice(before)).toMatchObject([{ user: { name: "bob" }, online: true }]);
		expect(ann.pushed("presence")).toHaveLength(before + 1);
	});

	test("a new log-in is told when to retry, a token is checked, and sessions stay", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		harness.shedding.level = 3;
		const stranger = harness.client();
		const guest: Command = { case: "hello", value: { credential: { case: "guest", value: { name: "bob" } } } };
		const token: Command = { case: "hello", value: { credential: { case: "token", value: "t" } } };
		const failure = await stranger.want("failure", guest);
		expect(failure).toMatchObject({ code: "busy", retry: true });
		expect(failure.retryAfterMs).toBeGreaterThanOrEqual(1_000);
		// The harness has no tokens: the refusal shows that it was checked.
		expect(await harness.client().refusal(token)).toBe("credentials_wrong");
		await ann.want("sent", say(id, "still here"));
		harness.shedding.level = 2;
		await stranger.want("welcome", guest);
	});
});

test("hellos repeated without waiting close the connection as busy, which is retryable", async () => {
	const harness = new Harness();
	harness.shedding.level = 3;
	const stranger = harness.client();
	const hello: Command = { case: "hello", value: { credential: { case: "guest", value: { name: "bob" } } } };
	for (let i = 0; i < 5; i++) stranger.put(hello);
	await harness.clock.settle();
	expect(stranger.closedAs).toBe("busy");
	expect(stranger.pushed("close")).toMatchObject([{ reconnect: true, retryAfterMs: 5_000 }]);
});

describe("a slow client", () => {
	test("gets the newest presence of each user when it reads again", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const bob = await harness.guest("bob");
		await joined(bob, "#tea");
		await harness.clock.settle();
		ann.stalled = true;
		await bob.want("sent", say(id, "unread"));
		const before = ann.received.length;
		let other = bob;
		for (let i = 0; i < 3; i++) {
			await other.lose();
			await harness.clock.advance(6_000);
			other = await harness.guest("bob");
			await harness.clock.settle();
		}
		ann.stalled = false;
		await ann.read();
		const presence = ann.received.slice(before).flatMap(({ body }) => (body.case === "presence" ? [body.value.online] : []));
		expect(presence).toEqual([true]);
	});

	test("has a bounded number of such states; the oldest are dropped", () => {
		const held = new EphemeralStates<string>();
		const push = (name: string) => new Push({ case: "typist", value: { room: name } }, name);
		const dropped = Array.from({ length: 70 }, (_, i) => held.keep("ann", `${i}`, push(`${i}`))?.key).filter(
			(key) => key !== undefined,
		);
		expect(dropped).toEqual(["0", "1", "2", "3", "4", "5"]);
		expect(held.keep("ann", "69", push("69"))?.key).toBe("69");
		expect([...held.take("ann")]).toHaveLength(64);
		expect([...held.take("ann")]).toEqual([]);
	});
});

describe("a drain", () => {
	test("of many sessions is spread over time, and no client is told to reconnect before it ends", async () => {
		const clock = new VirtualClock();
		const told: Array<{ atMs: number; backMs: number }> = [];
		const session = { drain: async (backMs: number) => void told.push({ atMs: clock.monotonic(), backMs }), broken() {} };
		const done = drainSessions(Array<typeof session>(10_000).fill(session), 8_000, { clock, random: new SeededRandom(1) });
		await clock.advance(8_000);
		await done;
		expect(told).toHaveLength(10_000);
		const last = told.at(-1)?.atMs ?? 0;
		expect(last).toBeGreaterThan(1_000);
		expect(last).toBeLessThanOrEqual(4_000);
		const perStep = new Map<number, number>();
		for (const { atMs, backMs } of told) {
			perStep.set(atMs, (perStep.get(atMs) ?? 0) + 1);
			expect(atMs + backMs).toBeGreaterThanOrEqual(last);
		}
		expect(Math.max(...perStep.values())).toBeLessThanOrEqual(51);
		const backs = told.map(({ atMs, backMs }) => atMs + backMs).sort((a, b) => a - b);
		expect((backs.at(-1) ?? 0) - (backs[0] ?? 0)).toBeGreaterThan(1_500);
	});

	test("keeps half of its time for commands in flight, however many sessions there are; of few sessions it is immediate", async () => {
		const clock = new VirtualClock();
		const told: number[] = [];
		const session = { drain: async () => void told.push(clock.monotonic()), broken() {} };
		const random = new SeededRandom(1);
		const many = drainSessions(Array<typeof session>(100_000).fill(session), 4_000, { clock, random });
		await clock.advance(4_000);
		await many;
		expect(told).toHaveLength(100_000);
		expect(told.at(-1)).toBeLessThanOrEqual(2_000);
		await drainSessions([session, session], 8_000, { clock, random });
		expect(told.slice(100_000)).toEqual([4_000, 4_000]);
	});

	test("in which one session fails delays no other", async () => {
		const clock = new VirtualClock();
		const told: string[] = [];
		const sound = { drain: async () => void told.push("drained"), broken() {} };
		const unsound = { drain: () => Promise.reject(new Error("a bug")), broken: (what: string) => void told.push(what) };
		await drainSessions([sound, unsound, sound], 0, { clock, random: new SeededRandom(1) });
		expect(told).toEqual(["drained", "drained", "a session was not drained"]);
	});

	test("notifies no absence, not even to the last sessions", async () => {
		const harness = new Harness({ timing: { offlineGraceMs: 1 } });
		const bob = await harness.guest("bob");
		await bob.ask(join("#tea"));
		for (let i = 0; i < 200; i++) await harness.guest(`other ${i}`);
		const ann = await harness.guest("ann");
		await ann.ask(join("#tea"));
		const drained = harness.core.drain(60_000);
		await harness.clock.advance(20);
		expect([bob.closedAs, ann.closedAs]).toEqual(["draining", undefined]);
		await harness.clock.advance(1_000);
		await drained;
		expect(ann.closedAs).toBe("draining");
		expect(ann.pushed("presence").filter(({ online }) => !online)).toEqual([]);
	});
});
