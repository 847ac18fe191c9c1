import { expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import { BATCH_LIMITS, Batches, type BatchResult } from "../../src/store/batches.ts";
import { ann, say } from "./drafts.ts";

test("the age of the oldest draft that is not settled is told, of a batch under way and of those cut off behind it", async () => {
	const clock = new VirtualClock();
	const commits: Array<(result: BatchResult) => void> = [];
	const batches = new Batches(clock, () => new Promise((resolve) => commits.push(resolve)), {
		...BATCH_LIMITS,
		batchDraftsMax: 3,
	});
	let said = 0;
	const append = (count: number) => {
		for (let i = 0; i < count; i++) void batches.append(say("tea", ann, `${said++}`));
	};
	const commit = async (): Promise<void> => {
		commits.shift()?.({ error: "not written" });
		await clock.settle();
	};
	expect(batches.stats().oldestMs).toBe(0);
	append(1);
	await clock.advance(100);
	expect(batches.stats().oldestMs).toBe(100);
	// Behind the first batch: three at 100, two at 110, two at 120. They are cut into 3, 3 and 1.
	append(3);
	await clock.advance(10);
	append(2);
	await clock.advance(10);
	append(2);
	await clock.advance(80);
	expect(batches.stats()).toMatchObject({ waiting: 7, oldestMs: 200 });
	await commit();
	expect(batches.stats()).toMatchObject({ waiting: 4, oldestMs: 100 });
	await commit();
	expect(batches.stats()).toMatchObject({ waiting: 1, oldestMs: 90 });
	await commit();
	expect(batches.stats()).toMatchObject({ waiting: 0, waitingBytes: 0, oldestMs: 80 });
	await commit();
	expect(batches.stats()).toMatchObject({ waiting: 0, waitingBytes: 0, oldestMs: 0 });
});
