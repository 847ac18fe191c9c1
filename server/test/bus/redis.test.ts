import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { REDIS_MISSING, RedisProcess, redisPath } from "@verbatim/testkit";
import { systemClock, systemRandom } from "../../src/base/clock.ts";
import type { Bus, BusMessage } from "../../src/bus/bus.ts";
import { parseRedisAddress } from "../../src/bus/redis/address.ts";
import { RedisBus } from "../../src/bus/redis/redis.ts";
import { silentLog } from "../silent-log.ts";
import { busContract, commitOf } from "./contract.ts";

const PATIENCE_MS = 20_000;

/** A bus that tells when what was published before a probe has come. */
class ProbedBus implements Bus {
	readonly lossy = true;
	changes = 0;
	readonly inner: RedisBus;
	private readonly probes = new Set<string>();
	private wake: () => void = () => {};

	constructor(inner: RedisBus) {
		this.inner = inner;
		this.listen(
			() => {},
			() => {},
		);
	}

	get working(): boolean {
		return this.inner.working;
	}

	listen(receive: (message: BusMessage) => void, changed: () => void): void {
		this.inner.listen(
			(message) => {
				if (message.kind === "typing" && message.room.startsWith("probe")) this.probes.add(message.room);
				else receive(message);
				this.wake();
			},
			() => {
				this.changes++;
				this.wake();
				changed();
			},
		);
	}

	/** Resolves when `holds`, which is looked at whenever something is received or changes. */
	async until(what: string, holds: () => boolean): Promise<void> {
		const endMs = performance.now() + PATIENCE_MS;
		while (!holds()) {
			const leftMs = endMs - performance.now();
			if (leftMs <= 0) throw new Error(`not in time: ${what}`);
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, Math.min(leftMs, 50));
				this.wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		}
	}

	has(probe: string): boolean {
		return this.probes.has(probe);
	}

	publish = (message: BusMessage): void => this.inner.publish(message);
	followRoom = (room: string): void => this.inner.followRoom(room);
	unfollowRoom = (room: string): void => this.inner.unfollowRoom(room);
	followUser = (user: string): void => this.inner.followUser(user);
	unfollowUser = (user: string): void => this.inner.unfollowUser(user);
	stats = () => this.inner.stats();
	isClosed = false;
	close = (): void => {
		this.isClosed = true;
		this.inner.close();
	};
}

let probesSoFar = 0;
const USER = { id: "u-probe", name: "probe" };

/** What was published by each of `nodes` before has come to all, as far as it will. */
async function settle(nodes: readonly ProbedBus[]): Promise<void> {
	for (const to of nodes) await to.until("the bus works", () => to.working && to.inner.stats().held === 0);
	for (const from of nodes) {
		const room = `probe ${++probesSoFar}`;
		for (const to of nodes) to.followRoom(room);
		for (const to of nodes) {
			// Asked again until the subscription has taken effect.
			await to.until(`${room} comes`, () => {
				if (!to.has(room)) from.publish({ kind: "typing", user: USER, room });
				return to.has(room);
			});
		}
	}
}

describe.skipIf(redisPath() === undefined)(`with Redis (${REDIS_MISSING})`, () => {
	let redis: RedisProcess;
	beforeAll(async () => {
		redis = await RedisProcess.start();
	});
	afterAll(() => redis.kill());
	let clusters = 0;

	const open = (url: string, cluster: string, node: string): ProbedBus => {
		const bus = new RedisBus({
			address: parseRedisAddress(url),
			cluster,
			node,
			clock: systemClock,
			random: systemRandom,
			log: silentLog,
		});
		bus.start();
		return new ProbedBus(bus);
	};

	/** Two nodes of a cluster of their own, connected. */
	const two = async (url: string = redis.url): Promise<[ProbedBus, ProbedBus]> => {
		const cluster = `c${++clusters}`;
		const nodes: [ProbedBus, ProbedBus] = [open(url, cluster, "s1"), open(url, cluster, "s2")];
		for (const node of nodes) await node.until("the bus works", () => node.working);
		return nodes;
	};

	busContract("on Redis", async () => {
		const nodes = await two();
		return {
			nodes,
			settle: () => settle(nodes.filter(({ isClosed }) => !isClosed)),
			close: async () => {
				for (const node of nodes) node.close();
			},
		};
	});

	describe("the bus on Redis", () => {
		test("two clusters on one Redis hear nothing of each other", async () => {
			const [[a], [b]] = [await two(), await two()];
			const received: BusMessage[] = [];
			b.listen(
				(message) => received.push(message),
				() => {},
			);
			b.followRoom("r-tea");
			await settle([b]);
			a.publish(commitOf(1));
			await settle([a]);
			await settle([b]);
			expect(received).toEqual([]);
			a.close();
			b.close();
		});

		test("what a node publishes it receives in the same turn, without Redis too", () => {
			const bus = open("redis://127.0.0.1:1", "c", "s1");
			const received: BusMessage[] = [];
			bus.listen(
				(message) => received.push(message),
				() => {},
			);
			bus.publish(commitOf(1));
			expect(received).toEqual([commitOf(1)]);
			expect(bus.stats()).toEqual({ held: 0, heldBytes: 0, dropped: 1 });
			bus.close();
		});

		test("a Redis that is killed is noticed; once it is back everything is followed again, and what was published meanwhile does not come", async () => {
			await using own = await RedisProcess.start();
			const [a, b] = await two(own.url);
			const received: BusMessage[] = [];
			b.listen(
				(message) => received.push(message),
				() => {},
			);
			b.followRoom("r-tea");
			await settle([a, b]);
			await own.kill();
			await Promise.all([a, b].map((node) => node.until("the loss is noticed", () => !node.working)));
			a.publish(commitOf(1));
			const changes = b.changes;
			await own.start();
			await settle([a, b]);
			expect(b.changes).toBeGreaterThan(changes);
			a.publish(commitOf(2));
			await settle([a, b]);
			expect(received).toEqual([commitOf(2)]);
			a.close();
			b.close();
		});

		test("a Redis that stops with its sockets open is noticed after two beats, and is of use again when it goes on", async () => {
			await using own = await RedisProcess.start();
			const [a, b] = await two(own.url);
			own.pause();
			const startMs = performance.now();
			await Promise.all([a, b].map((node) => node.until("the silence is noticed", () => !node.working)));
			// Long before the client's own time-out of 3 s.
			expect(performance.now() - startMs).toBeLessThan(2_500);
			own.resume();
			await settle([a, b]);
			a.close();
			b.close();
		});

		test("a node that leaves is not missed; one that falls silent is, for a while", async () => {
			const [a, b] = await two();
			await settle([a, b]);
			b.close();
			let missed = false;
			const endMs = performance.now() + 1_500;
			await a.until("beats go on", () => {
				missed ||= !a.working;
				return performance.now() > endMs;
			});
			expect(missed).toBe(false);
			a.close();
		});

		test("a subscriber that is deaf while its sockets are open is noticed by its own beats", async () => {
			const [a] = await two();
			const client = (await import("@redis/client")).createClient({ url: redis.url });
			await client.connect();
			// Redis cuts all subscribers; kept from connecting again, the node still publishes without an error.
			await client.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
			await a.until("the loss is noticed, or it is connected again", () => a.changes > 0);
			await settle([a]);
			client.destroy();
			a.close();
		});

		test("what is no message of this program, or of a later one, is ignored", async () => {
			const [a, b] = await two();
			const received: BusMessage[] = [];
			b.listen(
				(message) => received.push(message),
				() => {},
			);
			b.followRoom("r-tea");
			await settle([a, b]);
			const client = (await import("@redis/client")).createClient({ url: redis.url });
			await client.connect();
			const channel = `verbatim:c${clusters}:room:r-tea`;
			const framed = (kind: number, body: string): Buffer =>
				Buffer.concat([Buffer.from([kind, 2]), Buffer.from("s9"), Buffer.from(body)]);
			for (const bytes of [
				Buffer.alloc(0),
				Buffer.from([1]),
				Buffer.from([1, 200, 3]),
				framed(1, "no protobuf"),
				framed(2, "no json"),
				framed(2, '[{"kind":"left","user":7}]'),
				framed(2, '[{"kind":"constructor"}]'),
				framed(2, '[null,7,{"kind":"of a later version"}]'),
				framed(77, "of a later version"),
			]) {
				await client.sPublish(channel, bytes);
			}
			a.publish(commitOf(1));
			await settle([a, b]);
			expect(received).toEqual([commitOf(1)]);
			client.destroy();
			a.close();
			b.close();
		});

		test("ten thousand rooms are followed again after a reconnection", async () => {
			await using own = await RedisProcess.start();
			const [a, b] = await two(own.url);
			for (let i = 0; i < 10_000; i++) b.followRoom(`r-${i}`);
			const received: BusMessage[] = [];
			b.listen(
				(message) => received.push(message),
				() => {},
			);
			await settle([a, b]);
			await own.kill();
			await b.until("the loss is noticed", () => !b.working);
			await own.start();
			await settle([a, b]);
			a.publish({ kind: "typing", user: USER, room: "r-0" });
			a.publish({ kind: "typing", user: USER, room: "r-9999" });
			await settle([a, b]);
			expect(received.map((message) => message.kind === "typing" && message.room)).toEqual(["r-0", "r-9999"]);
			a.close();
			b.close();
		}, 60_000);
	});
});
