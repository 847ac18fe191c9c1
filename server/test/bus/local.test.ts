import { expect, test } from "bun:test";
import type { BusMessage } from "../../src/bus/bus.ts";
import { LocalBus } from "../../src/bus/local.ts";
import { busContract, commitOf } from "./contract.ts";

busContract("of one process", async () => {
	const bus = new LocalBus();
	return { nodes: [bus, bus], settle: async () => {}, close: async () => bus.close() };
});

test("the bus of one process delivers the object itself, in the turn in which it is published", () => {
	const bus = new LocalBus();
	const received: BusMessage[] = [];
	bus.listen((message) => received.push(message));
	const commit = commitOf(1);
	bus.publish(commit);
	expect(received[0]).toBe(commit);
	expect(bus.lossy).toBe(false);
});
