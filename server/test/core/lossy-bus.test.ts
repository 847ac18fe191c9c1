// A node on a bus that loses, duplicates, delays and reorders: what the store has is delivered within two seconds, and nothing
// that it must not deliver.
import { describe, expect, test } from "bun:test";
import { Room_Kind } from "@verbatim/protocol";
import type { Bus, BusMessage } from "../../src/bus/bus.ts";
import { messageDraft } from "../../src/log/draft.ts";
import type { Draft } from "../../src/store/store.ts";
import { Harness, type TestClient } from "./harness.ts";
import { join, joined, range, say, texts } from "./helpers.ts";

const BEHIND_MAX_MS = 2_000;

/** Keeps the messages for which `keeps` holds; the test delivers or drops them. */
class KeepingBus implements Bus {
	readonly lossy: boolean;
	working = true;
	readonly kept: BusMessage[] = [];
	keeps: (message: BusMessage) => boolean = () => false;
	private receive: ((message: BusMessage) => void) | undefined;
	private changed: (() => void) | undefined;

	constructor(lossy = true) {
		this.lossy = lossy;
	}

	publish(message: BusMessage): void {
		if (this.keeps(message)) this.kept.push(message);
		else this.bring(message);
	}

	bring(...messages: readonly BusMessage[]): void {
		for (const message of messages) this.receive?.(message);
	}

	listen(receive: (message: BusMessage) => void, changed: () => void): void {
		this.receive = receive;
		this.changed = changed;
	}

	works(working: boolean): void {
		this.working = working;
		this.changed?.();
	}

	followRoom(_room: string): void {}
	unfollowRoom(): void {}
	followUser(): void {}
	unfollowUser(): void {}
	stats = () => ({ held: this.kept.length, heldBytes: 0, dropped: 0 });
	close(): void {}
}

async function tea(lossy = true): Promise<{ harness: Harness; bus: KeepingBus; ann: TestClient; bob: TestClient; id: string }> {
	const bus = new KeepingBus(lossy);
	const harness = new Harness({ bus, timing: { offlineGraceMs: 500 } });
	const [ann, bob] = [await harness.guest("ann"), await harness.guest("bob")];
	const { id } = await joined(ann, "#tea");
	await joined(bob, "#tea");
	return { harness, bus, ann, bob, id };
}

const noErrors = ({ logged }: Harness): void => expect(logged.filter(({ level }) => level === "error")).toEqual([]);
const leave = (room: string) => ({ case: "leave", value: { room } }) as const;

describe("on a lossy bus", () => {
	test("while it is known not to work, what the store has is shown within half a second; and at once when it works again", async () => {
		const { harness, bus, ann, bob, id } = await tea();
		bus.keeps = () => true;
		bus.works(false);
		await harness.clock.advance(1_000);
		await ann.want("sent", say(id, "one"));
		await harness.clock.advance(500);
		expect(texts(bob, id)).toEqual(["one"]);
		await ann.want("sent", say(id, "two"));
		bus.works(true);
		await harness.clock.advance(1);
		expect(texts(bob, id)).toEqual(["one", "two"]);
		noErrors(harness);
	});

	test("a lost last message of a room is delivered within two seconds", async () => {
		const { harness, bus, ann, bob, id } = await tea();
		bus.keeps = () => true;
		await ann.want("sent", say(id, "lost"));
		expect(texts(bob, id)).toEqual([]);
		await harness.clock.advance(BEHIND_MAX_MS);
		expect(texts(bob, id)).toEqual(["lost"]);
		noErrors(harness);
	});

	test("what arrives twice, late and reordered is delivered once, in order, without a read of the log", async () => {
		const { harness, bus, ann, bob, id } = await tea();
		bus.keeps = () => true;
		for (const text of ["one", "two", "three", "four"]) await ann.want("sent", say(id, text));
		const [one, two, three, four] = bus.kept as [BusMessage, BusMessage, BusMessage, BusMessage];
		bus.bring(one, three, one, four, three);
		await harness.clock.settle();
		expect(texts(bob, id)).toEqual(["one"]);
		bus.bring(two, two, one, four);
		await harness.clock.settle();
		expect(bob.seqs(id)).toEqual(range(3, 6));
		expect(harness.metrics.families.find(({ name }) => name === "verbatim_rooms_read_on_total")?.samples()).toEqual([
			{ value: 0 },
		]);
		noErrors(harness);
	});

	test("a gap is waited for for a few milliseconds, and then read from the log", async () => {
		const { harness, bus, ann, bob, id } = await tea();
		bus.keeps = () => true;
		for (const text of ["one", "two", "three"]) await ann.want("sent", say(id, text));
		bus.bring(...bus.kept.slice(2));
		await harness.clock.advance(10);
		expect(texts(bob, id)).toEqual(["one", "two", "three"]);
		noErrors(harness);
	});

	test("a membership by another session, whose notification is lost, is in effect within two seconds", async () => {
		const { harness, bus, ann, id } = await tea();
		const [phone, laptop] = [await harness.guest("cat"), await harness.guest("cat")];
		await harness.clock.advance(BEHIND_MAX_MS);
		bus.keeps = ({ kind }) => kind !== "presence";
		await phone.want("joined", join(id));
		await harness.clock.advance(BEHIND_MAX_MS);
		expect(laptop.pushed("roomAdded").map(({ room }) => room?.id)).toEqual([id]);
		bus.keeps = () => false;
		await ann.want("sent", say(id, "welcome"));
		expect([texts(phone, id), texts(laptop, id)]).toEqual([["welcome"], ["welcome"]]);
		noErrors(harness);
	});

	test("a room that another session has made, and in which no other user is here, is announced within two seconds, once", async () => {
		const { harness, bus } = await tea();
		const [phone, laptop] = [await harness.guest("cat"), await harness.guest("cat")];
		await harness.clock.advance(BEHIND_MAX_MS);
		bus.keeps = () => true;
		const { id } = await joined(phone, "#den");
		await harness.clock.advance(BEHIND_MAX_MS);
		expect(laptop.pushed("roomAdded").map(({ room }) => room?.id)).toEqual([id]);
		bus.bring(...bus.kept);
		bus.keeps = () => false;
		await phone.want("sent", say(id, "hello"));
		await harness.clock.advance(BEHIND_MAX_MS);
		expect(laptop.pushed("roomAdded")).toHaveLength(1);
		expect([texts(phone, id), texts(laptop, id)]).toEqual([["hello"], ["hello"]]);
		noErrors(harness);
	});

	test("a page of history has what was acknowledged before the request, whatever the bus has delivered", async () => {
		const { harness, bus, ann, bob, id } = await tea();
		bus.keeps = () => true;
		await ann.want("sent", say(id, "lost"));
		const page = await bob.want("page", { case: "history", value: { room: id } });
		expect(page.entries.at(-1)?.body).toMatchObject({ case: "message", value: { text: "lost" } });
		noErrors(harness);
	});

	test("a leave by another session, whose notification is lost, ends delivery, and is notified within two seconds", async () => {
		const { harness, bus, ann, bob, id } = await tea();
		const tablet = await harness.guest("bob");
		bus.keeps = () => true;
		await bob.want("done", leave(id));
		await ann.want("sent", say(id, "among us"));
		// Only what follows the leave is delivered.
		bus.bring(...bus.kept.filter((message) => message.kind === "commit").slice(1));
		await harness.clock.advance(BEHIND_MAX_MS);
		for (const client of [bob, tablet]) {
			expect(texts(client, id)).toEqual([]);
			expect(client.pushed("roomRemoved")).toHaveLength(1);
		}
		expect(texts(ann, id)).toEqual(["among us"]);
		noErrors(harness);
	});

	test("a join delivered after the leave that followed it, and a leave after the join that followed it, change nothing", async () => {
		const { harness, bus, ann, bob, id } = await tea();
		const tablet = await harness.guest("bob");
		const history: BusMessage[] = [];
		bus.keeps = (message) => history.push(message) < 0;
		await bob.want("done", leave(id));
		await bob.want("joined", join(id));
		const before = tablet.received.length;
		bus.bring(...history.toReversed(), ...history);
		await harness.clock.advance(BEHIND_MAX_MS);
		expect(tablet.received.slice(before).filter(({ body }) => body.case !== "ping")).toEqual([]);
		await ann.want("sent", say(id, "still here"));
		expect([texts(bob, id), texts(tablet, id)]).toEqual([["still here"], ["still here"]]);
		await bob.want("done", leave(id));
		bus.bring(...history);
		await ann.want("sent", say(id, "gone"));
		await harness.clock.advance(BEHIND_MAX_MS);
		expect([texts(bob, id), texts(tablet, id)]).toEqual([["still here"], ["still here"]]);
		noErrors(harness);
	});

	test("a session whose user is disabled or signed out, without a notification, ends within two seconds", async () => {
		const { harness, bus, ann, bob } = await tea();
		bus.keeps = () => true;
		const voids = (id: string, disabled: boolean) =>
			harness.store.append({ kind: "userChange", id, nowMs: 0, change: { disabled, voidsTokens: true } });
		await Promise.all([voids("u-ann", true), voids("u-bob", false), harness.clock.settle()]);
		await harness.clock.advance(BEHIND_MAX_MS);
		expect([ann.closedAs, bob.closedAs]).toEqual(["banned", "expired"]);
		noErrors(harness);
	});

	test("lost presence is notified within two seconds; a late one does not replace a newer one", async () => {
		const { harness, bus, ann, bob } = await tea();
		const seen = (): boolean[] => ann.pushed("presence").flatMap(({ user, online }) => (user?.id === "u-bob" ? [online] : []));
		const told = seen().length;
		bus.keeps = ({ kind }) => kind === "presence";
		await bob.lose();
		await harness.clock.advance(3_000);
		bus.keeps = () => false;
		await harness.clock.advance(BEHIND_MAX_MS);
		expect(seen().slice(told)).toEqual([false]);
		bus.keeps = ({ kind }) => kind === "presence";
		await harness.guest("bob");
		bus.keeps = () => false;
		await harness.clock.advance(BEHIND_MAX_MS);
		bus.bring(...bus.kept);
		await harness.clock.settle();
		expect(seen().slice(told)).toEqual([false, true]);
		noErrors(harness);
	});

	test("an invitation that was declined or accepted is not notified when its message is late", async () => {
		const { harness, bus, ann, bob } = await tea();
		const den = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		const id = den.room?.id ?? "";
		bus.keeps = () => true;
		await ann.want("done", { case: "invite", value: { room: id, user: "bob" } });
		await bob.want("done", leave(id));
		bus.bring(...bus.kept);
		await harness.clock.advance(BEHIND_MAX_MS);
		expect(bob.pushed("invited")).toEqual([]);
		noErrors(harness);
	});
});

/** Delivers the commits of followed rooms only, and tells of each loss. */
class TellingBus extends KeepingBus {
	readonly tellsLosses = true;
	private readonly rooms = new Set<string>();
	override keeps = (message: BusMessage): boolean => message.kind === "commit" && !this.rooms.has(message.committed.room);
	override followRoom(room: string): void {
		this.rooms.add(room);
	}
}

describe("on a bus that tells of its losses", () => {
	test("what was committed between the read of a room's head and the subscription to its channel is shown at once", async () => {
		const sender = { id: "u-bob", name: "bob" };
		const created: Draft = {
			kind: "create",
			room: "r-tea",
			epoch: 7,
			roomKind: Room_Kind.PUBLIC,
			name: "tea",
			skeleton: "tea",
			sender,
			atMs: 1,
		};
		const harness = new Harness({
			bus: new TellingBus(),
			wrap: (store) => ({
				...store,
				async roomsOf(user) {
					const views = await store.roomsOf(user);
					await store.append(messageDraft({ room: "r-tea", sender, cid: "c1", text: "between", atMs: 2 }));
					return views;
				},
			}),
		});
		const done = harness.store.append(created);
		await harness.clock.settle();
		expect(await done).toMatchObject({ ok: true });
		const bob = await harness.guest("bob");
		await harness.clock.advance(50);
		expect(texts(bob, "r-tea")).toEqual(["between"]);
		noErrors(harness);
	});

	test("rooms and users are compared with the store when it says so, and seldom else", async () => {
		const bus = new TellingBus();
		let compared = 0;
		const harness = new Harness({
			bus,
			wrap: (store) => ({
				...store,
				userMarks(users) {
					compared++;
					return store.userMarks(users);
				},
			}),
		});
		const [ann, bob] = [await harness.guest("ann"), await harness.guest("bob")];
		const { id } = await joined(ann, "#tea");
		await joined(bob, "#tea");
		await harness.clock.advance(14_000);
		expect(compared).toBe(0);
		bus.keeps = () => true;
		await ann.want("sent", say(id, "dropped"));
		bus.works(true);
		await harness.clock.advance(50);
		expect(texts(bob, id)).toEqual(["dropped"]);
		expect(compared).toBe(1);
		await ann.want("sent", say(id, "dropped without a word"));
		await harness.clock.advance(16_000);
		expect(texts(bob, id)).toEqual(["dropped", "dropped without a word"]);
	});
});

test("where another thread publishes what is committed, nothing is published here", async () => {
	for (const publishesCommits of [true, false]) {
		const bus = new KeepingBus();
		bus.keeps = () => true;
		const harness = new Harness({ bus, publishesCommits });
		const sender = { id: "u-ann", name: "ann" };
		await harness.guest("ann");
		bus.kept.splice(0);
		const roomKind = Room_Kind.PUBLIC;
		void harness.store.append({
			kind: "create",
			room: "r-tea",
			epoch: 7,
			roomKind,
			name: "tea",
			skeleton: "tea",
			sender,
			atMs: 1,
		});
		await harness.clock.settle();
		expect(bus.kept.map(({ kind }) => kind)).toEqual(publishesCommits ? ["commit", "joined"] : []);
	}
});

test("on a bus that is not lossy nothing is compared", async () => {
	const { harness } = await tea(false);
	let reads = 0;
	const { heads, userMarks } = harness.store;
	Object.assign(harness.store, {
		heads(...args: Parameters<typeof heads>) {
			reads++;
			return heads(...args);
		},
		userMarks(...args: Parameters<typeof userMarks>) {
			reads++;
			return userMarks(...args);
		},
	});
	await harness.clock.advance(10_000);
	expect(reads).toBe(0);
});
