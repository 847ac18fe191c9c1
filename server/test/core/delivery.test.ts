import { describe, expect, test } from "bun:test";
import { Skipped_Reason } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import { Harness, ObjectFormat } from "./harness.ts";
import { join, joined, range, say, texts } from "./helpers.ts";

describe("delivery", () => {
	test("all members of a room get the same dense order, the sender included", async () => {
		const harness = new Harness();
		const clients = [await harness.guest("ann"), await harness.guest("bob"), await harness.guest("eve")];
		const rooms = [];
		for (const client of clients) rooms.push(await joined(client, "#tea"));
		const id = rooms[0]?.id ?? "";
		for (let i = 0; i < 20; i++) for (const client of clients) client.put(say(id, `${i}`));
		await harness.clock.settle();
		const head = 3 + 60;
		for (const [i, client] of clients.entries()) expect(client.seqs(id)).toEqual(range((rooms[i]?.to ?? 0) + 1, head));
	});

	test("an entry is encoded once for any number of subscribers, and written once a turn", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const shared = new ObjectFormat();
		const readers = [];
		for (let i = 0; i < 50; i++) {
			const reader = harness.client(shared);
			await reader.want("welcome", { case: "hello", value: { credential: { case: "guest", value: { name: `r${i}` } } } });
			await joined(reader, "#tea");
			readers.push(reader);
		}
		await harness.clock.settle();
		shared.encoded = 0;
		const before = readers.map((reader) => reader.writes);
		ann.put(say(id, "one"));
		ann.put(say(id, "two"));
		await harness.clock.settle();
		expect(shared.encoded).toBe(1);
		expect(readers.map((reader, i) => reader.writes - (before[i] ?? 0))).toEqual(readers.map(() => 1));
	});

	test("nothing is delivered or acknowledged before its commit", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const { id } = await joined(ann, "#tea");
		await joined(bob, "#tea");
		const sent = ann.put(say(id, "hello"));
		expect(ann.received.some((down) => down.id === sent)).toBe(false);
		expect(texts(bob, id)).toEqual([]);
		await harness.clock.settle();
		expect(texts(bob, id)).toEqual(["hello"]);
	});

	test("a join is atomic: the stream begins where its page ends, however many messages are sent meanwhile", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		for (let i = 0; i < 5; i++) ann.put(say(id, `before ${i}`));
		const bob = await harness.guest("bob");
		for (let i = 0; i < 5; i++) ann.put(say(id, `during ${i}`));
		const asked = bob.put(join("#tea"));
		for (let i = 0; i < 5; i++) ann.put(say(id, `during too ${i}`));
		await harness.clock.settle();
		ann.put(say(id, "after"));
		await harness.clock.settle();
		const answerAt = bob.received.findIndex((down) => down.id === asked);
		const answer = bob.received[answerAt]?.body;
		if (answer?.case !== "joined") throw new Error("not joined");
		const page = answer.value.page;
		expect(page?.entries.map((entry) => entry.seq)).toEqual(range(page?.from ?? 0, page?.to ?? 0));
		expect(bob.received.findIndex((down) => down.body.case === "entries")).toBeGreaterThan(answerAt);
		expect(bob.seqs(id)).toEqual(range((page?.to ?? 0) + 1, 18));
	});

	test("a client that resumes with a cursor gets what it missed once, in order, then what is new", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id, epoch } = await joined(ann, "#tea");
		const bob = await harness.guest("bob");
		const { to } = await joined(bob, "#tea");
		await bob.lose();
		for (let i = 0; i < 300; i++) ann.put(say(id, `${i}`));
		await harness.clock.settle();
		const back = await harness.guest("bob", [{ room: id, epoch, seq: to }]);
		ann.put(say(id, "new"));
		await harness.clock.settle();
		expect(back.seqs(id)).toEqual(range(to + 1, to + 301));
		expect(back.pushed("skipped")).toEqual([]);
		expect(back.pushed("behind")).toEqual([]);
	});

	test("a room joined again during catch-up goes on where the answer ends", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		const harness = new Harness({ clock, wrap: () => store, limits: { ringEntriesMax: 1 } });
		const ann = await harness.guest("ann");
		const { id, epoch } = await joined(ann, "#tea");
		const bob = await harness.guest("bob");
		await joined(bob, "#tea");
		await bob.lose();
		for (let i = 0; i < 30; i++) await ann.want("sent", say(id, `${i}`));
		// Its subscription is behind, and the read of its catch-up is in flight when the join is answered.
		store.faults.delayReads(50);
		const again = harness.client();
		again.put({
			case: "hello",
			value: { credential: { case: "guest", value: { name: "bob" } }, client: "", cursors: [{ room: id, epoch, seq: 2 }] },
		});
		await harness.clock.advance(50);
		store.faults.delayReads(5);
		const asked = again.put(join(id, 5));
		await harness.clock.advance(100);
		ann.put(say(id, "new"));
		await harness.clock.advance(100);
		expect(again.closedAs).toBeUndefined();
		const answerAt = again.received.findIndex((down) => down.id === asked);
		const answer = again.received[answerAt]?.body;
		if (answer?.case !== "joined") throw new Error("not joined");
		const after = again.received.slice(answerAt + 1).flatMap(({ body }) => (body.case === "entries" ? body.value.entries : []));
		expect(after.map(({ seq }) => seq)).toEqual(range((answer.value.page?.to ?? 0) + 1, 33));
	});

	test("a client three weeks behind gets the newest page and the exact range that was skipped", async () => {
		const harness = new Harness({ limits: { catchUpEntriesMax: 200, historyEntriesDefault: 50, historyEntriesMax: 100 } });
		const ann = await harness.guest("ann");
		const { id, epoch } = await joined(ann, "#tea");
		for (let i = 0; i < 300; i++) ann.put(say(id, `${i}`));
		await harness.clock.settle();
		await ann.lose();
		const back = await harness.guest("ann", [{ room: id, epoch, seq: 2 }]);
		const [skipped] = back.pushed("skipped");
		expect(skipped).toMatchObject({ room: id, from: 3, to: 251, reason: Skipped_Reason.FAR });
		expect(skipped?.page?.entries.map((entry) => entry.seq)).toEqual(range(252, 301));
		await back.want("sent", say(id, "on"));
		expect(back.seqs(id)).toEqual([302]);
	});

	test("a cursor of another epoch, or beyond the head, is reported to the client and never silently rewound", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id, epoch } = await joined(ann, "#tea");
		for (let i = 0; i < 5; i++) await ann.want("sent", say(id, `${i}`));
		for (const cursor of [
			{ room: id, epoch: epoch + 1, seq: 3 },
			{ room: id, epoch, seq: 1_000 },
		]) {
			const back = await harness.guest("ann", [cursor]);
			expect(back.pushed("skipped")[0]).toMatchObject({ reason: Skipped_Reason.EPOCH, from: 1 });
			expect(back.pushed("skipped")[0]?.page).toMatchObject({ epoch, to: 6 });
			await back.lose();
		}
	});

	test("a request for more than a page is answered with a page: a client need not know the server's limit", async () => {
		const harness = new Harness({ limits: { historyEntriesDefault: 2, historyEntriesMax: 3 } });
		const ann = await harness.guest("ann");
		const { room } = await ann.want("joined", { case: "join", value: { room: "#tea", create: true, history: 50 } });
		const id = room?.id ?? "";
		for (let i = 0; i < 5; i++) await ann.want("sent", { case: "send", value: { room: id, cid: `c${i}`, text: "a" } });
		const page = await ann.want("page", { case: "history", value: { room: id, after: 1, limit: 200 } });
		expect(page.entries.map(({ seq }) => seq)).toEqual([2, 3, 4]);
		const { page: newest } = await ann.want("joined", { case: "join", value: { room: id, history: 50 } });
		expect(newest?.entries.map(({ seq }) => seq)).toEqual([4, 5, 6]);
	});

	test("history can be read from its first entry on, however its pages are cut", async () => {
		const harness = new Harness({ limits: { pageBytesMax: 1_000 } });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		for (let i = 0; i < 30; i++) await ann.want("sent", say(id, "x".repeat(200)));
		const first = await ann.want("page", { case: "history", value: { room: id, first: true, limit: 30 } });
		expect(first.from).toBe(1);
		const seqs = first.entries.map((entry) => entry.seq);
		while ((seqs.at(-1) ?? 0) < first.head) {
			const page = await ann.want("page", { case: "history", value: { room: id, after: seqs.at(-1) ?? 0 } });
			seqs.push(...page.entries.map((entry) => entry.seq));
		}
		expect(seqs).toEqual(range(1, 31));
		expect(await ann.refusal({ case: "history", value: { room: id, first: true, before: 5 } })).toBe("invalid");
	});

	test("a client that requests pages without reading gets a few, and the others in order once it reads", async () => {
		const harness = new Harness({ limits: { outboxBytesMax: 10_000, pageBytesMax: 4_000 } });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		for (let i = 0; i < 20; i++) await ann.want("sent", say(id, "x".repeat(200)));
		ann.stalled = true;
		const asked = Array.from({ length: 200 }, () => ann.put({ case: "history", value: { room: id, limit: 20 } }));
		await harness.clock.settle();
		// Pages that fit, and those in flight when the outbox was full.
		expect(ann.bufferedBytes()).toBeGreaterThan(10_000);
		expect(ann.bufferedBytes()).toBeLessThan(10_000 + 5 * 8_000);
		expect(ann.closedAs).toBeUndefined();
		while (ann.bufferedBytes() > 0) await ann.read();
		const answered = ann.received.filter(({ body }) => body.case === "page").map((down) => down.id);
		expect(answered).toEqual(asked);
	});

	test("under backpressure pages are made one at a time, and the session does not end for asking", async () => {
		const harness = new Harness({ limits: { outboxBytesMax: 10_000, pageBytesMax: 8_000 } });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		for (let i = 0; i < 20; i++) await ann.want("sent", say(id, "x".repeat(300)));
		ann.stalled = true;
		ann.put({ case: "ping", value: { nonce: 1 } });
		await harness.clock.settle();
		const asked = Array.from({ length: 8 }, () => ann.put({ case: "history", value: { room: id, limit: 20 } }));
		await harness.clock.settle();
		ann.put({ case: "ping", value: { nonce: 2 } });
		expect(ann.closedAs).toBeUndefined();
		expect(ann.bufferedBytes()).toBeGreaterThan(10_000);
		while (ann.bufferedBytes() > 0) await ann.read();
		expect(ann.received.filter(({ body }) => body.case === "page").map((down) => down.id)).toEqual(asked);
	});

	test("a slow client is sent `behind`, keeps its cursor, gets everything, and delays no other", async () => {
		const harness = new Harness({ limits: { outboxBytesMax: 2_000, outboxCrowdedBytesMax: 1_000 } });
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const eve = await harness.guest("eve");
		const { id } = await joined(ann, "#tea");
		const bobs = await joined(bob, "#tea");
		const eves = await joined(eve, "#tea");
		bob.stalled = true;
		let most = 0;
		for (let i = 0; i < 400; i++) {
			await ann.want("sent", say(id, `${i}`));
			most = Math.max(most, bob.bufferedBytes());
		}
		expect(most).toBeLessThan(3_000);
		expect(eve.seqs(id)).toEqual(range(eves.to + 1, 403));
		bob.stalled = false;
		await bob.read();
		expect(bob.seqs(id)).toEqual(range(bobs.to + 1, 403));
		expect(bob.pushed("behind").map(({ behind }) => behind)).toEqual([true, false]);
		await ann.want("sent", say(id, "live again"));
		expect(bob.seqs(id).at(-1)).toBe(404);
	});

	test("a slow client is sent `behind` also where the write that shows it comes after the push that did not fit", async () => {
		const harness = new Harness({ limits: { outboxBytesMax: 2_000, outboxCrowdedBytesMax: 1_000, pageBytesMax: 4_000 } });
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const rooms = [(await joined(ann, "#tea")).id, (await joined(ann, "#milk")).id];
		for (const room of ["#tea", "#milk"]) await joined(bob, room);
		const told = () => bob.pushed("behind").map(({ behind }) => behind);
		// In one turn: the first fills the outbox, the second finds it full, before anything is written.
		const fill = async (): Promise<void> => {
			for (const room of rooms) for (let i = 0; i < 20; i++) ann.put(say(room, "x".repeat(500)));
			await harness.clock.settle();
		};
		await fill();
		for (const room of rooms) expect(bob.seqs(room)).toEqual(range(3, 22));
		expect(told()).toEqual([]);
		bob.stalled = true;
		await fill();
		await ann.want("sent", say(rooms[1] ?? "", "more"));
		bob.stalled = false;
		await bob.read();
		expect(bob.seqs(rooms[1] ?? "")).toEqual(range(3, 43));
		expect(told()).toEqual([true, false]);
	});

	test("a client that reads nothing at all is closed as slow, and resumes at its cursor", async () => {
		const harness = new Harness({
			limits: { outboxBytesMax: 2_000, outboxCrowdedBytesMax: 1_000 },
			timing: { heartbeatMs: 1e9 },
		});
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const { id, epoch } = await joined(ann, "#tea");
		const { to } = await joined(bob, "#tea");
		bob.stalled = true;
		for (let i = 0; i < 50; i++) await ann.want("sent", say(id, `${i}`));
		await harness.clock.advance(32_000);
		expect(bob.closedAs).toBe("slow");
		const back = await harness.guest("bob", [{ room: id, epoch, seq: to }]);
		expect(back.seqs(id)).toEqual(range(to + 1, 52));
	});

	test("ephemerals are dropped for a client under backpressure; entries are not", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const { id } = await joined(ann, "#tea");
		await joined(bob, "#tea");
		await ann.ask({ case: "typing", value: { room: id } });
		expect(bob.pushed("typist")).toHaveLength(1);
		bob.stalled = true;
		await ann.want("sent", say(id, "1"));
		await ann.ask({ case: "typing", value: { room: id } });
		await ann.want("sent", say(id, "2"));
		bob.stalled = false;
		await bob.read();
		expect(bob.pushed("typist")).toHaveLength(1);
		expect(texts(bob, id)).toEqual(["1", "2"]);
	});
});
