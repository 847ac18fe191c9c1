import { describe, expect, test } from "bun:test";
import { create, type Entry, EntrySchema } from "@verbatim/protocol";
import { SeededRandom, VirtualClock } from "@verbatim/testkit";
import { createFaults, type Faults } from "../../src/base/faults.ts";
import { LocalBus } from "../../src/bus/local.ts";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";
import { Directory } from "../../src/people/directory.ts";
import type { EntriesPush } from "../../src/room/push.ts";
import { LiveRoom } from "../../src/room/room.ts";
import { Rooms } from "../../src/room/rooms.ts";
import type { Subscriber } from "../../src/room/subscriber.ts";
import { Subscription } from "../../src/room/subscription.ts";
import type { LogPage, Store } from "../../src/store/store.ts";
import { silentLog } from "../silent-log.ts";
import { Harness, ObjectFormat } from "./harness.ts";
import { join, joined, range, say } from "./helpers.ts";

const FORMAT = new ObjectFormat();
function silentFaults(): Faults {
	return createFaults({ clock: new VirtualClock(), random: new SeededRandom(1), log: silentLog, metrics: createMetrics() });
}

/** Presence is irrelevant here. */
const NOBODY_LEAVES = { entered() {}, joined() {} };
const NO_LISTS = { changed() {} };
const LIMITS = { ringEntriesMax: 8, pageBytesMax: 1_000 };

function liveRooms(clock: VirtualClock, store: Pick<Store, "page"> = { page: async () => undefined }): Rooms {
	const bus = new LocalBus();
	const limits = { ...LIMITS, historyEntriesMax: 4 };
	return new Rooms({
		directory: new Directory(bus),
		presence: NOBODY_LEAVES,
		lists: NO_LISTS,
		clock,
		faults: silentFaults(),
		bus,
		limits,
		store,
		readOn: createMetrics().roomsReadOn,
	});
}

function entry(seq: number, text = "hello"): Entry {
	return create(EntrySchema, { seq, body: { case: "message", value: { text } } });
}

function subscriber(): Subscriber & { taken: number[]; fellBehind: number } {
	const taker = {
		taken: [] as number[],
		fellBehind: 0,
		takePush(push: EntriesPush) {
			taker.taken.push(...range(push.from, push.to));
			push.encoded(FORMAT);
			return true;
		},
		fallBehind() {
			taker.fellBehind++;
		},
	};
	return taker as unknown as Subscriber & { taken: number[]; fellBehind: number };
}

describe("a live room", () => {
	test("a gap in what is published is never delivered: the subscriber reads the log", () => {
		const room = new LiveRoom("r1", 1, 10, LIMITS);
		const taker = subscriber();
		const subscription = new Subscription(room, taker, 10, "live");
		room.subscribers.add(subscription);
		room.publish({ room: "r1", epoch: 1, entries: [entry(11)] });
		room.publish({ room: "r1", epoch: 1, entries: [entry(14)] });
		expect(taker.taken).toEqual([11]);
		expect(subscription).toMatchObject({ cursor: 11, state: "behind" });
		expect(taker.fellBehind).toBe(1);
		expect(room.head).toBe(14);
		expect(room.recent(11, FORMAT)).toBeUndefined();
	});

	test("what was published before is not delivered again, in whole or in part", () => {
		const room = new LiveRoom("r1", 1, 0, LIMITS);
		const taker = subscriber();
		room.subscribers.add(new Subscription(room, taker, 0, "live"));
		room.publish({ room: "r1", epoch: 1, entries: [entry(1), entry(2)] });
		room.publish({ room: "r1", epoch: 1, entries: [entry(1), entry(2)] });
		room.publish({ room: "r1", epoch: 1, entries: [entry(2), entry(3)] });
		expect(taker.taken).toEqual([1, 2, 3]);
	});

	test("a room opened by a read ahead of the notifications has the head as of which its earliest reader is a member", () => {
		const room = new LiveRoom("r1", 1, 12, LIMITS);
		const [ahead, leaver] = [subscriber(), subscriber()];
		room.subscribers.add(new Subscription(room, ahead, 12, "live"));
		room.clampHead(10);
		const leaving = new Subscription(room, leaver, 10, "live");
		room.subscribers.add(leaving);
		expect(room.head).toBe(10);
		room.publish({ room: "r1", epoch: 1, entries: [entry(11)] });
		// 11 was their leave.
		room.subscribers.delete(leaving);
		room.clampHead(10);
		expect(room.head).toBe(11);
		room.publish({ room: "r1", epoch: 1, entries: [entry(12)] });
		room.publish({ room: "r1", epoch: 1, entries: [entry(13)] });
		room.clampHead(10);
		expect(room.head).toBe(13);
		expect(leaver.taken).toEqual([11]);
		expect(ahead.taken).toEqual([13]);
	});

	test("a room with a commit that was not notified is clamped, for an earlier subscriber, to where it is a member, and read from there", () => {
		const room = new LiveRoom("r1", 1, 10, LIMITS);
		room.publish({ room: "r1", epoch: 1, entries: [entry(11), entry(12)] });
		room.clampHead(10);
		expect(room).toMatchObject({ head: 12, isUnread: false });
		room.begin(14);
		room.publish({ room: "r1", epoch: 1, entries: [entry(15)] });
		room.clampHead(14);
		expect(room).toMatchObject({ head: 15, isUnread: false });
		room.clampHead(12);
		expect(room).toMatchObject({ head: 12, isUnread: true });
		expect(room.recent(14, FORMAT)).toBeUndefined();
	});

	test("the newest entries are kept in memory, bounded in number, each found by the seq before it", () => {
		const room = new LiveRoom("r1", 1, 0, LIMITS);
		room.subscribers.add(new Subscription(room, subscriber(), 0, "live"));
		for (let seq = 1; seq <= 100; seq++) room.publish({ room: "r1", epoch: 1, entries: [entry(seq)] });
		expect(range(1, 100).filter((seq) => room.recent(seq - 1, FORMAT) !== undefined)).toEqual(range(93, 100));
	});

	test("newest entries are kept as they were encoded: another format, or an idle room, reads the log", () => {
		const room = new LiveRoom("r1", 1, 0, LIMITS);
		room.subscribers.add(new Subscription(room, subscriber(), 0, "live"));
		room.publish({ room: "r1", epoch: 1, entries: [entry(1)] });
		expect(room.recent(0, FORMAT)?.encoded(FORMAT)).toBeDefined();
		expect(room.recent(0, new ObjectFormat())).toBeUndefined();
		room.clearRing();
		expect(room.recent(0, FORMAT)).toBeUndefined();
	});

	test("subscribers may be added and removed during an offer: each one that stays is offered to", () => {
		const room = new LiveRoom("r1", 1, 0, LIMITS);
		const all = range(1, 9).map(() => {
			const taker = subscriber();
			const subscription = new Subscription(room, taker, 0, "live");
			room.subscribers.add(subscription);
			return { taker, subscription };
		});
		const [, , leaver, , goer] = all;
		const taking = goer?.taker.takePush.bind(goer.taker);
		if (leaver === undefined || goer === undefined || taking === undefined) throw new Error("nine readers");
		goer.taker.takePush = (push) => {
			for (const { subscription } of [leaver, goer]) room.subscribers.delete(subscription);
			room.subscribers.add(new Subscription(room, subscriber(), 0, "live"));
			return taking(push);
		};
		room.publish({ room: "r1", epoch: 1, entries: [entry(1)] });
		for (const { taker } of all) expect(taker.taken).toEqual(taker === leaver.taker ? [] : [1]);
		expect(room.subscribers.size).toBe(8);
		room.subscribers.delete(goer.subscription);
		expect(room.subscribers.size).toBe(8);
	});

	test("a large batch is cut into pushes of bounded size", () => {
		const room = new LiveRoom("r1", 1, 0, LIMITS);
		const sizes: number[] = [];
		const taker = subscriber();
		const taking = taker.takePush.bind(taker);
		taker.takePush = (push) => {
			sizes.push(push.count);
			return taking(push);
		};
		room.subscribers.add(new Subscription(room, taker, 0, "live"));
		room.publish({ room: "r1", epoch: 1, entries: range(1, 20).map((seq) => entry(seq, "x".repeat(100))) });
		expect(taker.taken).toEqual(range(1, 20));
		expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
	});
});

describe("the live rooms", () => {
	test("a read ahead of the notification of its commit neither suppresses nor repeats it", () => {
		const rooms = liveRooms(new VirtualClock());
		const [early, late] = [subscriber(), subscriber()];
		const room = rooms.open("r1", 1, 9);
		room.subscribers.add(new Subscription(room, early, 9, "live"));
		room.subscribers.add(new Subscription(rooms.open("r1", 1, 10), late, 10, "live"));
		rooms.committed({ room: "r1", epoch: 1, entries: [entry(10)] });
		rooms.committed({ room: "r1", epoch: 1, entries: [entry(11)] });
		expect(early.taken).toEqual([10, 11]);
		expect(late.taken).toEqual([11]);
		expect(early.fellBehind + late.fellBehind).toBe(0);
	});

	test("a room opened by a read ignores the late notification of what was read", () => {
		const rooms = liveRooms(new VirtualClock());
		const taker = subscriber();
		const room = rooms.open("r1", 1, 10);
		room.subscribers.add(new Subscription(room, taker, 10, "live"));
		rooms.committed({ room: "r1", epoch: 1, entries: [entry(9), entry(10)] });
		rooms.committed({ room: "r1", epoch: 1, entries: [entry(11)] });
		expect(taker.taken).toEqual([11]);
	});

	test("a room without subscribers is evicted even if nothing is committed again, and no timer is left", async () => {
		const clock = new VirtualClock();
		const rooms = liveRooms(clock);
		const taker = subscriber();
		rooms.open("r1", 1, 10);
		const subscription = new Subscription(rooms.open("r2", 1, 10), taker, 10, "live");
		rooms.get("r2")?.subscribers.add(subscription);
		await clock.advance(150_000);
		expect([rooms.get("r1"), rooms.size]).toEqual([undefined, 1]);
		rooms.get("r2")?.subscribers.delete(subscription);
		await clock.advance(150_000);
		expect([rooms.size, clock.pending]).toEqual([0, 0]);
	});
});

describe("a join", () => {
	test("what is committed while its page is read follows the answer, never before it, without a gap", async () => {
		let hold: ((page: LogPage | undefined) => void) | undefined;
		const harness = new Harness({
			wrap: (store) =>
				new Proxy(store, {
					get(target, property: keyof Store) {
						if (property !== "page") {
							const member = target[property] as (...args: unknown[]) => unknown;
							return member.bind(target);
						}
						return async (...args: Parameters<Store["page"]>) => {
							const page = await target.page(...args);
							return "before" in args[1] ? new Promise((resolve) => (hold = () => resolve(page))) : page;
						};
					},
				}),
		});
		const ann = await harness.guest("ann");
		ann.put({ case: "create", value: { name: "tea" } });
		await harness.clock.settle();
		hold?.(undefined);
		await harness.clock.settle();
		const made = ann.received.find((down) => down.body.case === "joined")?.body;
		const id = made?.case === "joined" ? (made.value.room?.id ?? "") : "";
		const bob = await harness.guest("bob");
		const asked = bob.put(join("#tea"));
		await harness.clock.settle();
		for (let i = 0; i < 5; i++) await ann.want("sent", say(id, `${i}`));
		expect(bob.seqs(id)).toEqual([]);
		hold?.(undefined);
		await harness.clock.settle();
		expect(bob.received.findIndex((down) => down.id === asked)).toBeLessThan(
			bob.received.findIndex((down) => down.body.case === "entries"),
		);
		expect(bob.seqs(id)).toEqual(range(3, 7));
	});

	test("of a room that the session is in restarts the stream where the new page ends", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		await ann.want("sent", say(id, "one"));
		const { to } = await joined(ann, "#tea");
		expect(to).toBe(2);
		await ann.want("sent", say(id, "two"));
		expect(ann.seqs(id)).toEqual([2, 3]);
	});
});
