import { expect, test } from "bun:test";
import { Refusal } from "@verbatim/protocol";
import { systemClock } from "../../src/base/clock.ts";
import { answerCalls, Caller, ThrownElsewhere } from "../../src/thread/calls.ts";
import { Port, type ThreadEnd } from "../../src/thread/port.ts";
import { portPair } from "./pair.ts";

test("what one turn sends goes in one message, and is taken in order", async () => {
	const messages: string[] = [];
	const port = new Port({ postMessage: (text) => void messages.push(text), onmessage: null }, systemClock);
	port.send("a", "1");
	port.send("b", '{"x":2}');
	expect(port.heldPieces).toBe(2);
	await new Promise<void>((resolve) => systemClock.soon(resolve));
	port.send("a", "3");
	await new Promise<void>((resolve) => systemClock.soon(resolve));
	expect(messages).toEqual(['[0,["a",1],["b",{"x":2}]]', '[0,["a",3]]']);
});

test("each end knows what the other has not taken, and is told when it has", async () => {
	const pair = portPair();
	const taken: number[] = [];
	pair.far.on("text", (value) => taken.push((value as string).length));
	const drained = Promise.withResolvers<void>();
	pair.near.onDrain(() => drained.resolve());
	pair.near.open();
	pair.near.send("text", JSON.stringify("x".repeat(200_000)));
	await new Promise<void>((resolve) => systemClock.soon(resolve));
	expect(pair.near.heldBytes).toBeGreaterThan(200_000);
	expect(taken).toEqual([]);
	pair.far.open();
	await drained.promise;
	expect(taken).toEqual([200_000]);
	expect(pair.near.heldBytes).toBe(0);
	pair.close();
});

test("calls bring values, undefined, refusals with their time, and errors with their words", async () => {
	const pair = portPair();
	answerCalls(pair.far, "calls", {
		add: (a: number, b?: number) => a + (b ?? 1),
		nothing: () => undefined,
		nil: () => null,
		refuse: () => {
			throw new Refusal("busy", "not now", 77);
		},
		fail: async () => {
			throw Object.assign(new TypeError("broken"), { code: "EBROKEN" });
		},
	});
	const caller = new Caller(pair.near, "calls");
	pair.open();
	expect(await caller.call("add", [1, 5])).toBe(6);
	expect(await caller.call("add", [1, undefined])).toBe(2);
	expect(await caller.call("nothing", [])).toBeUndefined();
	expect(await caller.call("nil", [])).toBeNull();
	const refused = await caller.call("refuse", []).catch((cause: unknown) => cause);
	expect(refused).toBeInstanceOf(Refusal);
	expect(refused).toMatchObject({ code: "busy", message: "not now", retryAfterMs: 77 });
	const thrown = await caller.call("fail", []).catch((cause: unknown) => cause);
	expect(thrown).toBeInstanceOf(ThrownElsewhere);
	expect(thrown).toMatchObject({ thrown: "TypeError", message: "broken", code: "EBROKEN" });
	for (const method of ["absent", "constructor"]) {
		expect(await caller.call(method, []).catch((cause: Error) => cause.message)).toBe(`there is no ${method} in calls`);
	}
	pair.close();
});

test("what takes one piece may throw: the others of that message are taken, then the error is uncaught", () => {
	const end: ThreadEnd = { postMessage() {}, onmessage: null };
	const port = new Port(end, systemClock);
	const taken: unknown[] = [];
	const fail = (what: string) => () => {
		throw new Error(what);
	};
	port.onDrain(fail("drained"));
	port.onDrain(() => void taken.push("drained"));
	port.on("broken", fail("a piece"));
	port.on("sound", (value) => void taken.push(value));
	port.open();
	const arrive = (text: string): void => end.onmessage?.(new MessageEvent("message", { data: text }));
	expect(() => arrive('[0,["sound",1],["broken",2],["sound",3]]')).toThrow("a piece");
	expect(() => arrive('[10,["broken",4],["sound",5]]')).toThrow(AggregateError);
	expect(taken).toEqual([1, 3, "drained", 5]);
});
