import { expect, test } from "bun:test";
import { HelloQueue, laneOf } from "../../src/admit/hello-queue.ts";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";
import { LevelShedding } from "../../src/overload/shedding.ts";

const NOTHING_SHED = new LevelShedding({ float: () => 0 }, createMetrics().overloadRefused);
const LIMITS = { atOnceMax: 4, newAtOnceMax: 2, waitingMax: 3 };

test("returning clients go before new ones, which never take all places", async () => {
	const hellos = new HelloQueue(NOTHING_SHED, LIMITS);
	const order: string[] = [];
	const enter = (lane: "returning" | "new", name: string): void => {
		const turn = hellos.enter(lane);
		if (turn === undefined) order.push(name);
		else void turn.then(() => order.push(name));
	};
	for (const name of ["f1", "f2", "f3"]) enter("new", name);
	for (const name of ["b1", "b2", "b3", "b4"]) enter("returning", name);
	expect(order).toEqual(["f1", "f2", "b1", "b2"]);
	expect(hellos.waiting).toBe(3);
	hellos.done("new");
	hellos.done("new");
	await Promise.resolve();
	expect(order.slice(4)).toEqual(["b3", "b4"]);
	hellos.done("returning");
	await Promise.resolve();
	expect(order.slice(6)).toEqual(["f3"]);
	expect(hellos.waiting).toBe(0);
});

test("each lane is bounded; beyond, the refusal says when to retry", () => {
	const hellos = new HelloQueue(NOTHING_SHED, LIMITS);
	for (let i = 0; i < 5; i++) hellos.enter("new");
	expect(() => hellos.enter("new")).toThrow(expect.objectContaining({ code: "busy", retryAfterMs: 1_000 }));
	expect(hellos.enter("returning")).toBeUndefined();
});

test("a token is a returning client's credential, a name and a password a new one's", () => {
	expect(laneOf({ case: "token", value: "t" })).toBe("returning");
	expect(laneOf({ case: "refresh", value: "t" })).toBe("returning");
	expect(laneOf({ case: undefined })).toBe("new");
});
