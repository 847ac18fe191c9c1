import { describe, expect, test } from "bun:test";
import { TIMING } from "@verbatim/protocol";
import { connect, RefusedError, VerbatimError } from "../src/mod.ts";
import { failure, liveClient, startClient } from "./support/bench.ts";
import { FakeServer, heard, refusal } from "./support/fake-server.ts";

describe("a call", () => {
	test("waits for the connection, within its time", async () => {
		const server = new FakeServer();
		server.accepting = () => false;
		const { client, clock } = startClient({}, server);
		const joining = client.join("#tea", { create: true });
		const hasty = failure(client.join("#cake", { timeoutMs: 500 }));
		await clock.advance(500);
		expect(await hasty).toMatchObject({ name: "TimeoutError", timeoutMs: 500 });
		server.accepting = () => true;
		await clock.advance(9_000);
		expect((await joining).title).toBe("#tea");
		expect(heard(server, "join").map(({ room }) => room)).toEqual(["#tea"]);
	});

	test("without an answer ends after answerMs, or its own time-out", async () => {
		const { server, client, clock } = await liveClient();
		server.react = () => "silent";
		const errors = [failure(client.listRooms()), failure(client.listRooms({ timeoutMs: 50 }))];
		await clock.advance(50);
		expect(await errors[1]).toMatchObject({ name: "TimeoutError", timeoutMs: 50 });
		await clock.advance(TIMING.answerMs);
		expect(await errors[0]).toMatchObject({ name: "TimeoutError", timeoutMs: TIMING.answerMs });
	});

	test("ends by its signal, also one that was aborted before", async () => {
		const { server, client, clock } = await liveClient();
		server.react = () => "silent";
		const control = new AbortController();
		const error = failure(client.listRooms({ signal: control.signal }));
		control.abort("enough");
		expect(await error).toMatchObject({ name: "AbortedError", cause: "enough" });
		expect(await failure(client.join("#x", { signal: AbortSignal.abort() }))).toMatchObject({ name: "AbortedError" });
		await clock.settle();
		expect(heard(server, "join")).toEqual([]);
	});

	test("that was refused says code, advice and words", async () => {
		const { server, client, clock } = await liveClient();
		server.react = (command) => (command.case === "create" ? refusal("rate_limited", 1_234) : undefined);
		const error = failure(client.create("tea", { timeoutMs: 1_000 }));
		await clock.settle();
		expect(await error).toBeInstanceOf(RefusedError);
		expect(await error).toBeInstanceOf(VerbatimError);
		expect(await error).toMatchObject({ code: "rate_limited", retry: true, retryAfterMs: 1_234, message: "slow down" });
	});

	for (const code of ["rate_limited", "busy"] as const) {
		test(`that is refused as ${code} waits as long as the server says, and is made again`, async () => {
			const { server, client, clock } = await liveClient();
			server.room("tea", ["ann"], 60);
			server.cut();
			await clock.advance(10);
			const tea = client.rooms.get("r_tea");
			const calls: Readonly<Record<string, () => Promise<unknown>>> = {
				join: () => client.join("#cake", { create: true }),
				create: () => client.create("milk"),
				rooms: () => client.listRooms(),
				who: () => client.hasRoom("tea"),
				history: () => tea?.loadOlder() ?? Promise.reject(new Error("not in the room")),
			};
			for (const [kind, call] of Object.entries(calls)) {
				let refusals = 0;
				server.react = (command) => {
					if (command.case !== kind || refusals === 2) return undefined;
					refusals++;
					return refusal(code, 100);
				};
				const done = call();
				await clock.advance(300);
				await done;
				expect({ kind, refusals }).toEqual({ kind, refusals: 2 });
			}
		});
	}

	test("whose time ends while it is refused rejects with the refusal; at once, where the server says that it would", async () => {
		const { server, client, clock } = await liveClient();
		let refusals = 0;
		server.react = (command) => {
			if (command.case !== "join") return undefined;
			refusals++;
			return refusal("rate_limited", 400);
		};
		const error = failure(client.join("#tea"));
		await clock.advance(TIMING.answerMs);
		expect(await error).toMatchObject({ name: "RefusedError", code: "rate_limited" });
		expect(refusals).toBeGreaterThan(10);
		server.react = (command) => (command.case === "join" ? refusal("rate_limited", 60_000) : undefined);
		const later = failure(client.join("#tea"));
		await clock.settle();
		expect(await later).toMatchObject({ code: "rate_limited", retryAfterMs: 60_000 });
	});

	test("for the next members ends so too; another one that has more time, and shares its request, goes on", async () => {
		const { server, client, clock } = await liveClient();
		server.room("tea", ["ann"], 3);
		server.cut();
		await clock.advance(10);
		const tea = client.rooms.get("r_tea");
		let refused = true;
		server.react = (command) => (command.case === "who" && refused ? refusal("rate_limited", 400) : undefined);
		const first = failure(tea?.loadMembers(10) ?? Promise.resolve());
		const second = tea?.loadMembers(10, { timeoutMs: 60_000 });
		await clock.advance(TIMING.answerMs);
		expect(await first).toMatchObject({ name: "RefusedError", code: "rate_limited" });
		refused = false;
		await clock.advance(TIMING.answerMs);
		expect(await second).toBe(1);
	});

	test("that is refused goes before the reading of its own client, which goes on afterwards", async () => {
		const { server, client, clock } = await liveClient();
		const tea = server.room("tea", ["ann"], 2_000);
		server.pageMax = 10;
		// An allowance of one page in 100 ms: an iteration by itself takes all of it.
		let freeAtMs = 0;
		server.react = (command) => {
			if (command.case !== "history" && command.case !== "who") return undefined;
			const leftMs = freeAtMs - clock.monotonic();
			if (leftMs > 0) return refusal("rate_limited", Math.ceil(leftMs));
			freeAtMs = clock.monotonic() + 100;
			return undefined;
		};
		server.cut();
		await clock.advance(10);
		let read = 0;
		const stop = new AbortController();
		const reading = [1, 2, 3].map(async () => {
			for await (const _ of client.rooms.get(tea.id)?.entries({ after: 0, signal: stop.signal }) ?? []) read++;
		});
		await clock.advance(1_000);
		for (let i = 0; i < 5; i++) {
			const asked = client.hasRoom("tea", { timeoutMs: 400 });
			await clock.advance(400);
			await asked;
		}
		const before = read;
		expect(before).toBeGreaterThan(0);
		await clock.advance(1_000);
		expect(read).toBeGreaterThan(before);
		stop.abort();
		await Promise.all(reading);
	});

	test("that may be repeated outlives the loss of its connection; one that may not says so", async () => {
		const { server, client, clock } = await liveClient();
		await clock.advance(TIMING.stableMs);
		server.react = (command, session) => {
			if (command.case !== "join" && command.case !== "create") return undefined;
			server.react = () => undefined;
			queueMicrotask(() => session.peer.close());
			return "silent";
		};
		const joining = client.join("#tea", { create: true });
		await clock.advance(10);
		expect((await joining).title).toBe("#tea");
		server.react = (command, session) => {
			if (command.case !== "create") return undefined;
			session.peer.close();
			return "silent";
		};
		const error = failure(client.create("cake"));
		await clock.advance(10);
		expect(await error).toMatchObject({ name: "DisconnectedError" });
	});

	test("that may be repeated outlives the loss of its frame too, as long as its time lasts", async () => {
		const { server, client, clock } = await liveClient();
		let lost = 0;
		server.react = (command) => (command.case === "join" && lost++ < 2 ? "silent" : undefined);
		const joining = client.join("#tea", { create: true, timeoutMs: 60_000 });
		await clock.advance(2 * TIMING.answerMs);
		expect((await joining).title).toBe("#tea");
		expect(server.dialled.length).toBe(1);
	});

	test("given up too early leaves no hole: a join that is answered late is taken all the same", async () => {
		const { server, client, clock } = await liveClient();
		const tea = server.room("tea", [], 3);
		let answer = (): void => {};
		server.react = (command, session, up) => {
			if (command.case !== "join") return undefined;
			answer = () => {
				tea.members.add("ann");
				server.append(tea, "ann", { case: "joined", value: {} });
				session.sentTo.set(tea.id, 4);
				session.push({ case: "joined", value: { room: server.info(tea, "ann"), page: server.newest(tea, 10) } }, up.id);
			};
			return "silent";
		};
		const error = failure(client.join("#tea", { timeoutMs: 100 }));
		await clock.advance(100);
		expect(await error).toMatchObject({ name: "TimeoutError" });
		answer();
		server.say(tea, "bob", "five");
		await clock.settle();
		expect(client.rooms.get(tea.id)?.timeline.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
		expect(server.dialled.length).toBe(1);
	});

	test("after close is refused at once, before any connection too", async () => {
		const { client } = await liveClient();
		const waiting = failure(client.join("#tea"));
		await client.close();
		expect(await waiting).toBeInstanceOf(VerbatimError);
		expect(await failure(client.listRooms())).toMatchObject({ name: "ClosedError" });
		expect(await failure(client.ready())).toMatchObject({ name: "ClosedError" });
		expect(await failure(client.logIn({ guest: "x" }))).toMatchObject({ name: "ClosedError" });
	});

	test("with text that no wire carries is refused as the server would", async () => {
		const { client, clock } = await liveClient();
		const error = failure(client.join("#\ud800"));
		await clock.settle();
		expect(await error).toMatchObject({ name: "RefusedError", code: "bad_utf8" });
	});

	test("ready resolves with the user, every time", async () => {
		const { client } = await liveClient();
		expect((await client.ready()).name).toBe("ann");
	});
});

describe("connect", () => {
	test("refuses what is no URL, and none at all", () => {
		expect(() => connect({ endpoints: "nonsense" })).toThrow(TypeError);
		expect(() => connect({ endpoints: [] })).toThrow(TypeError);
	});
});
