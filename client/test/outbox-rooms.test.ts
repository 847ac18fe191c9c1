// Rooms beside each other in the outbox: what goes wrong in one holds up no other, and what the server fails at again and again
// ends as failed, with an unknown outcome.
import { describe, expect, test } from "bun:test";
import { CLOSES, TIMING, type Up } from "@verbatim/protocol";
import type { VirtualClock } from "@verbatim/testkit";
import { type Client, type Delivery, memoryOutbox, type OutboxStore, type Room, UnknownOutcomeError } from "../src/mod.ts";
import { failure, liveClient } from "./support/bench.ts";
import { FakeServer, type FakeSession, heard, type Reaction, refusal } from "./support/fake-server.ts";

const INTERNAL = { code: CLOSES.internal.code, reason: CLOSES.internal.reason };
/** Longer than all pauses of one send together. */
const GIVEN_UP_MS = 120_000;

async function inRooms(options: Parameters<typeof liveClient>[0] = {}, server = new FakeServer(), clock?: VirtualClock) {
	for (const name of ["bad", "good", "fine"]) if (!server.rooms.has(`r_${name}`)) server.room(name, ["ann", "bob"]);
	const bench = await liveClient(options, server, clock);
	return { ...bench, bad: roomOf(bench.client, "bad"), good: roomOf(bench.client, "good"), fine: roomOf(bench.client, "fine") };
}

function roomOf(client: Client, name: string): Room {
	const room = client.rooms.get(`r_${name}`);
	if (room === undefined) throw new Error(`no room ${name}`);
	return room;
}

/** Answers each send in the room `bad` by `react`. */
function bewitch(server: FakeServer, react: (text: string, session: FakeSession, up: Up) => Reaction): void {
	server.react = (command, session, up) =>
		command.case === "send" && command.value.room === "r_bad" ? react(command.value.text, session, up) : undefined;
}

/** An outbox that remembers the sends whose faults were to be kept. */
function countingFaults(): { outbox: OutboxStore; faultsKept: string[] } {
	const faultsKept: string[] = [];
	const store = memoryOutbox();
	const outbox: OutboxStore = {
		open: (user) => store.open(user),
		put: (send) => {
			if (send.faults !== undefined) faultsKept.push(send.text);
			return store.put(send);
		},
		remove: (send) => store.remove(send),
		close: () => store.close(),
	};
	return { outbox, faultsKept };
}

const said = (server: FakeServer, name: string): string[] => server.texts(server.rooms.get(`r_${name}`) as never);
const states = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ status }) => status.state);
const tries = (server: FakeServer, text: string): number => heard(server, "send").filter((send) => send.text === text).length;

describe("a room in which the server fails at each send", () => {
	for (const code of ["internal", "unavailable", "timeout", "out_of_order"] as const) {
		test(`holds up no other room, when it says ${code}`, async () => {
			const { server, clock, bad, good, fine } = await inRooms();
			bewitch(server, () => refusal(code, 500));
			bad.send("poison");
			await clock.advance(2_000);
			const deliveries = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? good : fine).send(String(i)));
			await clock.advance(3_000);
			expect(states(deliveries)).toEqual(deliveries.map(() => "done"));
		});

		test(`holds up no other room after a reload, when it says ${code}`, async () => {
			const outbox = memoryOutbox();
			const first = await inRooms({ outbox });
			bewitch(first.server, () => refusal(code, 500));
			first.bad.send("poison");
			await first.clock.advance(100);
			await first.client.close();
			const { clock, good } = await inRooms({ outbox }, first.server, first.clock);
			const deliveries = Array.from({ length: 10 }, (_, i) => good.send(String(i)));
			await clock.advance(2_000);
			expect(states(deliveries)).toEqual(deliveries.map(() => "done"));
		});
	}

	test("holds up no other room by sends that are never answered", async () => {
		const { server, clock, bad, good } = await inRooms({ sendsInFlightMax: 8 });
		bewitch(server, () => "silent");
		for (let i = 0; i < 50; i++) bad.send(`poison ${i}`);
		await clock.advance(TIMING.answerMs);
		const delivery = good.send("hello");
		await clock.advance(100);
		expect(delivery.status.state).toBe("done");
	});

	test("takes turns with the others, one send each, where one may be on the wire", async () => {
		const { server, clock, bad, good, fine } = await inRooms({ sendsInFlightMax: 1 });
		for (let i = 0; i < 3; i++) for (const room of [bad, good, fine]) room.send(`${room.name} ${i}`);
		await clock.settle();
		expect(heard(server, "send").map(({ text }) => text)).toEqual([
			"bad 0",
			"good 0",
			"fine 0",
			"bad 1",
			"good 1",
			"fine 1",
			"bad 2",
			"good 2",
			"fine 2",
		]);
	});

	test("keeps its own order, and all of it arrives when the server is well again", async () => {
		const { server, clock, bad } = await inRooms();
		let failing = true;
		bewitch(server, () => (failing ? refusal("internal") : undefined));
		const deliveries = ["a", "b", "c", "d"].map((text) => bad.send(text));
		await clock.advance(3_000);
		expect(said(server, "bad")).toEqual([]);
		failing = false;
		await clock.advance(30_000);
		expect(said(server, "bad")).toEqual(["a", "b", "c", "d"]);
		expect(states(deliveries)).toEqual(["done", "done", "done", "done"]);
	});
});

describe("a send at which the server fails again and again", () => {
	test("is tried five times with growing pauses, and then fails with an unknown outcome", async () => {
		const { server, clock, bad } = await inRooms();
		const atMs: number[] = [];
		bewitch(server, () => {
			atMs.push(clock.monotonic());
			return refusal("internal", 0);
		});
		const delivery = bad.send("poison");
		const error = failure(delivery.done);
		await clock.advance(GIVEN_UP_MS);
		expect(await error).toBeInstanceOf(UnknownOutcomeError);
		expect(delivery.status).toMatchObject({ state: "failed", error: { tries: 5, cause: { code: "internal" } } });
		expect(atMs.length).toBe(5);
		const pauses = atMs.slice(1).map((ms, i) => ms - (atMs[i] ?? 0));
		for (const [i, pause] of pauses.entries()) {
			expect(pause).toBeGreaterThanOrEqual(500 * 3 ** i);
			expect(pause).toBeLessThanOrEqual(1_000 * 3 ** i + 1);
		}
		expect(bad.pending).toEqual([delivery]);
	});

	test("goes on counting after a reload", async () => {
		const outbox = memoryOutbox();
		const server = new FakeServer();
		bewitch(server, () => refusal("internal"));
		let bench = await inRooms({ outbox }, server);
		bench.bad.send("poison");
		for (let life = 0; life < 4; life++) {
			await bench.clock.advance(tries(server, "poison") < 3 ? 3_500 : GIVEN_UP_MS);
			await bench.client.close();
			bench = await inRooms({ outbox }, server, bench.clock);
		}
		expect(tries(server, "poison")).toBe(5);
		const [delivery] = bench.client.outbox;
		expect(delivery?.status).toMatchObject({ state: "failed", error: { name: "UnknownOutcomeError", tries: 5 } });
		await bench.clock.advance(GIVEN_UP_MS);
		expect(tries(server, "poison")).toBe(5);
	});

	test("is tried again by the user under the same cid, and was never there twice", async () => {
		const { server, clock, bad } = await inRooms();
		let failing = true;
		bewitch(server, (_text, session, up) => {
			if (!failing || up.command.case !== "send") return undefined;
			const { cid, text } = up.command.value;
			const room = server.rooms.get("r_bad");
			session.passes = ({ body }) => body.case !== "entries";
			if (room !== undefined && !room.entries.some((entry) => entry.cid === cid)) server.say(room, "ann", text, cid);
			return refusal("internal");
		});
		const delivery = bad.send("said, and not acknowledged");
		const error = failure(delivery.done);
		await clock.advance(GIVEN_UP_MS);
		expect(await error).toBeInstanceOf(UnknownOutcomeError);
		failing = false;
		delivery.retry();
		await clock.advance(100);
		expect(await delivery.done).toMatchObject({ seq: 1, repeated: true });
		expect(said(server, "bad")).toEqual(["said, and not acknowledged"]);
		expect(new Set(heard(server, "send").map(({ cid }) => cid))).toEqual(new Set([delivery.cid]));
	});

	test("is acknowledged by its entry, should that come after it was given up", async () => {
		const { server, clock, bad } = await inRooms();
		bewitch(server, () => refusal("internal"));
		const delivery = bad.send("late");
		await clock.advance(GIVEN_UP_MS);
		expect(delivery.status.state).toBe("failed");
		server.say(server.rooms.get("r_bad") as never, "ann", "late", delivery.cid);
		await clock.advance(100);
		expect(delivery.status.state).toBe("done");
		expect(bad.pending).toEqual([]);
	});

	test("lets what was said after it go on, and further ones of a broken room fail sooner", async () => {
		const { server, clock, bad } = await inRooms();
		bewitch(server, (text) => (text.startsWith("poison") ? refusal("internal") : undefined));
		const deliveries = ["poison 1", "poison 2", "hello"].map((text) => bad.send(text));
		await clock.advance(3 * GIVEN_UP_MS);
		expect(states(deliveries)).toEqual(["failed", "failed", "done"]);
		expect(deliveries.slice(0, 2).map(({ status }) => status)).toMatchObject([{ error: { tries: 5 } }, { error: { tries: 2 } }]);
	});
});

describe("a send that ends the session by the server's fault", () => {
	test("costs the others five connections at most, and they go first on each", async () => {
		const { server, clock, bad, good, fine } = await inRooms();
		bewitch(server, (_text, session, up) => {
			session.push(refusal("internal"), up.id);
			session.peer.close(INTERNAL);
			return "silent";
		});
		const poison = bad.send("poison");
		const others: Delivery[] = [];
		for (let i = 0; i < 60; i++) {
			others.push((i % 2 === 0 ? good : fine).send(String(i)));
			await clock.advance(2_000);
		}
		await clock.advance(10_000);
		expect(poison.status).toMatchObject({ state: "failed", error: { name: "UnknownOutcomeError" } });
		expect(states(others)).toEqual(others.map(() => "done"));
		expect(server.dialled.length).toBe(1 + 5);
	});

	test("is found among others that were on the wire, though the session ended without an answer", async () => {
		const { server, clock, bad, good, fine } = await inRooms();
		const hidden: Up[] = [];
		server.react = (command, session, up) => {
			if (command.case !== "send") return undefined;
			if (command.value.room !== "r_bad") {
				// Not answered before the end either.
				if (server.sessions.length === 1) hidden.push(up);
				return server.sessions.length === 1 ? "silent" : undefined;
			}
			queueMicrotask(() => session.peer.close(INTERNAL));
			return "silent";
		};
		const others = [good.send("a"), fine.send("b")];
		const poison = bad.send("poison");
		others.push(good.send("c"), fine.send("d"));
		await clock.advance(20_000);
		expect(hidden.length).toBe(4);
		expect(states(others)).toEqual(["done", "done", "done", "done"]);
		await clock.advance(GIVEN_UP_MS);
		expect(poison.status).toMatchObject({ state: "failed", error: { name: "UnknownOutcomeError" } });
		expect(server.dialled.length).toBeLessThanOrEqual(1 + 6);
	});

	test("is not blamed on what was on the wire, where an earlier one that timed out may have done it", async () => {
		const { outbox, faultsKept } = countingFaults();
		const { server, clock, bad, good } = await inRooms({ outbox, sendsInFlightMax: 1 });
		let ends = true;
		server.react = (command, session) => {
			if (command.case !== "send" || server.sessions.length > 1) return undefined;
			// The first is worked on for longer than its answer is waited for, and ends the session while the second is on the wire.
			if (command.value.room === "r_good" && ends) {
				ends = false;
				queueMicrotask(() => session.peer.close(INTERNAL));
			}
			return "silent";
		};
		const slow = bad.send("slow");
		const innocent = good.send("innocent");
		for (let s = 0; innocent.status.state !== "done" && s < 60; s++) await clock.advance(1_000);
		await clock.advance(5_000);
		expect(states([slow, innocent])).toEqual(["done", "done"]);
		expect(faultsKept).toEqual([]);
	});

	test("is not blamed on a room that was suspected before, where another room's new send was on the wire beside it", async () => {
		const { outbox, faultsKept } = countingFaults();
		const { server, clock, bad, good, fine } = await inRooms({ outbox });
		server.react = (command, session) => {
			if (command.case !== "send" || server.sessions.length > 2) return undefined;
			// Both connections end by the server's fault: the first with two rooms on the wire, the second with one of them and a new one.
			if (server.sessions.length === 1 ? command.value.text === "b" : command.value.text === "new") {
				queueMicrotask(() => session.peer.close(INTERNAL));
			}
			return "silent";
		};
		const deliveries = [good.send("a"), fine.send("b")];
		for (let ms = 0; server.sessions.length < 2 && ms < 30_000; ms += 10) await clock.advance(10);
		deliveries.push(bad.send("new"));
		await clock.advance(20_000);
		expect(states(deliveries)).toEqual(["done", "done", "done"]);
		expect(faultsKept).toEqual([]);
	});

	test("is not blamed on another room, though what was at fault is in the log each time", async () => {
		const { outbox, faultsKept } = countingFaults();
		const { server, clock, bad, good } = await inRooms({ outbox });
		const { rooms } = server;
		server.react = (command, session) => {
			if (command.case !== "send") return undefined;
			const room = rooms.get("r_bad");
			if (command.value.room !== "r_bad" || room === undefined) return server.sessions.length < 4 ? "silent" : undefined;
			const entry = server.say(room, "ann", command.value.text, command.value.cid);
			session.push({ case: "page", value: server.page(room, entry.seq, entry.seq) });
			queueMicrotask(() => session.peer.close(INTERNAL));
			return "silent";
		};
		const innocent = good.send("innocent");
		const poison: Delivery[] = [];
		for (let i = 1; i <= 3; i++) {
			poison.push(bad.send(String(i)));
			for (let ms = 0; server.sessions.length <= i && ms < 60_000; ms += 10) await clock.advance(10);
			expect(server.sessions.length).toBe(i + 1);
		}
		await clock.advance(5_000);
		expect(states([innocent, ...poison])).toEqual(["done", "done", "done", "done"]);
		expect(faultsKept).toEqual([]);
	});

	test("is no reason to suspect what was on the wire when a connection merely broke", async () => {
		const { server, clock, bad } = await inRooms();
		bewitch(server, (_text, session) => {
			queueMicrotask(() => session.peer.close());
			return "silent";
		});
		const delivery = bad.send("unlucky");
		await clock.advance(5 * GIVEN_UP_MS);
		expect(["waiting", "sent"]).toContain(delivery.status.state);
		server.react = () => undefined;
		await clock.advance(60_000);
		expect(delivery.status.state).toBe("done");
	});
});

test("a page at which the server fails, and the session ends, is asked for ever more seldom, and sends go out meanwhile", async () => {
	const past = new FakeServer();
	past.room("good", ["ann", "bob"], 60);
	const { server, clock, good, fine } = await inRooms({}, past);
	server.react = (command, session, up) => {
		if (command.case !== "history" || command.value.room !== "r_good") return undefined;
		session.push(refusal("internal"), up.id);
		session.peer.close(INTERNAL);
		return "silent";
	};
	const reading = good.entries({ after: 0 }).next();
	const deliveries: Delivery[] = [];
	for (let i = 0; i < 60; i++) {
		deliveries.push(fine.send(String(i)));
		await clock.advance(2_000);
	}
	expect(states(deliveries.slice(0, -1))).toEqual(deliveries.slice(0, -1).map(() => "done"));
	expect(server.dialled.length).toBeLessThan(10);
	server.react = () => undefined;
	await clock.advance(2 * TIMING.faultMaxMs);
	expect((await reading).value).toMatchObject({ seq: 1 });
});

test("what an outbox of the version before has kept is read, sent, and stays failed where it had failed", async () => {
	const kept: OutboxStore = memoryOutbox();
	const plain = { user: "u_ann", room: "r_good", cid: "c1", text: "from before", atMs: 1 };
	await kept.put(plain);
	await kept.put({ ...plain, cid: "c2", text: "refused before", refused: { code: "forbidden", message: "no" } });
	const { server, clock, client } = await inRooms({ outbox: kept });
	await clock.advance(1_000);
	expect(said(server, "good")).toEqual(["from before"]);
	expect(client.outbox.map(({ status }) => status)).toMatchObject([{ state: "failed", error: { code: "forbidden" } }]);
});
