// Drafts of one room or one user stay in order and in one lane at a time, whatever lanes take how long.
import { expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import fc from "fast-check";
import type { Draft } from "../../src/log/draft.ts";
import { BATCH_LIMITS, Batches, type BatchResult } from "../../src/store/batches.ts";
import { keysOf } from "../../src/store/postgres/keys.ts";
import { Router } from "../../src/store/postgres/router.ts";
import { randomDraft } from "../log/random-drafts.ts";
import { ann, codeOf, create, say } from "./drafts.ts";

const LANES = 3;

interface UnderWay {
	readonly lane: number;
	readonly drafts: readonly Draft[];
	readonly done: (result: BatchResult) => void;
}

function routed(limits = BATCH_LIMITS, enough?: number) {
	const clock = new VirtualClock();
	const underWay: UnderWay[] = [];
	const lanes = Array.from({ length: LANES }, (_, lane) => {
		const commit = (drafts: readonly Draft[]) => new Promise<BatchResult>((done) => underWay.push({ lane, drafts, done }));
		return { batches: new Batches(clock, commit, limits), isReady: true };
	});
	return { clock, underWay, lanes, router: new Router(lanes, limits.draftsWaitingMax, enough) };
}

test("no key is in two lanes at once, each key's drafts are carried out in the order of the calls, and all are answered", async () => {
	const steps = fc.array(fc.oneof({ weight: 5, arbitrary: randomDraft() }, { weight: 2, arbitrary: fc.nat(9) }), {
		minLength: 20,
		maxLength: 120,
	});
	let lanesUsed = 0;
	await fc.assert(
		fc.asyncProperty(steps, async (all) => {
			const { clock, underWay, router } = routed(BATCH_LIMITS, 1);
			const seen = new Map<string, Draft[]>();
			const asked = new Map<string, Draft[]>();
			const answers: Promise<unknown>[] = [];
			const finish = async (which: number): Promise<void> => {
				await clock.settle();
				lanesUsed = Math.max(lanesUsed, underWay.length);
				const keys = underWay.map(({ drafts }) => new Set(drafts.flatMap(keysOf)));
				for (const [i, mine] of keys.entries()) {
					for (const other of keys.slice(i + 1)) expect([...mine].filter((key) => other.has(key))).toEqual([]);
				}
				const [one] = underWay.splice(which % Math.max(1, underWay.length), 1);
				if (one === undefined) return;
				for (const draft of one.drafts) for (const key of keysOf(draft)) seen.set(key, [...(seen.get(key) ?? []), draft]);
				one.done({ rulings: one.drafts.map(() => ({ ok: false, code: "forbidden" })) });
				await clock.settle();
			};
			for (const step of all) {
				if (typeof step === "number") {
					await finish(step);
					continue;
				}
				for (const key of keysOf(step)) asked.set(key, [...(asked.get(key) ?? []), step]);
				answers.push(router.append(step));
			}
			const closed = router.close();
			expect(await codeOf(router.append(create("late", ann)))).toBe("unavailable");
			for (let i = 0; i < all.length; i++) await finish(i);
			expect(underWay).toEqual([]);
			await Promise.all(answers);
			await closed;
			expect(router.waiting).toBe(0);
			for (const [key, drafts] of asked) expect(seen.get(key)).toEqual(drafts);
		}),
		{ numRuns: 150 },
	);
	expect(lanesUsed).toBe(LANES);
}, 60_000);

test("few drafts make one batch; where one lane has much to do the next helps; a lane without a connection is spared", async () => {
	const { clock, underWay, lanes, router } = routed();
	const send = (n: number) => void router.append(say(`r${n}`, { id: `u${n}`, name: "x" }, "x"));
	for (let n = 0; n < 10; n++) send(n);
	await clock.settle();
	expect(underWay.map(({ lane, drafts }) => [lane, drafts.length])).toEqual([[0, 10]]);
	for (let n = 100; n < 300; n++) send(n);
	const spared = lanes[1];
	if (spared) spared.isReady = false;
	for (let n = 300; n < 400; n++) send(n);
	await clock.settle();
	expect(lanes[0]?.batches.stats().waiting).toBeGreaterThan(0);
	expect(underWay.slice(1).map(({ lane }) => lane)).toEqual([1, 2]);
	expect(lanes[1]?.batches.stats().waiting).toBe(0);
});

test("too many waiting drafts are refused as busy, held ones too", async () => {
	const { clock, underWay, router } = routed({ ...BATCH_LIMITS, draftsWaitingMax: 5 });
	const [x, y] = ["x", "y"].map((name) => ({ id: `u-${name}`, name }));
	if (x === undefined || y === undefined) return;
	for (let n = 0; n < 100; n++) {
		void router.append(say("r1", x, "x"));
		await clock.settle();
	}
	expect(underWay).toHaveLength(1);
	expect(router.waiting).toBe(5);
	expect(await codeOf(router.append(say("r2", y, "x")))).toBe("busy");
});
