// The read rate limit of a user, in bytes of logs and lists; and fairness: many pages for one user do not delay all others.
import { describe, expect, test } from "bun:test";
import { type Command, create, type Down, Refusal, UpSchema } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import type { ServerLimits } from "../../src/base/limits.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { Harness, type TestClient } from "./harness.ts";
import { join, joined, range, say } from "./helpers.ts";

/** The messages of a room from its first. */
const history = (room: string): Command => ({ case: "history", value: { room, after: 1, limit: 200 } });
const TEXT = "x".repeat(872);
/** So many entries of `TEXT` fit a page: each counts 1,000 bytes. */
const PAGE = 4;
const LIMITS = { pageBytesMax: 4_000, readBytesPerSecond: 4_000, readBytesBurst: 12_000 };

/** The guest ann as the HTTP API identifies her. */
const ANN = {
	id: "u-ann",
	name: "ann",
	kind: "guest",
	skeleton: "ann",
	createdMs: 0,
	generation: 0,
	disabled: false,
} as const;

/** `#tea` with more than a page, and ann, who has read nothing yet. */
async function fullRoom(limits: Partial<typeof LIMITS & { outboxBytesMax: number }> = {}) {
	const harness = new Harness({ limits: { ...LIMITS, ...limits } });
	const author = await harness.guest("author");
	const { id } = await joined(author, "#tea");
	for (let i = 0; i < 10; i++) await author.want("sent", say(id, TEXT));
	const ann = await harness.guest("ann");
	await ann.want("joined", join(id, 1));
	await harness.clock.advance(10_000);
	return { harness, author, ann, id };
}

describe("what a user reads", () => {
	test("is bounded in bytes: beyond, pages are refused with the time to wait, and answered after it", async () => {
		const { harness, ann, id } = await fullRoom();
		for (let i = 0; i < 3; i++) expect((await ann.want("page", history(id))).entries).toHaveLength(PAGE);
		const refusal = await ann.want("failure", history(id));
		expect(refusal).toMatchObject({ code: "rate_limited", retry: true });
		expect(refusal.retryAfterMs).toBeGreaterThan(0);
		expect(refusal.retryAfterMs).toBeLessThan(500);
		await harness.clock.advance(refusal.retryAfterMs);
		expect((await ann.want("page", history(id))).entries).toHaveLength(PAGE);
		// Now the bucket is a page below zero.
		expect((await ann.want("failure", history(id))).retryAfterMs).toBeGreaterThan(900);
	});

	test("is bounded over all of its connections and HTTP, joins and lists included; sends are not affected", async () => {
		const { harness, ann, id } = await fullRoom();
		const phone = await harness.guest("ann");
		for (const device of [ann, phone, ann]) await device.want("page", history(id));
		const { command } = create(UpSchema, { command: history(id) });
		expect(await codeOf(harness.core.commands.run({ user: ANN }, command, ""))).toBe("rate_limited");
		for (const command of [join(id, 50), { case: "who", value: { room: id } }, { case: "rooms", value: {} }] as Command[]) {
			expect(await phone.refusal(command)).toBe("rate_limited");
		}
		await ann.want("sent", say(id, "still here"));
		const bob = await harness.guest("bob");
		await bob.want("joined", join(id, 200));
	});

	test("is charged by its actual size: many short pages cost as much as one long one", async () => {
		const harness = new Harness({ limits: LIMITS });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		await harness.clock.advance(10_000);
		for (let i = 0; i < 30; i++) await ann.want("page", history(id));
	});

	test("is not exceeded by requesting many pages at once", async () => {
		const { harness, ann, id } = await fullRoom();
		const asked = Array.from({ length: 20 }, () => ann.put(history(id)));
		await harness.clock.settle();
		const answers = asked.map((id) => answerTo(ann, id));
		expect(answers.filter((answer) => answer === "page")).toHaveLength(3);
		expect(answers.filter((answer) => answer === "failure")).toHaveLength(17);
	});
});

describe("an estimated size", () => {
	test("refuses nothing: small answers requested at once all arrive, over many connections and HTTP", async () => {
		const { harness, ann, id } = await fullRoom();
		const devices = await Promise.all(Array.from({ length: 8 }, () => harness.guest("ann")));
		const asked = devices.map((device) => [0, 1, 2].map(() => device.put({ case: "who", value: { room: id, users: [] } })));
		const { command } = create(UpSchema, { command: { case: "history", value: { room: id, limit: 1 } } });
		const overHttp = Promise.all(Array.from({ length: 4 }, () => codeOf(harness.core.commands.run({ user: ANN }, command, ""))));
		await harness.clock.settle();
		const answers = asked.flatMap((ids, i) => ids.map((id) => answerTo(devices[i] as TestClient, id)));
		expect(answers).toEqual(Array.from({ length: 24 }, () => "memberList"));
		expect(await overHttp).toEqual(["ok", "ok", "ok", "ok"]);
		await ann.want("page", history(id));
	});

	test("does not count for the time to wait", async () => {
		const { harness, ann, id } = await fullRoom();
		const asked = Array.from({ length: 20 }, () => ann.put(history(id)));
		await harness.clock.settle();
		const waits = asked
			.map((id) => ann.received.find((down) => down.id === id)?.body)
			.flatMap((body) => (body?.case === "failure" ? [body.value.retryAfterMs] : []));
		expect(waits).toHaveLength(17);
		expect(Math.max(...waits)).toBeLessThan(500);
		await harness.clock.advance(Math.max(...waits));
		await ann.want("page", history(id));
	});
});

describe("catch-up", () => {
	/** This many rooms of ann's with more than a page in each. */
	async function fullRooms(count: number, limits: Partial<ServerLimits> = {}) {
		const harness = new Harness({ limits: { ...LIMITS, ...limits } });
		const author = await harness.guest("author");
		const ann = await harness.guest("ann");
		const rooms: { room: string; epoch: number }[] = [];
		for (let i = 0; i < count; i++) {
			const { id, epoch } = await joined(author, `#tea${i}`);
			await joined(ann, `#tea${i}`);
			for (let n = 0; n < 10; n++) await author.want("sent", say(id, TEXT));
			rooms.push({ room: id, epoch });
		}
		await ann.lose();
		await harness.clock.advance(60_000);
		return { harness, author, rooms };
	}
	const given = (clients: readonly TestClient[]): number =>
		clients
			.flatMap((client) => client.pushed("skipped"))
			.reduce((bytes, { page }) => bytes + (page?.entries.length ?? 0) * 1_000, 0);

	test("is charged as reading, paced and never refused: many hellos with cursors of another epoch get no more than the rate", async () => {
		const { harness, author, rooms } = await fullRooms(4);
		const wrong = rooms.map(({ room, epoch }) => ({ room, epoch: epoch + 1, seq: 1 }));
		const devices = await Promise.all(Array.from({ length: 40 }, () => harness.guest("ann", wrong)));
		await harness.clock.settle();
		const { readBytesBurst, readBytesPerSecond, pageBytesMax } = LIMITS;
		expect(given(devices)).toBeGreaterThan(0);
		expect(given(devices)).toBeLessThanOrEqual(readBytesBurst + pageBytesMax);
		// Other users are not delayed.
		const other = rooms[0] as (typeof rooms)[0];
		await author.lose();
		const back = await harness.guest("author", [{ ...other, seq: 1 }]);
		await harness.clock.settle();
		expect(back.seqs(other.room).length).toBeGreaterThan(0);
		for (let second = 1; second <= 20; second++) {
			await harness.clock.advance(1_000);
			expect(given(devices)).toBeLessThanOrEqual(readBytesBurst + readBytesPerSecond * second + pageBytesMax);
		}
		expect(given(devices)).toBeGreaterThan(readBytesPerSecond * 15);
		expect(devices.map(({ closedAs }) => closedAs)).toEqual(devices.map(() => undefined));
		// A closed session's turn is dropped, and delays nothing.
		for (const device of devices.slice(1)) await device.lose();
		await harness.clock.advance(20_000);
		expect((devices[0] as TestClient).pushed("skipped")).toHaveLength(rooms.length);
	});

	test("is complete and in order however low the limit, and leaves some of it for requests meanwhile", async () => {
		const { harness, rooms } = await fullRooms(4);
		const ann = await harness.guest(
			"ann",
			rooms.map((room) => ({ ...room, seq: 1 })),
		);
		await harness.clock.settle();
		const first = rooms[0] as (typeof rooms)[0];
		await ann.want("memberList", { case: "who", value: { room: first.room, users: [] } });
		await harness.clock.advance(60_000);
		for (const { room } of rooms) {
			const seqs = ann.seqs(room);
			expect(seqs).toEqual(range(2, seqs.length + 1));
			expect(seqs).toHaveLength(11);
		}
	});

	test("proceeds also while the same user reads all that it may", async () => {
		const { harness, rooms } = await fullRooms(2);
		const first = rooms[0] as (typeof rooms)[0];
		const reader = await harness.guest("ann");
		for (let i = 0; i < 4; i++) reader.put(history(first.room));
		await harness.clock.settle();
		const back = await harness.guest(
			"ann",
			rooms.map((room) => ({ ...room, seq: 1 })),
		);
		for (let i = 0; i < 600; i++) {
			reader.put(history(first.room));
			await harness.clock.advance(100);
		}
		for (const { room } of rooms) expect(back.seqs(room)).toHaveLength(11);
	});

	test("is immediate for a client a hundred or a thousand messages behind in several rooms", async () => {
		const harness = new Harness({ limits: { sendsPerSecond: 1e6, sendsBurst: 1e6 } });
		const author = await harness.guest("author");
		const cursors: { room: string; epoch: number; seq: number }[] = [];
		const ann = await harness.guest("ann");
		for (const missed of [100, 100, 100, 1_000, 1_000]) {
			const name = `#tea${cursors.length}`;
			const { id } = await joined(author, name);
			const { epoch, to } = await joined(ann, name);
			cursors.push({ room: id, epoch, seq: to });
			for (let n = 1; n < missed; n++) author.put(say(id, "one message as people write them, some sixty characters long"));
			await author.want("sent", say(id, "the last one"));
		}
		await ann.lose();
		const back = await harness.guest("ann", cursors);
		await harness.clock.settle();
		expect(cursors.map(({ room }) => back.seqs(room).length)).toEqual([100, 100, 100, 1_000, 1_000]);
		await back.want("memberList", { case: "who", value: { room: cursors[0]?.room ?? "", users: [] } });
	});
});

test("a request for one page waits for one page of each other user, not for all of theirs", async () => {
	const clock = new VirtualClock();
	const memory = createMemoryStore({ clock });
	const read: string[] = [];
	const gates: (() => void)[] = [];
	let isSlow = false;
	const store: Store = {
		...memory,
		page: async (room, ...rest) => {
			if (isSlow) await new Promise<void>((resolve) => gates.push(resolve));
			read.push(room);
			return memory.page(room, ...rest);
		},
	};
	const harness = new Harness({ clock, wrap: () => store });
	const greedy = await Promise.all(["g1", "g2", "g3"].map((name) => harness.guest(name)));
	const ann = await harness.guest("ann");
	const { id } = await joined(greedy[0] as TestClient, "#greed");
	for (const reader of greedy.slice(1)) await joined(reader, "#greed");
	const annsRoom = (await joined(ann, "#tea")).id;
	isSlow = true;
	read.length = 0;
	for (const reader of greedy) for (let i = 0; i < 4; i++) reader.put(history(id));
	await clock.settle();
	const asked = ann.put(history(annsRoom));
	await clock.settle();
	// The number read at once is bounded, however many were requested.
	expect(gates).toHaveLength(2);
	while (answerTo(ann, asked) === undefined) {
		gates.shift()?.();
		await clock.settle();
	}
	expect(read.indexOf(annsRoom)).toBeLessThanOrEqual(2 + greedy.length);
});

test("pages requested at once and read late do not close the session", async () => {
	const { harness, author, ann, id } = await fullRoom({ outboxBytesMax: 24_000, readBytesPerSecond: 1e9, readBytesBurst: 1e9 });
	// In JSON each of these characters takes six bytes.
	for (let i = 0; i < 10; i++) await author.want("sent", say(id, "\u0001".repeat(872)));
	ann.received.length = 0;
	ann.stalled = true;
	const asked = Array.from({ length: 8 }, () => ann.put({ case: "history", value: { room: id, limit: 200 } }));
	await harness.clock.settle();
	ann.put({ case: "ping", value: { nonce: 1 } });
	await harness.clock.settle();
	expect(ann.closedAs).toBeUndefined();
	for (let reads = 0; reads < 20 && answerTo(ann, asked.at(-1) ?? 0) === undefined; reads++) await ann.read();
	expect(asked.map((id) => answerTo(ann, id))).toEqual(asked.map(() => "page"));
});

test("a list is no longer than a page may be, and continues where it was cut", async () => {
	const harness = new Harness({ limits: { pageBytesMax: 600 } });
	const ann = await harness.guest("ann");
	const { id } = await joined(ann, "#tea");
	for (let i = 10; i < 20; i++) await joined(await harness.guest(`m${i}`), "#tea");
	const names: string[] = [];
	let after = "";
	do {
		const list = await ann.want("memberList", { case: "who", value: { room: id, after } });
		expect(list.members.length).toBeLessThanOrEqual(6);
		names.push(...list.members.map(({ user }) => user?.name ?? ""));
		after = list.next;
	} while (after !== "");
	expect(names).toEqual(["ann", ...range(10, 19).map((n) => `m${n}`)]);
	for (const name of range(10, 19)) await joined(ann, `#r${name}`);
	const bob = await harness.guest("bob");
	const rooms: string[] = [];
	do {
		const list = await bob.want("roomList", { case: "rooms", value: { after } });
		expect(list.rooms.length).toBeLessThanOrEqual(6);
		rooms.push(...list.rooms.map(({ name }) => name));
		after = list.next;
	} while (after !== "");
	expect(rooms).toEqual([...range(10, 19).map((n) => `r${n}`), "tea"]);
});

function answerTo(client: TestClient, id: number): Down["body"]["case"] {
	return client.received.find((down) => down.id === id)?.body.case;
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
	try {
		await answer;
		return "ok";
	} catch (cause) {
		if (!(cause instanceof Refusal)) throw cause;
		return cause.code;
	}
}
