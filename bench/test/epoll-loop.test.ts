// The generator against a scripted server over real sockets: the faults that it must detect.
import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import { failuresOf } from "../src/failures.ts";
import { EpollLoop } from "../src/load/epoll-loop.ts";
import { lengthFrame, lengthFrames } from "../src/load/framing.ts";
import { DeliveryCounters, type WireFormat } from "../src/load/load-connection.ts";
import { messageText } from "../src/load/message-text.ts";
import { Samples } from "../src/load/samples.ts";
import { deliveryOfTexts } from "../src/peers/peer.ts";

const wireFormat: WireFormat = { framing: lengthFrames, read: deliveryOfTexts };
const open: { stop(): void }[] = [];

afterEach(() => {
	for (const one of open.splice(0)) one.stop();
});

describe("the epoll loop", () => {
	test("counts every delivery of every receiver, in whatever pieces they come", async () => {
		const { loop, counters, sockets } = await receivers(3);
		const bytes = Buffer.concat(numbers(1, 40).map(frame));
		for (const socket of sockets)
			for (let at = 0; at < bytes.length; at += 37) {
				socket.write(bytes.subarray(at, at + 37));
				loop.poll(0);
			}
		expect(await loop.until(() => counters.delivered >= 120, 5_000)).toBe(true);
		expect(failuresOf(counters, counters.delivered, 120)).toEqual([]);
	});

	test("notices what is missing, doubled and out of place", async () => {
		const faults = { missing: [1, 2, 4], doubled: [1, 2, 2, 3], swapped: [1, 3, 2, 4] };
		for (const [fault, said] of Object.entries(faults)) {
			const { loop, counters, sockets } = await receivers(2);
			sockets[0]?.write(Buffer.concat(numbers(1, 4).map(frame)));
			sockets[1]?.write(Buffer.concat(said.map(frame)));
			expect(await loop.until(() => counters.delivered >= 4 + said.length, 5_000)).toBe(true);
			expect({ fault, failures: failuresOf(counters, counters.delivered, 8).join() }).toEqual({
				fault,
				failures: expect.stringContaining("did not follow"),
			});
		}
	});

	test("notices a byte that differs: such a frame is not taken for the one that the others were given", async () => {
		const { loop, counters, sockets } = await receivers(2);
		sockets[0]?.write(frame(1));
		const damaged = frame(1);
		damaged.write("n=000000007", 4);
		sockets[1]?.write(damaged);
		expect(await loop.until(() => counters.delivered === 2, 5_000)).toBe(true);
		expect(counters.disordered).toBe(1);
	});

	test("notices a connection that the server has ended", async () => {
		const { loop, counters, sockets } = await receivers(2);
		sockets[1]?.end();
		expect(await loop.until(() => counters.lost === 1, 5_000)).toBe(true);
		expect(failuresOf(counters, 0, 0)).toEqual(["1 connections were lost"]);
	});

	test("a paused connection reads nothing, and everything once it is resumed", async () => {
		const { loop, counters, sockets, connections } = await receivers(2);
		for (const connection of connections.slice(0, 1)) loop.pause(connection);
		for (const socket of sockets) socket.write(Buffer.concat(numbers(1, 10).map(frame)));
		expect(await loop.until(() => connections[1]?.delivered === 10, 5_000)).toBe(true);
		expect(connections[0]?.delivered).toBe(0);
		for (const connection of connections.slice(0, 1)) loop.resume(connection);
		expect(await loop.until(() => counters.delivered === 20, 5_000)).toBe(true);
	});

	test("takes a latency for each message of a sampled receiver, and of no other", async () => {
		const { loop, counters, sockets, connections } = await receivers(2);
		const samples = new Samples();
		for (const connection of connections.slice(0, 1)) connection.samples = samples;
		for (const socket of sockets) socket.write(Buffer.concat(numbers(1, 10).map(frame)));
		expect(await loop.until(() => counters.delivered === 20, 5_000)).toBe(true);
		expect(samples.count).toBe(10);
		expect(samples.percentile(0.5)).toBeGreaterThanOrEqual(0);
	});
});

/** So many connections to a server of this test, and its ends of them, in the same order. */
async function receivers(count: number) {
	const sockets: Socket[] = [];
	const server = Bun.listen({
		hostname: "127.0.0.1",
		port: 0,
		socket: { open: (socket) => void sockets.push(socket), data() {} },
	});
	const loop = new EpollLoop();
	open.push({ stop: () => server.stop(true) }, { stop: () => loop.close() });
	const counters = new DeliveryCounters();
	const connections = [];
	for (let i = 0; i < count; i++) {
		connections.push(loop.connect(server.port, wireFormat, counters));
		expect(await loop.until(() => sockets.length === i + 1, 5_000)).toBe(true);
	}
	return { loop, counters, sockets, connections };
}

function numbers(first: number, last: number): number[] {
	return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function frame(n: number): Buffer {
	return lengthFrame(messageText(n, performance.now()));
}
