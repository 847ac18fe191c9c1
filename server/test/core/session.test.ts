import { describe, expect, test } from "bun:test";
import { Refusal, TIMING } from "@verbatim/protocol";
import { Harness } from "./harness.ts";
import { join, joined, say, texts } from "./helpers.ts";

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
		expect(Object.fromEntries(Array.from(samples, ({ label, value }) => [label, value]))).toEqual({
			credentials_wrong: 1,
			name_invalid: 1,
			unavailable: 1,
			ok: 1,
		});
	});

	test("a trace comes back with a failure; one that is none does not", async () => {
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

	test("a refused hello may be said again, five times", async () => {
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

	test("a session is prolonged by a refresh token of its own user only", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		await harness.guest("bob");
		expect(await ann.refusal({ case: "refresh", value: { refreshToken: "refresh:u-bob" } })).toBe("token_invalid");
		await ann.want("tokens", { case: "refresh", value: { refreshToken: "refresh:u-ann" } });
	});

	test("who says no hello in time is closed as late", async () => {
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

	test("anything heard is a sign of life", async () => {
		const harness = new Harness();
		const client = await harness.guest("ann");
		for (let i = 0; i < 20; i++) {
			await harness.clock.advance(TIMING.heartbeatMs);
			await client.want("pong", { case: "ping", value: { nonce: i } });
		}
		expect(client.closedAs).toBeUndefined();
	});

	test("an unexpected error answers internal with a trace id, is logged under it, and harms no other session", async () => {
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

	test("the last session of a user tells the accounts, not the first of two", async () => {
		const harness = new Harness();
		const phone = await harness.guest("ann");
		const laptop = await harness.guest("ann");
		await phone.lose();
		expect(harness.ended).toEqual([]);
		await laptop.lose();
		expect(harness.ended).toEqual(["ann"]);
	});

	test("a drain answers what is under way, then tells everybody to come back", async () => {
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

	test("sends beyond the bucket are refused with the time to wait, and pass after it", async () => {
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

	test("commands under way at once are bounded, and what comes beyond is refused as busy", async () => {
		const harness = new Harness({ limits: { commandsInFlightMax: 4 } });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const ids = Array.from({ length: 6 }, (_, i) => ann.put(say(id, `${i}`)));
		await harness.clock.settle();
		const answers = ids.map((wanted) => ann.received.find((down) => down.id === wanted)?.body.case);
		expect(answers).toEqual(["sent", "sent", "sent", "sent", "failure", "failure"]);
	});

	test("a peer that asks and never reads an answer is closed as slow, its answers bounded", async () => {
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

	test("a join pipelined with sends is carried out in order", async () => {
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
