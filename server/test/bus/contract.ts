// The contract of a bus, lossy or not: run on each implementation.
import { describe, expect, test } from "bun:test";
import { create, type Entry, EntrySchema } from "@verbatim/protocol";
import type { Bus, BusMessage } from "../../src/bus/bus.ts";

export interface BusFixture {
	/** The buses of two nodes; for a bus of one process, the same one twice. */
	readonly nodes: readonly [Bus, Bus];
	/** Resolves once what was published is delivered, unless it is lost. */
	settle(): Promise<void>;
	close(): Promise<void>;
}

const USER = "u-ann";
const ROOM = "r-tea";

export function entryOf(seq: number, text = "hello"): Entry {
	return create(EntrySchema, { seq, atMs: 7, sender: { id: USER, name: "ann" }, body: { case: "message", value: { text } } });
}

export function commitOf(...seqs: readonly number[]): BusMessage {
	return { kind: "commit", committed: { room: ROOM, epoch: 3, entries: seqs.map((seq) => entryOf(seq)) } };
}

/** One of each kind. */
export const MESSAGES: readonly BusMessage[] = [
	commitOf(1, 2),
	{ kind: "joined", user: USER, room: ROOM, epoch: 3, seq: 1 },
	{ kind: "left", user: USER, room: ROOM, epoch: 3, seq: 2 },
	{ kind: "invited", user: USER, room: ROOM, epoch: 3, seq: 3, by: { id: "u-bob", name: "bob" } },
	{ kind: "declined", user: USER, room: ROOM },
	{ kind: "revoked", user: USER, generation: 2, why: "banned" },
	{ kind: "opened", user: USER, node: "s1", session: 4 },
	{ kind: "ended", user: USER, node: "s1", session: 4 },
	{ kind: "typing", user: { id: USER, name: "ann" }, room: ROOM },
	{ kind: "presence", user: { id: USER, name: "ann" }, online: true, rooms: [ROOM], node: "s1", number: 1 },
];

export function busContract(name: string, open: () => Promise<BusFixture>): void {
	describe(`the bus ${name}`, () => {
		const receiving = async (task: (fixture: BusFixture, received: BusMessage[][]) => Promise<void> | void): Promise<void> => {
			const fixture = await open();
			const received: BusMessage[][] = [[], []];
			const buses = [...new Set(fixture.nodes)];
			for (const [i, bus] of buses.entries()) {
				bus.listen(
					(message) => received[i]?.push(message),
					() => {},
				);
				bus.followRoom(ROOM);
				bus.followUser(USER);
			}
			await fixture.settle();
			await task(fixture, received.slice(0, buses.length));
			await fixture.close();
		};

		test("delivers each kind of message unchanged to every node that follows its channel", () =>
			receiving(async ({ nodes, settle }, received) => {
				for (const message of MESSAGES) nodes[0].publish(message);
				await settle();
				for (const messages of received) expect(messages).toEqual([...MESSAGES]);
			}));

		test("delivers a room's commits in the order in which one node has published them", () =>
			receiving(async ({ nodes, settle }, received) => {
				const commits = Array.from({ length: 50 }, (_, i) => commitOf(i + 1));
				for (const commit of commits) nodes[1].publish(commit);
				await settle();
				for (const messages of received) expect(messages).toEqual(commits);
			}));

		test("delivers what is published during a delivery", async () => {
			const { nodes, settle, close } = await open();
			const [bus] = nodes;
			const received: string[] = [];
			bus.listen(
				(message) => {
					received.push(message.kind);
					if (message.kind === "commit") bus.publish({ kind: "declined", user: USER, room: ROOM });
				},
				() => {},
			);
			bus.followRoom(ROOM);
			bus.followUser(USER);
			await settle();
			bus.publish(commitOf(1));
			await settle();
			expect(received).toEqual(["commit", "declined"]);
			await close();
		});

		test("publishing never throws, before a receiver is set and after the bus is closed, and nothing is buffered then", async () => {
			const { nodes, settle, close } = await open();
			nodes[0].publish(commitOf(1));
			await close();
			nodes[0].publish(commitOf(2));
			await settle();
			expect(nodes[0].stats()).toMatchObject({ held: 0, heldBytes: 0 });
		});

		test("following and unfollowing are idempotent", () =>
			receiving(async ({ nodes, settle }, received) => {
				nodes[0].followRoom(ROOM);
				nodes[0].unfollowUser("u-nobody");
				nodes[0].publish(commitOf(1));
				await settle();
				expect(received[0]).toEqual([commitOf(1)]);
				nodes[0].unfollowRoom(ROOM);
				nodes[0].unfollowRoom(ROOM);
				await settle();
			}));
	});
}
