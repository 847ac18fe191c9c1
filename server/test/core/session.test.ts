import { describe, expect, test } from "bun:test";
import { Refusal, TIMING } from "@verbatim/protocol";
import { Harness } from "./harness.ts";
import { join, joined, say, texts } from "./helpers.ts";

const hello = (name: string) => ({ case: "hello", value: { credential: { case: "guest", value: { name } } } }) as const;

describe("a session's life", () => {
	test("a command before hello is refused as out_of_place, and the connection goes on", async () => {
		const harness = new Harness();
		const client = harness.client();
		expect(await client.refusal(say("#tea", "hello"))).toBe("out_of_place");
		expect(client.closedAs).toBeUndefined();
	});

	test("only hellos count as log-ins, each once", async () => {
		let full = true;
		const harness = new Harness({
			wrap: (store) => ({
				...store,
				roomsOf: async (userId) => (full ? Promise.reject(new Refusal("unavailable")) : store.roomsOf(userId)),
			}),
		});
		const client = harness.client();
		const hello = (name: string) => ({ case: "hello", value: { credential: { case: "guest", value: { name } } } }) as const;
		await client.refusal(say("#tea", "hello"));
		await client.refusal({ case: "typing", value: { room: "" } });
		await client.refusal({ case: "hello", value: { credential: { case: "token", value: "nonsense" } } });
		await client.refusal(hello("x".repeat(1_000)));
		await client.refusal(hello("ann"));
		full = false;
		await client.want("welcome", hello("ann"));
		await client.refusal(hello("ann"));
		const samples = harness.metrics.families.find(({ name }) => name === "verbatim_logins_total")?.samples() ?? [];
		const counted = Array.from(samples, ({ label, value }) => [label, value] as const).filter(([, value]) => value > 0);
		expect(Object.fromEntries(counted)).toEqual({
			credentials_wrong: 1,
			name_invalid: 1,
			unavailable: 1,
			ok: 1,
		});
	});

	test("a user whose sessions are ended has none left, and a log-in that read the user before is not welcomed after", async () => {
		const harness = new Harness();
		const [first, second, other] = [await harness.guest("ann"), await harness.guest("ann"), await harness.guest("bob")];
		harness.core.endUser({ id: "u-ann", generation: 1 }, "banned");
		expect([first.closedAs, second.closedAs, other.closedAs]).toEqual(["banned", "banned", undefined]);
		const late = harness.client();
		const hello = { case: "hello", value: { credential: { case: "guest", value: { name: "ann" } } } } as const;
		expect(await late.refusal(hello)).toBe("token_invalid");
	});

	test("a trace is returned with a failure; an invalid one is not", async () => {
		const harness = new Harness();
		const client = harness.client();
		client.put(say("#tea", "hello"), 1, "trace-1");
		client.put(say("#tea", "hello"), 2, "\u001b[2J");
		client.put({ case: "typing", value: { room: "" } }, 3, "x".repeat(60_000));
		await harness.clock.settle();
		const failures = client.received.map(({ body }) => body.case === "failure" && [body.value.code, body.value.trace]);
		expect(failures).toEqual([
			["out_of_place", "trace-1"],
			["invalid", ""],
			["invalid", ""],
		]);
	});

	test("a second hello is refused", async () => {
		const harness = new Harness();
		const client = await harness.guest("ann");
		expect(await client.refusal({ case: "hello", value: { credential: { case: "guest", value: { name: "bob" } } } })).toBe(
			"out_of_place",
		);
	});

	test("commands may follow the hello at once: they run after the welcome, in order, and are answered after it", async () => {
		const harness = new Harness();
		const client = harness.client();
		client.put(hello("ann"), 1);
		client.put({ case: "join", value: { room: "#tea", create: true } }, 2);
		for (let i = 3; i < 8; i++) client.put(say("#tea", `line ${i}`), i);
		client.put({ case: "send", value: { room: "nowhere", cid: "x", text: "x" } }, 8);
		await harness.clock.settle();
		const answers = client.received.filter(({ id }) => id > 0);
		expect(answers.map(({ id, body }) => `${id} ${body.case}`)).toEqual([
			"1 welcome",
			"2 joined",
			...[3, 4, 5, 6, 7].map((id) => `${id} sent`),
			"8 failure",
		]);
		expect(texts(client, answers[1]?.body.case === "joined" ? (answers[1].body.value.room?.id ?? "") : "")).toEqual([
			"line 3",
			"line 4",
			"line 5",
			"line 6",
			"line 7",
		]);
	});

	test("commands behind a refused hello are out_of_place, in order, after its refusal; none runs for the next user", async () => {
		const harness = new Harness();
		const client = harness.client();
		client.put({ case: "hello", value: { credential: { case: "token", value: "nonsense" } } }, 1);
		client.put({ case: "join", value: { room: "#den", create: true } }, 2);
		client.put(say("#den", "mine alone"), 3);
		await harness.clock.settle();
		client.put(hello("bob"), 4);
		await harness.clock.settle();
		const heard = client.received.map(({ id, body }) => [id, body.case === "failure" ? body.value.code : body.case]);
		expect(heard).toEqual([
			[1, "credentials_wrong"],
			[2, "out_of_place"],
			[3, "out_of_place"],
			[4, "welcome"],
		]);
		client.put({ case: "rooms", value: {} }, 5);
		await harness.clock.settle();
		expect(client.received.at(-1)).toMatchObject({ id: 5, body: { case: "roomList", value: { rooms: [] } } });
	});

	test("commands behind a hello are bounded, in number and in bytes; beyond that they are busy, and the rest runs", async () => {
		for (const [count, text] of [
			[300, "x"],
			[20, "x".repeat(8_000)],
		] as const) {
			const harness = new Harness({ limits: { commandsInFlightMax: 256 } });
			const client = harness.client();
			client.put(hello("ann"), 1);
			client.put({ case: "join", value: { room: "#tea", create: true } }, 2);
			for (let i = 0; i < count; i++) client.put(say("#tea", text), 3 + i);
			expect(client.paused[0]).toBe(true);
			await harness.clock.settle();
			const codes = client.received.flatMap(({ id, body }) =>
				id < 3 ? [] : body.case === "failure" ? [body.value.code] : body.case === "sent" ? ["sent"] : [],
			);
			expect(codes.length).toBe(count);
			expect(new Set(codes)).toEqual(new Set(["busy", "sent"]));
			expect(client.paused).toContain(false);
		}
	});

	test("a connection that ends while its hello is checked executes no command behind it", async () => {
		const harness = new Harness();
		const client = harness.client();
		client.put(hello("ann"), 1);
		client.put({ case: "join", value: { room: "#tea", create: true } }, 2);
		await client.lose();
		const ann = await harness.guest("ann");
		expect((await ann.want("roomList", { case: "rooms", value: {} })).rooms).toEqual([]);
	});

	test("a command with the id of one in flight is invalid, under id 0; the first is executed and answered", async () => {
		const harness = new Harness();
		const client = harness.client();
		client.put(hello("ann"), 7);
		client.put({ case: "join", value: { room: "#tea", create: true } }, 7);
		client.put({ case: "join", value: { room: "#tea", create: true } }, 8);
		client.put(say("#tea", "second"), 8, "trace-2");
		await harness.clock.settle();
		client.put(say("#tea", "third"), 9);
		client.put({ case: "ping", value: { nonce: 1 } }, 9);
		// A pong is not answered: its id is ignored.
		client.put({ case: "pong", value: { nonce: 1 } }, 9);
		await harness.clock.settle();
		const heard = client.received
			.filter(({ body }) => body.case !== "entries")
			.map(({ id, body }) => [id, body.case === "failure" ? `${body.value.code} ${body.value.trace}` : body.case]);
		expect(heard).toEqual([
			[0, "invalid "],
			[0, "invalid trace-2"],
			[7, "welcome"],
			[8, "joined"],
			[0, "invalid "],
			[9, "sent"],
		]);
		client.put(say("#tea", "the id is free again"), 9);
		await harness.clock.settle();
		expect(client.received.at(-1)).toMatchObject({ id: 9, body: { case: "sent" } });
	});

	test("answers to sends arrive in order, refusals of the store included; a refusal without the store overtakes", async () => {
		const harness = new Harness({ limits: { sendsPerSecond: 1, sendsBurst: 5 } });
		const client = await harness.guest("ann");
		const { id: room } = await joined(client, "#tea");
		const first = client.received.length;
		client.put(say(room, "1", "c1"), 11);
		client.put(say("r-nowhere", "2"), 12);
		client.put(say(room, "not the same", "c1"), 13);
		client.put(say(room, "4", "c4", "c0"), 14);
		client.put(say(room, ""), 15);
		client.put(say(room, "6"), 16);
		client.put(say(room, "7"), 17);
		await harness.clock.settle();
		const answers = client.received.slice(first).filter(({ id }) => id > 0);
		expect(answers.map(({ id, body }) => `${id} ${body.case === "failure" ? body.value.code : body.case}`)).toEqual([
			"15 invalid",
			"17 rate_limited",
			"11 sent",
			"12 no_such_room",
			"13 cid_reused",
			"14 out_of_order",
			"16 sent",
		]);
	});

	test("a hello without a credential counts as a refused one", async () => {
		const harness = new Harness();
		const client = harness.client();
		for (let i = 0; i < 5; i++) await client.ask({ case: "hello", value: {} });
		expect(client.closedAs).toBe("unauthorized");
		const codes = client.received.flatMap(({ body }) => (body.case === "failure" ? [body.value.code] : []));
		expect(codes).toEqual(Array.from({ length: 5 }, () => "unauthenticated"));
	});

	test("a refused hello may be repeated, five times", async () => {
		const harness = new Harness();
		const client = harness.client();
		const wrong = { case: "hello", value: { credential: { case: "token", value: "nonsense" } } } as const;
		for (let i = 0; i < 4; i++) expect(await client.refusal(wrong)).toBe("credentials_wrong");
		const other = harness.client();
		for (let i = 0; i < 4; i++) await other.refusal(wrong);
		await other.want("welcome", { case: "hello", value: { credential: { case: "guest", value: { name: "ann" } } } });
		await client.ask(wrong);
		expect(client.closedAs).toBe("unauthorized");
	});

	test("a session is extended only by a refresh token of its own user", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		await harness.guest("bob");
		expect(await ann.refusal({ case: "refresh", value: { refreshToken: "refresh:u-bob" } })).toBe("token_invalid");
		await ann.want("tokens", { case: "refresh", value: { refreshToken: "refresh:u-ann" } });
	});

	test("a connection without a hello in time is closed as late", async () => {
		const harness = new Harness();
		const client = harness.client();
		await harness.clock.advance(TIMING.handshakeMs + 1_000);
		expect(client.closedAs).toBe("late");
		expect(client.pushed("close")[0]?.reconnect).toBe(true);
	});

	test("each missed heartbeat counts: pings go on, and the third closes as silent", async () => {
		const harness = new Harness();
		const client = await harness.guest("ann");
		await harness.clock.advance(TIMING.heartbeatMs + 1_000);
		expect(client.pushed("ping")).toHaveLength(1);
		expect(client.closedAs).toBeUndefined();
		await harness.clock.advance(TIMING.heartbeatMs * 4);
		expect(client.closedAs).toBe("silent");
	});

	test("any message counts as a sign of life", async () => {
		const harness = new Harness();
		const client = await harness.guest("ann");
		for (let i = 0; i < 20; i++) {
			await harness.clock.advance(TIMING.heartbeatMs);
			await client.want("pong", { case: "ping", value: { nonce: i } });
		}
		expect(client.closedAs).toBeUndefined();
	});

	test("an unexpected error is answered as internal with a trace id, is logged under it, and affects no other session", async () => {
		let broken = false;
		const harness = new Harness({
			wrap: (store) => ({
				...store,
				append: (draft) => store.append(draft),
				listen: (events) => store.listen(events),
				stats: () => store.stats(),
				room: (id, user) => store.room(id, user),
				roomsOf: (user) => store.roomsOf(user),
				roomBySkeleton: (skeleton) => store.roomBySkeleton(skeleton),
				publicRooms: (user, after, limit) =>
					broken ? Promise.reject(new Error("a bug")) : store.publicRooms(user, after, limit),
				page: (room, bound, limit, bytes) => store.page(room, bound, limit, bytes),
			}),
		});
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		broken = true;
		const failure = await ann.want("failure", { case: "rooms", value: {} });
		expect(failure.code).toBe("internal");
		expect(failure.trace).not.toBe("");
		expect(
			harness.logged.some(({ level, fields }) => level === "error" && (fields as { trace: string }).trace === failure.trace),
		).toBe(true);
		const tea = await joined(bob, "#tea");
		await bob.want("sent", say(tea.id, "still here"));
		expect(texts(bob, tea.id)).toEqual(["still here"]);
	});

	test("the accounts are notified of the end of a user's last session, not of the first of two", async () => {
		const harness = new Harness();
		const phone = await harness.guest("ann");
		const laptop = await harness.guest("ann");
		await phone.lose();
		expect(harness.ended).toEqual([]);
		await laptop.lose();
		expect(harness.ended).toEqual(["ann"]);
	});

	test("a drain answers commands in flight, then tells all clients to reconnect", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const sent = ann.put(say(id, "just in time"));
		const drained = harness.core.drain(0);
		await harness.clock.settle();
		await drained;
		expect(ann.received.find((down) => down.id === sent)?.body.case).toBe("sent");
		expect(ann.received.at(-1)?.body.case).toBe("close");
		expect(ann.pushed("close")[0]).toMatchObject({ reconnect: true });
		expect(ann.closedAs).toBe("draining");
	});

	test("sends beyond the bucket are refused with the time to wait, and accepted after it", async () => {
		const harness = new Harness({ limits: { sendsPerSecond: 10, sendsBurst: 2 } });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		await ann.want("sent", say(id, "1"));
		await ann.want("sent", say(id, "2"));
		const failure = await ann.want("failure", say(id, "3", "third"));
		expect(failure).toMatchObject({ code: "rate_limited", retry: true });
		await harness.clock.advance(failure.retryAfterMs);
		await ann.want("sent", say(id, "3", "third"));
		expect(texts(ann, id)).toEqual(["1", "2", "3"]);
	});

	test("commands in flight are bounded, and those beyond are refused as busy", async () => {
		const harness = new Harness({ limits: { commandsInFlightMax: 4 } });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const ids = Array.from({ length: 6 }, (_, i) => ann.put(say(id, `${i}`)));
		await harness.clock.settle();
		const answers = ids.map((wanted) => ann.received.find((down) => down.id === wanted)?.body.case);
		expect(answers).toEqual(["sent", "sent", "sent", "sent", "failure", "failure"]);
	});

	test("a client that never reads its answers is closed as slow, its outbox bounded", async () => {
		const harness = new Harness({ limits: { outboxBytesMax: 2_000, outboxCrowdedBytesMax: 1_000 } });
		const ann = await harness.guest("ann");
		ann.stalled = true;
		let most = 0;
		for (let i = 0; i < 1_000 && ann.closedAs === undefined; i++) {
			ann.put({ case: "ping", value: { nonce: i } });
			await harness.clock.settle();
			most = Math.max(most, ann.bufferedBytes());
		}
		expect(ann.closedAs).toBe("slow");
		expect(most).toBeLessThan(5_000);
	});

	test("a join pipelined with sends is executed in order", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		ann.put(join("#tea"));
		ann.put(say("#tea", "first"));
		ann.put(say("#tea", "second"));
		await harness.clock.settle();
		const id = ann.received.find((down) => down.body.case === "joined")?.body;
		const room = id?.case === "joined" ? (id.value.room?.id ?? "") : "";
		expect(texts(ann, room)).toEqual(["first", "second"]);
	});
});
