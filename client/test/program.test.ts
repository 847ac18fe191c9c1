// What a program is given to live with: events once, a log, numbers, the end of the outbox, the text of an entry.
import { describe, expect, test } from "bun:test";
import { TIMING } from "@verbatim/protocol";
import { type Client, ClosedError, memoryOutbox, type Room } from "../src/mod.ts";
import { failure, liveClient, startClient } from "./support/bench.ts";
import { FakeServer, refusal } from "./support/fake-server.ts";

async function inTea(options: Parameters<typeof liveClient>[0] = {}) {
	const server = new FakeServer();
	const tea = server.room("tea", ["ann", "bob"], 2);
	const bench = await liveClient(options, server);
	return { ...bench, tea, room: roomOf(bench.client) };
}

function roomOf(client: Client): Room {
	const [room] = client.rooms.values();
	if (room === undefined) throw new Error("no room");
	return room;
}

interface Line {
	readonly level: string;
	readonly fields: object;
	readonly message: string;
}

function linesOf() {
	const lines: Line[] = [];
	const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
	return { lines, logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } };
}

describe("an entry", () => {
	test("has its text at hand, wherever it comes from; what is no message has none", async () => {
		const { server, clock, room, tea } = await inTea();
		const heard: (string | undefined)[] = [];
		room.on("entry", ({ text }) => heard.push(text));
		server.say(tea, "bob", "hello");
		server.append(tea, "cat", { case: "joined", value: {} });
		await clock.advance(10);
		expect(heard).toEqual(["hello", undefined]);
		expect(room.timeline.map(({ text }) => text)).toEqual(["hello", undefined]);
		const older = room.loadOlder();
		const page = room.history({ limit: 2 });
		await clock.advance(10);
		await older;
		expect(room.timeline.map(({ text }) => text)).toEqual(["message 1", "message 2", "hello", undefined]);
		expect((await page).entries.map(({ text }) => text)).toEqual(["hello", undefined]);
		const read: (string | undefined)[] = [];
		for await (const { text } of room.entries({ after: 0 })) if (read.push(text) === 4) break;
		expect(read).toEqual(["message 1", "message 2", "hello", undefined]);
	});
});

describe("an event heard once", () => {
	test("is heard once, of client and room, and not at all after its off", async () => {
		const { server, clock, client, room, tea } = await inTea();
		const heard: string[] = [];
		room.once("entry", ({ text }) => heard.push(text ?? ""));
		room.once("entry", () => heard.push("never"))();
		client.once("status", ({ state }) => heard.push(state));
		server.say(tea, "bob", "a");
		server.say(tea, "bob", "b");
		await clock.advance(10);
		server.cut();
		await clock.advance(10);
		expect(heard).toEqual(["a", "waiting"]);
	});
});

describe("drain", () => {
	test("resolves once everything that was said is in the log, and gives what has failed", async () => {
		const { server, clock, client, room } = await inTea();
		expect(await client.drain()).toEqual([]);
		server.react = (command) => {
			if (command.case !== "send") return undefined;
			return command.value.text === "b" ? refusal("forbidden") : command.value.text === "c" ? "silent" : undefined;
		};
		const [, b, c] = ["a", "b", "c"].map((text) => room.send(text));
		let drained: unknown;
		void client.drain().then((failed) => {
			drained = failed;
		});
		await clock.advance(1_000);
		expect(drained).toBeUndefined();
		server.react = () => undefined;
		await clock.advance(TIMING.answerMs);
		expect(c?.status.state).toBe("done");
		expect(drained).toEqual([b]);
		b?.discard();
		expect(await client.drain()).toEqual([]);
	});

	test("waits for what an earlier life has left", async () => {
		const outbox = memoryOutbox();
		const first = await inTea({ outbox });
		first.server.react = (command) => (command.case === "send" ? "silent" : undefined);
		first.room.send("from before");
		await first.clock.settle();
		await first.client.close();
		first.server.react = () => undefined;
		const { client, clock } = startClient({ outbox }, first.server, first.clock);
		const drained = client.drain();
		await clock.advance(100);
		expect(await drained).toEqual([]);
		expect(first.server.texts(first.tea).at(-1)).toBe("from before");
	});

	test("has nothing to wait for while nobody is logged in; what was under way at the log-out is not told as sent", async () => {
		const { server, clock, client, room } = await inTea();
		server.react = (command) => (command.case === "send" ? "silent" : undefined);
		room.send("a");
		const during = failure(client.drain());
		await clock.settle();
		await client.logOut();
		expect(await during).toBeInstanceOf(ClosedError);
		expect(await client.drain()).toEqual([]);
		const nobody = startClient({ credential: undefined as never });
		expect(await nobody.client.drain()).toEqual([]);

		const other = await inTea();
		other.server.react = (command) => (command.case === "send" ? "silent" : undefined);
		other.room.send("a");
		const before = failure(other.client.drain());
		await other.clock.settle();
		void other.client.logIn({ guest: "bob" });
		await other.clock.settle();
		expect(await before).toBeInstanceOf(ClosedError);
		expect(await other.client.drain()).toEqual([]);
	});

	test("ends with its bounds, and with the client; what waits stays", async () => {
		const { server, clock, client, room } = await inTea();
		server.react = (command) => (command.case === "send" ? "silent" : undefined);
		room.send("a");
		const control = new AbortController();
		const errors = [
			failure(client.drain({ timeoutMs: 500 })),
			failure(client.drain({ signal: control.signal })),
			failure(client.drain()),
		];
		await clock.advance(500);
		control.abort();
		await clock.settle();
		expect(client.outbox.length).toBe(1);
		await client.close();
		const names = (await Promise.all(errors)).map((error) => (error as Error).name);
		expect(names).toEqual(["TimeoutError", "AbortedError", "ClosedError"]);
		expect(clock.pending).toBe(0);
	});
});

describe("the statistics of a client", () => {
	for (const codec of ["proto", "json"] as const) {
		test(`count connections, messages and bytes, and tell the round trip and the last error (${codec})`, async () => {
			const { server, clock, client, room, tea } = await inTea({ codec });
			await clock.advance(TIMING.stableMs);
			const before = client.statistics;
			expect(before).toMatchObject({ connections: 1, reconnects: 0, lastError: undefined });
			room.send("äöü");
			server.say(tea, "bob", "hello");
			await clock.advance(10);
			const after = client.statistics;
			expect(after.messagesUp).toBe(before.messagesUp + 1);
			expect(after.messagesDown).toBeGreaterThanOrEqual(before.messagesDown + 3);
			// A cid of 36 characters, and six bytes of text.
			expect(after.bytesUp - before.bytesUp).toBeGreaterThan(42);
			expect(after.bytesUp - before.bytesUp).toBeLessThan(150);
			expect(after.bytesDown).toBeGreaterThan(before.bytesDown);
			server.cut();
			await clock.advance(10);
			expect(client.statistics).toMatchObject({ connections: 2, reconnects: 1, lastError: { name: "TransportError" } });
		});
	}

	test("tell the round trip of a ping at the start of each connection", async () => {
		const server = new FakeServer();
		const pings: number[] = [];
		server.react = (command) => {
			if (command.case !== "ping") return undefined;
			pings.push(command.value.nonce);
			return "silent";
		};
		const { clock, client } = await liveClient({}, server);
		expect(pings.length).toBe(1);
		expect(client.statistics.roundTripMs).toBeUndefined();
		await clock.advance(70);
		server.session.push({ case: "pong", value: { nonce: pings[0] ?? 0 } });
		await clock.settle();
		expect(client.statistics.roundTripMs).toBe(70);
	});
});

describe("a logger", () => {
	test("is told of the connection's life, of problems and of failed sends, in fields and words; never of a text or a token", async () => {
		const { lines, logger } = linesOf();
		const { server, clock, client, room } = await inTea({ logger, credential: { login: { name: "ann", password: "right" } } });
		server.react = (command) => {
			if (command.case === "send") return command.value.text === "secret" ? refusal("forbidden") : "silent";
			return command.case === "ping" ? "silent" : undefined;
		};
		room.send("secret");
		await clock.advance(100);
		room.send("secret, too");
		await clock.advance(TIMING.suspectAfterMs + TIMING.pongMs + 5_000);
		await client.close();
		const said = lines.map(({ level, message }) => `${level}: ${message}`);
		expect(said).toEqual(
			expect.arrayContaining([
				"debug: connecting",
				"info: welcomed",
				"info: connected",
				"warn: a send was refused for good",
				"warn: the connection does not answer; asking",
				"warn: not connected; trying again",
				"info: closed",
			]),
		);
		const refused = lines.find(({ message }) => message === "a send was refused for good");
		expect(refused?.fields).toMatchObject({ room: room.id, code: "forbidden" });
		const everything = lines.map(({ fields }) => Bun.inspect(fields)).join("\n");
		for (const secret of ["secret", "right", "access:", "refresh:"]) expect(everything).not.toContain(secret);
	});
});

describe("a send that can never go out", () => {
	test("is refused at once: after close, and after logOut", async () => {
		const closed = await inTea();
		await closed.client.close();
		expect(() => closed.room.send("a")).toThrow(ClosedError);
		expect(closed.client.outbox).toEqual([]);
		const left = await inTea();
		await left.client.logOut();
		expect(() => left.room.send("a")).toThrow(ClosedError);
	});
});
