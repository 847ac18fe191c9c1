import { describe, expect, test } from "bun:test";
import type { BusMessage } from "../../src/bus/bus.ts";
import { publishCommits } from "../../src/bus/publish-commits.ts";
import { Hub } from "../../src/bus/workers/hub.ts";
import { WorkerBus } from "../../src/bus/workers/worker-bus.ts";
import { type PortPair, portPair } from "../thread/pair.ts";
import { busContract, commitOf, MESSAGES } from "./contract.ts";

const ROOM = "r-tea";

interface Fixture {
	readonly hub: Hub;
	readonly pairs: readonly [PortPair, PortPair];
	readonly nodes: readonly [WorkerBus, WorkerBus];
	settle(): Promise<void>;
	close(): Promise<void>;
}

function twoWorkers(heldBytesMax?: number): Fixture {
	const hub = new Hub(heldBytesMax);
	const pairs: [PortPair, PortPair] = [portPair(), portPair()];
	const nodes: [WorkerBus, WorkerBus] = [new WorkerBus(pairs[0].near, heldBytesMax), new WorkerBus(pairs[1].near, heldBytesMax)];
	for (const { far } of pairs) hub.add(far);
	for (const pair of pairs) pair.open();
	return {
		hub,
		pairs,
		nodes,
		async settle() {
			// To the hub, and from there to all.
			for (let i = 0; i < 2; i++) await Promise.all(pairs.map((pair) => pair.settle()));
		},
		async close() {
			for (const node of nodes) node.close();
			// What the test does after this is not awaited.
			for (const pair of pairs) pair.settle = async () => {};
			for (const pair of pairs) pair.close();
		},
	};
}

busContract("of worker threads", async () => twoWorkers());

describe("the bus of worker threads", () => {
	const listening = (fixture: Fixture) => {
		const received: [BusMessage[], BusMessage[]] = [[], []];
		const changes = [0, 0] as [number, number];
		for (const [i, node] of fixture.nodes.entries()) {
			node.listen(
				(message) => received[i as 0 | 1].push(message),
				() => void changes[i as 0 | 1]++,
			);
		}
		return { received, changes };
	};

	test("what a worker publishes it receives in the same turn, once", async () => {
		const fixture = twoWorkers();
		const { received } = listening(fixture);
		for (const message of MESSAGES) fixture.nodes[0].publish(message);
		expect(received[0]).toEqual([...MESSAGES]);
		await fixture.settle();
		expect(received[0]).toHaveLength(MESSAGES.length);
		await fixture.close();
	});

	test("a batch reaches the workers that follow its room, or its user, once, and no others", async () => {
		const fixture = twoWorkers();
		const { received } = listening(fixture);
		fixture.nodes[1].followRoom(ROOM);
		await fixture.settle();
		const commit = commitOf(1, 2);
		const faults = { guard: (_place: string, _what: string, task: () => void) => task() };
		if (commit.kind === "commit") publishCommits([commit.committed], { bus: fixture.hub, changed() {}, faults });
		await fixture.settle();
		expect(received).toEqual([[], [commit]]);
		fixture.nodes[1].unfollowRoom(ROOM);
		await fixture.settle();
		fixture.hub.publish(commit);
		await fixture.settle();
		expect(received).toEqual([[], [commit]]);
		await fixture.close();
	});

	test("sessions that begin and end, presence, and revocations reach every worker, whatever it follows", async () => {
		const fixture = twoWorkers();
		const { received } = listening(fixture);
		const all = MESSAGES.filter(({ kind }) => ["opened", "ended", "revoked", "presence"].includes(kind));
		for (const message of MESSAGES) fixture.nodes[0].publish(message);
		await fixture.settle();
		expect(received[1]).toEqual(all);
		await fixture.close();
	});

	test("what waits for a worker that does not take it is bounded; it is told once that it has lost something, before what comes later", async () => {
		const bytesMax = 300_000;
		const fixture = twoWorkers(bytesMax);
		const { received, changes } = listening(fixture);
		fixture.nodes[1].followRoom(ROOM);
		await fixture.settle();
		// In one turn, in which the worker takes nothing.
		for (let seq = 1; seq <= 3_000; seq++) fixture.hub.publish(commitOf(seq));
		const opened: BusMessage = { kind: "opened", user: "u-ann", node: "s9", session: 1 };
		fixture.hub.publish(opened);
		expect(fixture.hub.heldBytes).toBeLessThan(bytesMax + 1_000);
		expect(fixture.hub.dropped).toBeGreaterThan(0);
		await fixture.settle();
		await fixture.settle();
		expect(changes).toEqual([0, 1]);
		expect(received[1]).toHaveLength(3_000 - fixture.hub.dropped + 1);
		expect(received[1].at(-1)).toEqual(opened);
		fixture.hub.publish(commitOf(3_001));
		await fixture.settle();
		expect(received[1].at(-1)).toEqual(commitOf(3_001));
		await fixture.close();
	});

	test("what a worker could not publish because the hub takes nothing, the others are told to look for", async () => {
		const fixture = twoWorkers(300_000);
		const { received, changes } = listening(fixture);
		fixture.nodes[1].followRoom(ROOM);
		await fixture.settle();
		for (let seq = 1; seq <= 3_000; seq++) fixture.nodes[0].publish(commitOf(seq));
		const { dropped, heldBytes } = fixture.nodes[0].stats();
		expect(dropped).toBeGreaterThan(0);
		expect(heldBytes).toBeLessThan(301_000);
		expect(received[0]).toHaveLength(3_000);
		for (let i = 0; i < 3; i++) await fixture.settle();
		expect(changes[1]).toBeGreaterThan(0);
		await fixture.close();
	});
});
