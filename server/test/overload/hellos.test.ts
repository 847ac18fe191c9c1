import { expect, test } from "bun:test";
import { HelloQueue, laneOf } from "../../src/admit/hello-queue.ts";
import { NEVER_SHEDDING } from "../../src/overload/shedding.ts";

const LIMITS = { atOnceMax: 4, freshAtOnceMax: 2, waitingMax: 3 };

test("whoever comes back goes ahead of strangers, who never take all places", async () => {
	const hellos = new HelloQueue(NEVER_SHEDDING, LIMITS);
	const order: string[] = [];
	const enter = (lane: "back" | "fresh", name: string): void => {
		const turn = hellos.enter(lane);
		if (turn === undefined) order.push(name);
		else void turn.then(() => order.push(name));
	};
	for (const name of ["f1", "f2", "f3"]) enter("fresh", name);
	for (const name of ["b1", "b2", "b3", "b4"]) enter("back", name);
	expect(order).toEqual(["f1", "f2", "b1", "b2"]);
	expect(hellos.waiting).toBe(3);
	hellos.done("fresh");
	hellos.done("fresh");
	await Promise.resolve();
	expect(order.slice(4)).toEqual(["b3", "b4"]);
	hellos.done("back");
	await Promise.resolve();
	expect(order.slice(6)).toEqual(["f3"]);
	expect(hellos.waiting).toBe(0);
});

test("each lane is bounded; beyond, the refusal says when to come back", () => {
	const hellos = new HelloQueue(NEVER_SHEDDING, LIMITS);
	for (let i = 0; i < 5; i++) hellos.enter("fresh");
	expect(() => hellos.enter("fresh")).toThrow(expect.objectContaining({ code: "busy", retryAfterMs: 1_000 }));
	expect(hellos.enter("back")).toBeUndefined();
});

test("a token was given to somebody who was inside; a name and a password are a stranger's", () => {
	expect(laneOf({ case: "token", value: "t" })).toBe("back");
	expect(laneOf({ case: "refresh", value: "t" })).toBe("back");
	expect(laneOf({ case: undefined })).toBe("fresh");
});
