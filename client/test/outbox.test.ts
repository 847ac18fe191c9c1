import { describe, expect, test } from "bun:test";
import { LIMITS, TIMING, type Up } from "@verbatim/protocol";
import fc from "fast-check";
import { newCid, nextCid } from "../src/base/ids.ts";
import {
	type Client,
	type Delivery,
	memoryOutbox,
	type OutboxStore,
	RefusedError,
	type Room,
	type StoredSend,
} from "../src/mod.ts";
import { type Bench, failure, liveClient } from "./support/bench.ts";
import { FakeServer, heard, refusal } from "./support/fake-server.ts";

function roomIn(client: Client, id = "r_tea"): Room {
	const room = client.rooms.get(id);
	if (room === undefined) throw new Error(`no room ${id}`);
	return room;
}

async function inTea(options: Parameters<typeof liveClient>[0] = {}) {
	const server = new FakeServer();
	const tea = server.room("tea", ["ann", "bob"], 2);
	const bench = await liveClient(options, server);
	return { ...bench, tea, room: roomIn(bench.client) };
}

const states = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ status }) => status.state);
const said = ({ server }: Bench): string[] => server.texts(server.rooms.get("r_tea") as never).slice(2);

async function cutAndBack({ server, clock }: Bench): Promise<void> {
	await clock.advance(TIMING.stableMs);
	server.cut();
	await clock.advance(0);
}

describe("a send", () => {
	test("is kept, tried, acknowledged, shown, and then no longer pending", async () => {
		const { clock, room, tea } = await inTea();
		const delivery = room.send("hello");
		expect(delivery.status).toEqual({ state: "waiting" });
		expect(room.pending).toEqual([delivery]);
		await clock.settle();
		expect(await delivery.done).toMatchObject({ room: tea.id, seq: 3, repeated: false });
		expect(delivery.status.state).toBe("done");
		expect(room.pending).toEqual([]);
		expect(room.timeline.at(-1)).toMatchObject({ seq: 3, cid: delivery.cid });
		expect(room.unread).toBe(0);
	});

	test("has an id of its own, a UUID version 7 of its moment", async () => {
		const { clock, room } = await inTea();
		const ids = Array.from({ length: 50 }, () => room.send("same").cid);
		expect(new Set(ids).size).toBe(50);
		for (const id of ids) {
			expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
			expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(clock.now());
		}
		await clock.settle();
	});

	test("is in neither list or in one of them, never gone from both, while answer and entry race", async () => {
		const { server, clock, room } = await inTea();
		server.session.passes = ({ body }) => body.case !== "entries";
		const delivery = room.send("hello");
		await clock.settle();
		expect(delivery.status.state).toBe("done");
		expect(room.pending).toEqual([delivery]);
		server.session.passes = () => true;
		server.say(server.rooms.get("r_tea") as never, "bob", "next");
		await clock.advance(10);
		expect(room.pending).toEqual([]);
		expect(room.timeline.map(({ seq }) => seq)).toEqual([3, 4]);
	});

	test("whose answer is lost is acknowledged by its own entry", async () => {
		const { server, clock, room } = await inTea();
		server.session.passes = ({ body }) => body.case !== "sent";
		const delivery = room.send("hello");
		await clock.settle();
		expect(await delivery.done).toMatchObject({ seq: 3 });
		expect(room.pending).toEqual([]);
	});

	test("makes room for the next one also when only its entry comes", async () => {
		const bench = await inTea({ sendsInFlightMax: 1 });
		bench.server.session.passes = ({ body }) => body.case !== "sent";
		bench.room.send("a");
		bench.room.send("b");
		await bench.clock.settle();
		expect(said(bench)).toEqual(["a", "b"]);
	});

	test("that is lost on the way up is repeated on the same connection, with the same cid", async () => {
		const { server, clock, room, ...bench } = await inTea();
		let lost = 0;
		server.react = (command) => (command.case === "send" && lost++ === 0 ? "silent" : undefined);
		const delivery = room.send("hello");
		await clock.advance(TIMING.answerMs);
		expect(delivery.status.state).toBe("done");
		expect(heard(server, "send").map(({ cid }) => cid)).toEqual([delivery.cid, delivery.cid]);
		expect(server.dialled.length).toBe(1);
		expect(said({ server, clock, ...bench })).toEqual(["hello"]);
	});

	test("that no server would take is refused at once", async () => {
		const { room } = await inTea({ limits: { textBytesMax: 10 } });
		expect(() => room.send("")).toThrow(RefusedError);
		expect(() => room.send("\ud800")).toThrow(expect.objectContaining({ code: "bad_utf8" }) as Error);
		expect(() => room.send("ä".repeat(6))).toThrow(expect.objectContaining({ code: "too_large" }) as Error);
		expect(room.pending).toEqual([]);
	});

	test("beyond what the outbox holds is refused by name", async () => {
		const { room } = await inTea({ outboxMax: 2 });
		room.send("a");
		room.send("b");
		expect(() => room.send("c")).toThrow("2 sends are waiting already");
	});
});

describe("the order of a sender", () => {
	test("each send names the unanswered one before it, and a window is on the wire at once", async () => {
		const { server, clock, room } = await inTea({ sendsInFlightMax: 3 });
		const held: Up[] = [];
		server.react = (command, _session, up) => {
			if (command.case !== "send") return undefined;
			held.push(up);
			return "silent";
		};
		const deliveries = ["a", "b", "c", "d", "e"].map((text) => room.send(text));
		await clock.settle();
		const [a, b, c] = deliveries.map(({ cid }) => cid);
		expect(heard(server, "send").map(({ behind }) => behind)).toEqual(["", a, b] as string[]);
		expect(states(deliveries)).toEqual(["sent", "sent", "sent", "waiting", "waiting"]);
		expect(c).toBeDefined();
	});

	test("tells why it waits, also while it is tried again", async () => {
		const { server, clock, room } = await inTea();
		let react: () => ReturnType<typeof refusal> | "silent" | undefined = () => refusal("unavailable", 400);
		server.react = (command) => (command.case === "send" ? react() : undefined);
		const delivery = room.send("a");
		await clock.settle();
		expect(delivery.status).toMatchObject({ state: "waiting", refusal: { code: "unavailable" } });
		react = () => "silent";
		await clock.advance(500);
		expect(delivery.status).toMatchObject({ state: "sent", refusal: { code: "unavailable" } });
	});

	test("is kept when one in the middle is refused for a while: nothing overtakes it", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		let refusals = 0;
		server.react = (command) =>
			command.case === "send" && command.value.text === "3" && refusals++ < 3 ? refusal("rate_limited", 400) : undefined;
		const deliveries = Array.from({ length: 10 }, (_, i) => room.send(String(i)));
		await clock.settle();
		expect(deliveries[3]?.status).toMatchObject({
			state: "waiting",
			retryAtMs: clock.now() + 400,
			refusal: { code: "rate_limited" },
		});
		expect(said(bench)).toEqual(["0", "1", "2"]);
		await clock.advance(3_000);
		expect(said(bench)).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
		expect(new Set(heard(server, "send").map(({ cid }) => cid)).size).toBe(10);
	});

	test("is kept when frames are lost: what stands behind the lost one is refused, and both go again", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		let lost = 0;
		server.react = (command) => (command.case === "send" && command.value.text === "1" && lost++ < 2 ? "silent" : undefined);
		for (let i = 0; i < 6; i++) room.send(String(i));
		await clock.advance(5_000);
		expect(said(bench)).toEqual(["0", "1", "2", "3", "4", "5"]);
	});

	test("a send refused for good fails alone: the others go on in order", async () => {
		const bench = await inTea();
		const { server, clock, room, client } = bench;
		server.react = (command) => (command.case === "send" && command.value.text === "1" ? refusal("forbidden") : undefined);
		const deliveries = Array.from({ length: 4 }, (_, i) => room.send(String(i)));
		const error = failure(deliveries[1]?.done as Promise<unknown>);
		await clock.advance(1_000);
		expect(await error).toMatchObject({ name: "RefusedError", code: "forbidden" });
		expect(said(bench)).toEqual(["0", "2", "3"]);
		expect(states(room.pending)).toEqual(["failed"]);
		expect(client.outbox).toEqual(room.pending);
	});

	test("holds for any interleaving of losses, refusals, cuts and time-outs: all arrive once, in order", async () => {
		const chaos = fc.array(
			fc.constantFrom("ok", "ok", "ok", "lost up", "answer lost", "entry lost", "rate_limited", "unavailable", "cut"),
			{ minLength: 5, maxLength: 60, size: "max" },
		);
		await fc.assert(
			fc.asyncProperty(chaos, fc.integer({ min: 1, max: 25 }), fc.constantFrom(1, 3, 64), async (script, sends, window) => {
				const bench = await inTea({ sendsInFlightMax: window });
				const { server, clock, room, client } = bench;
				let at = 0;
				server.react = (command, session) => {
					if (command.case !== "send") return undefined;
					const event = script[at++] ?? "ok";
					session.passes = ({ body }) =>
						!(event === "answer lost" && body.case === "sent") && !(event === "entry lost" && body.case === "entries")
							? true
							: "damaged";
					if (event === "lost up") return "silent";
					if (event === "rate_limited" || event === "unavailable") return refusal(event, 50);
					if (event !== "cut") return undefined;
					queueMicrotask(() => session.peer.close());
					return "silent";
				};
				const deliveries: Delivery[] = [];
				for (let i = 0; i < sends; i++) {
					deliveries.push(room.send(String(i)));
					if (i % 7 === 6) await clock.advance(30);
				}
				await clock.advance(script.length * 45_000);
				expect(said(bench)).toEqual(Array.from({ length: sends }, (_, i) => String(i)));
				expect(states(deliveries)).toEqual(deliveries.map(() => "done"));
				expect(client.outbox).toEqual([]);
				const shown = room.timeline.map(({ seq }) => seq);
				expect(shown).toEqual(Array.from({ length: sends }, (_, i) => i + 3));
				await client.close();
			}),
			{ numRuns: 200 },
		);
	}, 60_000);

	test("a server that asks for patience is not flooded with repeats", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		let tokens = 20;
		let lastMs = clock.monotonic();
		server.react = (command) => {
			if (command.case !== "send") return undefined;
			tokens = Math.min(20, tokens + ((clock.monotonic() - lastMs) / 1_000) * 10);
			lastMs = clock.monotonic();
			if (tokens < 1) return refusal("rate_limited", Math.ceil((1 - tokens) * 100));
			tokens--;
			return undefined;
		};
		for (let i = 0; i < 120; i++) room.send(String(i));
		await clock.advance(11_000);
		expect(said(bench).length).toBe(120);
		expect(heard(server, "send").length).toBeLessThan(120 * 3);
	});
});

describe("a failed send", () => {
	test("can be tried again, after what was said since, with a cid of its own: the refused one has its answer", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		let allowed = false;
		server.react = (command) =>
			command.case === "send" && command.value.text === "a" && !allowed ? refusal("forbidden") : undefined;
		const a = room.send("a");
		const refused = a.cid;
		room.send("b");
		await clock.advance(100);
		allowed = true;
		a.retry();
		expect(a.cid).not.toBe(refused);
		expect(room.pending).toContain(a);
		await clock.settle();
		expect((await a.done).seq).toBe(4);
		expect(said(bench)).toEqual(["b", "a"]);
		expect(room.timeline.at(-1)?.cid).toBe(a.cid);
		expect(room.pending).toEqual([]);
		expect(heard(server, "send").map(({ cid }) => cid)).toEqual([refused, expect.anything(), expect.anything(), a.cid]);
	});

	test("keeps its new cid over a reload, whatever happens to the program, and no send stands behind the old one", async () => {
		const outbox = memoryOutbox();
		const first = await inTea({ outbox });
		first.server.react = (command) => (command.case === "send" ? refusal("forbidden") : undefined);
		const delivery = first.room.send("a");
		const refused = delivery.cid;
		await failure(delivery.done);
		first.server.react = () => "silent";
		delivery.retry();
		const { cid } = delivery;
		first.room.send("b");
		await first.clock.settle();
		// One record is what there was of it at any time.
		expect(await outbox.open("u_ann")).toMatchObject([{ cid: refused, cidNow: cid, text: "a" }, { text: "b" }]);
		await first.client.close();

		first.server.react = () => undefined;
		const before = heard(first.server, "send").length;
		const again = await liveClient({ outbox }, first.server, first.clock);
		await again.clock.settle();
		expect(said(again)).toEqual(["a", "b"]);
		const sends = heard(first.server, "send").slice(before);
		expect(sends.map(({ cid: each, behind }) => [each, behind])).toEqual([
			[cid, ""],
			[expect.anything(), cid],
		]);
		expect(await outbox.open("u_ann")).toEqual([]);
	});

	test("that is refused again is tried again under yet another cid", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		server.react = (command) => (command.case === "send" ? refusal("not_member") : undefined);
		const delivery = room.send("a");
		const cids = [delivery.cid];
		for (let tries = 0; tries < 2; tries++) {
			await failure(delivery.done);
			delivery.retry();
			cids.push(delivery.cid);
			await clock.settle();
		}
		expect(new Set(cids).size).toBe(3);
		expect(heard(server, "send").map(({ cid }) => cid)).toEqual(cids);
		expect(room.pending).toEqual([delivery]);
		delivery.discard();
		expect(room.pending).toEqual([]);
	});

	test("is said once where two programs with the same outbox try it again", async () => {
		const outbox = memoryOutbox();
		const one = await inTea({ outbox });
		const { server, clock, room } = one;
		server.react = (command) => (command.case === "send" ? refusal("not_member") : undefined);
		const delivery = room.send("a");
		await failure(delivery.done);
		const two = await liveClient({ outbox }, server, clock);
		const [same] = roomIn(two.client).pending;
		server.react = () => undefined;
		for (const each of [delivery, same]) {
			each?.retry();
			await clock.settle();
		}
		expect(await same?.done).toMatchObject({ seq: (await delivery.done).seq, repeated: true });
		expect(said(one)).toEqual(["a"]);
		expect(same?.cid).toBe(delivery.cid);
	});

	test("is tried again in its new place also after the program has ended", async () => {
		const outbox = memoryOutbox();
		const first = await inTea({ outbox });
		first.server.react = (command) => (command.case === "send" ? refusal("not_member") : undefined);
		const [a] = ["a", "b"].map((text) => first.room.send(text));
		await first.clock.advance(1_000);
		expect(states(first.room.pending)).toEqual(["failed", "failed"]);
		first.server.react = (command) => (command.case === "send" ? "silent" : undefined);
		a?.retry();
		first.room.send("c");
		await first.clock.settle();
		await first.client.close();
		const again = await liveClient({ outbox }, first.server, first.clock);
		expect(again.client.rooms.get("r_tea")?.pending.map(({ text }) => text)).toEqual(["b", "a", "c"]);
	});

	test.each(["out_of_place", "invalid", "of_a_newer_server"])(
		"keeps its cid after a refusal that says nothing of its copies: %s",
		async (code) => {
			const { server, clock, room } = await inTea();
			const value = { code, message: "no", retry: false, retryAfterMs: 0, trace: "" };
			server.react = (command) => (command.case === "send" ? { case: "failure", value } : undefined);
			const delivery = room.send("a");
			const { cid } = delivery;
			await failure(delivery.done);
			server.react = () => undefined;
			delivery.retry();
			await clock.settle();
			expect(heard(server, "send").map((send) => send.cid)).toEqual([cid, cid]);
			expect(delivery.status.state).toBe("done");
		},
	);

	test("has cids of at most 64 characters of its own, however often it is tried", () => {
		let cid = newCid({ now: () => 1 }, { bytes: (n) => new Uint8Array(n) });
		const all = new Set<string>();
		for (let tries = 0; tries < 10_000; tries++) {
			cid = nextCid(cid);
			all.add(cid);
		}
		expect(all.size).toBe(10_000);
		expect(cid.length).toBeLessThanOrEqual(LIMITS.cidCharsMax);
		expect(cid).toEndWith("~10001");
	});

	test("stays failed over a reload: it is not said before the user wants it", async () => {
		const outbox = memoryOutbox();
		const first = await inTea({ outbox });
		first.server.react = (command) => (command.case === "send" ? refusal("forbidden") : undefined);
		const error = failure(first.room.send("a").done);
		await first.clock.settle();
		expect(await error).toMatchObject({ name: "RefusedError", code: "forbidden" });
		await first.client.close();

		first.server.react = () => undefined;
		const again = await liveClient({ outbox }, first.server, first.clock);
		await again.clock.advance(1_000);
		expect(said(again)).toEqual([]);
		const [a] = again.client.outbox;
		expect(a?.status).toMatchObject({ state: "failed", error: { code: "forbidden" } });
		a?.retry();
		await again.clock.settle();
		expect(said(again)).toEqual(["a"]);
		expect(await outbox.open("u_ann")).toEqual([]);
	});

	test("holds up what was said after it until it is kept as refused: a program that ends in between says nothing out of order", async () => {
		const memory = memoryOutbox();
		const { promise: written, resolve: write } = Promise.withResolvers<void>();
		const outbox = {
			...memory,
			put: async (send: Parameters<typeof memory.put>[0]) => {
				if (send.refused !== undefined) await written;
				await memory.put(send);
			},
		};
		const bench = await inTea({ outbox });
		bench.server.react = (command) => (command.case === "send" && command.value.text === "a" ? refusal("not_member") : undefined);
		const error = failure(bench.room.send("a").done);
		bench.room.send("b");
		await bench.clock.advance(1_000);
		expect(said(bench)).toEqual([]);
		write();
		expect(await error).toMatchObject({ code: "not_member" });
		await bench.clock.settle();
		expect(said(bench)).toEqual(["b"]);
	});

	test("that is tried again before it is kept as refused rejects its first promise, and resolves the next", async () => {
		const memory = memoryOutbox();
		const { promise: written, resolve: write } = Promise.withResolvers<void>();
		const outbox = {
			...memory,
			put: async (send: StoredSend) => {
				if (send.refused !== undefined) await written;
				await memory.put(send);
			},
		};
		const bench = await inTea({ outbox });
		const { server, clock, room } = bench;
		server.react = (command) => (command.case === "send" ? refusal("forbidden") : undefined);
		const delivery = room.send("a");
		const first = failure(delivery.done);
		await clock.settle();
		expect(delivery.status.state).toBe("failed");
		server.react = () => undefined;
		delivery.retry();
		expect(await first).toMatchObject({ code: "forbidden" });
		write();
		await clock.settle();
		expect(await delivery.done).toMatchObject({ seq: 3 });
		expect(said(bench)).toEqual(["a"]);
	});

	test("can be discarded on the wire: its fate is unknown, and what stood behind it goes on", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		server.react = (command) => (command.case === "send" && command.value.text === "a" ? "silent" : undefined);
		const a = room.send("a");
		const b = room.send("b");
		const error = failure(a.done);
		a.discard();
		await clock.advance(1_000);
		expect(await error).toMatchObject({ name: "DiscardedError" });
		expect(b.status.state).toBe("done");
		expect(said(bench)).toEqual(["b"]);
	});

	test("can be discarded", async () => {
		const { server, clock, room } = await inTea();
		server.react = (command) => (command.case === "send" ? refusal("forbidden") : undefined);
		const a = room.send("a");
		await clock.settle();
		a.discard();
		expect(a.status.state).toBe("discarded");
		expect(room.pending).toEqual([]);
	});
});

describe("the bounds of a send", () => {
	test("before it was on the wire, they take it back for certain", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		server.accepting = () => false;
		server.cut();
		await clock.settle();
		const control = new AbortController();
		const late = room.send("late", { timeoutMs: 500 });
		const aborted = room.send("aborted", { signal: control.signal });
		const kept = room.send("kept");
		const errors = [failure(late.done), failure(aborted.done)];
		await clock.advance(500);
		control.abort("changed my mind");
		expect((await errors[0]) as Error).toMatchObject({ name: "TimeoutError", timeoutMs: 500 });
		expect((await errors[1]) as Error).toMatchObject({ name: "AbortedError", cause: "changed my mind" });
		server.accepting = () => true;
		await clock.advance(60_000);
		expect(said(bench)).toEqual(["kept"]);
		expect((await kept.done).seq).toBe(3);
	});

	test("after that, they end the waiting only: its fate is decided by the server", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		server.react = (command) => (command.case === "send" ? "silent" : undefined);
		const delivery = room.send("hello", { timeoutMs: 500 });
		const error = failure(delivery.done);
		await clock.advance(500);
		expect(await error).toMatchObject({ name: "TimeoutError" });
		expect(delivery.status.state).toBe("sent");
		server.react = () => undefined;
		await clock.advance(TIMING.answerMs);
		expect(delivery.status.state).toBe("done");
		expect(said(bench)).toEqual(["hello"]);
	});
});

describe("the outbox", () => {
	test("repeats everything unanswered after a reconnect, in order, with the same cids", async () => {
		const bench = await inTea();
		const { server, clock, room } = bench;
		server.react = (command) => (command.case === "send" ? "silent" : undefined);
		const deliveries = ["a", "b", "c"].map((text) => room.send(text));
		await clock.settle();
		server.react = () => undefined;
		await cutAndBack(bench);
		const cids = deliveries.map(({ cid }) => cid);
		expect(heard(server, "send").map(({ cid }) => cid)).toEqual([...cids, ...cids]);
		expect(said(bench)).toEqual(["a", "b", "c"]);
	});

	test("survives a reload: what was said before goes first, what was committed is not said twice", async () => {
		const outbox = memoryOutbox();
		const first = await inTea({ outbox });
		first.server.session.passes = ({ body }) => body.case !== "sent" && body.case !== "entries";
		first.room.send("committed, unacknowledged");
		await first.clock.settle();
		first.server.accepting = () => false;
		first.server.cut();
		await first.clock.settle();
		first.room.send("never tried");
		await first.clock.settle();
		await first.client.close();

		first.server.accepting = () => true;
		const again = await liveClient({ outbox }, first.server, first.clock);
		roomIn(again.client).send("after");
		await again.clock.settle();
		expect(said(again)).toEqual(["committed, unacknowledged", "never tried", "after"]);
		expect(again.client.outbox).toEqual([]);
		expect(await outbox.open("u_ann")).toEqual([]);
	});

	test("is the user's own: another identity neither sends nor sees it", async () => {
		const outbox = memoryOutbox();
		const { server, clock, room, client } = await inTea({ outbox });
		server.react = (command) => (command.case === "send" ? "silent" : undefined);
		const delivery = room.send("ann's");
		const error = failure(delivery.done);
		await clock.settle();
		server.react = () => undefined;
		void client.logIn({ guest: "bob" });
		await clock.settle();
		expect(await error).toMatchObject({ name: "ClosedError" });
		expect(client.outbox).toEqual([]);
		roomIn(client).send("bob's");
		await clock.settle();
		expect(server.texts(server.rooms.get("r_tea") as never).slice(2)).toEqual(["bob's"]);
		void client.logIn({ guest: "ann" });
		await clock.settle();
		expect(server.texts(server.rooms.get("r_tea") as never).slice(2)).toEqual(["bob's", "ann's"]);
	});

	test("puts a send away before its first try, and keeps to the order of saying while it does", async () => {
		const released: Array<() => void> = [];
		const store: OutboxStore = { ...memoryOutbox(), put: () => new Promise((resolve) => released.push(resolve)) };
		const { server, clock, room } = await inTea({ outbox: store });
		const deliveries = [room.send("a"), room.send("b")];
		const told: boolean[][] = [];
		room.on("changed", () => told.push(deliveries.map(({ kept }) => kept)));
		await clock.settle();
		expect(deliveries.map(({ kept }) => kept)).toEqual([false, false]);
		released[1]?.();
		await clock.settle();
		expect(heard(server, "send")).toEqual([]);
		expect(told.at(-1)).toEqual([false, true]);
		released[0]?.();
		await clock.settle();
		expect(deliveries.map(({ kept }) => kept)).toEqual([true, true]);
		expect(heard(server, "send").map(({ text }) => text)).toEqual(["a", "b"]);
	});

	test("that cannot be opened or written says so, and goes on from memory", async () => {
		const broken = () => Promise.reject(new Error("quota"));
		const { clock, room, problems } = await inTea({ outbox: { ...memoryOutbox(), open: broken, put: broken } });
		const delivery = room.send("hello");
		await clock.settle();
		expect(delivery.status.state).toBe("done");
		expect(problems).toMatchObject([{ name: "OutboxError" }]);
		const full = await inTea({ outbox: { ...memoryOutbox(), put: broken } });
		const other = full.room.send("hello");
		await full.clock.settle();
		expect(other.status.state).toBe("done");
		expect(full.problems).toMatchObject([{ name: "OutboxError", cause: { message: "quota" } }]);
	});

	test("sends of a tab that is gone are adopted, once", async () => {
		let adopt: (sends: readonly StoredSend[]) => void = () => {};
		const store: OutboxStore = {
			...memoryOutbox(),
			onAdopted: (listener) => {
				adopt = listener;
			},
		};
		const bench = await inTea({ outbox: store });
		const send = { user: "u_ann", room: "r_tea", cid: "from-another-tab", text: "orphan", atMs: 1 };
		adopt([send, { ...send, user: "u_eve", cid: "x" }]);
		adopt([send]);
		await bench.clock.settle();
		expect(said(bench)).toEqual(["orphan"]);
	});

	test("keeps what is not acknowledged when the client is closed", async () => {
		const outbox = memoryOutbox();
		const { server, clock, room, client } = await inTea({ outbox });
		server.react = (command) => (command.case === "send" ? "silent" : undefined);
		const delivery = room.send("hello");
		const error = failure(delivery.done);
		await clock.settle();
		await client.close();
		expect(await error).toMatchObject({ name: "ClosedError" });
		expect((await outbox.open("u_ann")).map(({ text }) => text)).toEqual(["hello"]);
	});
});
