import { expect, test } from "bun:test";
import { FairQueue } from "../../src/limit/fair-queue.ts";

/** A queue and tasks that end on demand; `began` has their names in order of start. */
function queueOf(atOnceMax: number) {
	const queue = new FairQueue(atOnceMax);
	const began: string[] = [];
	const ends: (() => void)[] = [];
	return {
		began,
		add: (key: string, name: string) =>
			queue.run(key, () => {
				began.push(name);
				return new Promise<string>((resolve) => ends.push(() => resolve(name)));
			}),
		async endOne(): Promise<void> {
			ends.shift()?.();
			await new Promise((resolve) => setImmediate(resolve));
		},
		queue,
	};
}

test("concurrency is bounded, and keys are served round-robin", async () => {
	const { began, add, endOne } = queueOf(2);
	const all = ["a1", "a2", "a3", "a4"].map((name) => add("a", name));
	all.push(add("b", "b1"), add("b", "b2"), add("c", "c1"));
	expect(began).toEqual(["a1", "a2"]);
	for (let i = 0; i < 7; i++) await endOne();
	expect(began).toEqual(["a1", "a2", "a3", "b1", "c1", "a4", "b2"]);
	expect(await Promise.all(all)).toEqual(["a1", "a2", "a3", "a4", "b1", "b2", "c1"]);
});

test("a task that fails frees its place", async () => {
	const { began, add, endOne, queue } = queueOf(1);
	const failed = queue.run("a", () => Promise.reject(new Error("no")));
	const next = add("b", "b1");
	await expect(failed).rejects.toThrow("no");
	await endOne();
	expect(await next).toBe("b1");
	void add("a", "a1");
	void add("a", "a2");
	await endOne();
	expect(began).toEqual(["b1", "a1", "a2"]);
});
