import { describe, expect, test } from "bun:test";
import { CLOSES, TIMING } from "@verbatim/protocol";
import { SeededRandom } from "@verbatim/testkit";
import {
	ConnectError,
	memoryTokens,
	RefusedError,
	ServerClosedError,
	TimeoutError,
	type Transport,
	TransportError,
} from "../src/mod.ts";
import { Backoff } from "../src/session/backoff.ts";
import { CLIENT_LIFECYCLE, mustStep } from "../src/session/lifecycle.ts";
import { liveClient, startClient } from "./support/bench.ts";
import { ACCESS_MS, FakeServer, heard, refusal, T0, tokensFor } from "./support/fake-server.ts";

const closeOf = (name: keyof typeof CLOSES) => ({ code: CLOSES[name].code, reason: CLOSES[name].reason });

describe("the life of a client", () => {
	test("every state of the table can be left, and what is not in it is refused", () => {
		for (const steps of Object.values(CLIENT_LIFECYCLE)) expect(Object.keys(steps).length).toBeGreaterThan(0);
		expect(mustStep("connecting", "opened")).toBe("greeting");
		expect(() => mustStep("idle", "welcomed")).toThrow("a client that is idle cannot welcomed");
	});

	test("goes from idle to live, and tells each status once", async () => {
		const { client, statuses, clock } = await liveClient();
		expect(statuses.map(({ state }) => state)).toEqual(["connecting", "live"]);
		expect(client.user?.name).toBe("ann");
		expect(client.status).toEqual({
			state: "live",
			endpoint: "memory://one",
			sinceMs: clock.now(),
			suspect: false,
			behind: false,
		});
	});

	test("stays idle without anybody to be, until somebody logs in", async () => {
		const { client, clock, server } = startClient({ credential: undefined as never });
		await clock.settle();
		expect(client.status.state).toBe("idle");
		expect(server.dialled).toEqual([]);
		const user = client.logIn({ guest: "bob" });
		await clock.settle();
		expect((await user).name).toBe("bob");
	});

	test("ends with close: stopped, no timer left, the server's side closed", async () => {
		const { client, clock, server } = await liveClient();
		await client.close();
		await clock.settle();
		expect(client.status).toEqual({ state: "stopped", why: "closed" });
		expect(server.session.open).toBe(false);
		expect(clock.pending).toBe(0);
		await clock.advance(120_000);
		expect(server.dialled.length).toBe(1);
	});

	test("log out forgets the identity, and the next user sees nothing of the one before", async () => {
		const tokens = memoryTokens();
		const server = new FakeServer();
		server.room("tea", ["ann"], 3);
		const { client, clock } = await liveClient({ tokens }, server);
		expect(client.rooms.size).toBe(1);
		await client.logOut();
		expect(client.status.state).toBe("idle");
		expect(client.rooms.size).toBe(0);
		expect(await tokens.load()).toBeUndefined();
		const next = client.logIn({ guest: "bob" });
		await clock.settle();
		expect((await next).name).toBe("bob");
		expect(client.rooms.size).toBe(0);
	});
});

describe("reconnecting", () => {
	test("waits nothing, then up to 1, 2, 4 … 30 s with full jitter", () => {
		for (let seed = 0; seed < 200; seed++) {
			const backoff = new Backoff(TIMING, new SeededRandom(seed));
			backoff.count();
			const bounds = [0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
			for (const bound of bounds) {
				const delay = backoff.delayMs(0);
				expect(delay).toBeGreaterThanOrEqual(0);
				expect(delay).toBeLessThanOrEqual(bound);
				expect(backoff.delayMs(5_000)).toBeGreaterThanOrEqual(5_000);
				backoff.count();
			}
		}
		const spread = Array.from({ length: 200 }, (_, seed) => {
			const backoff = new Backoff(TIMING, new SeededRandom(seed));
			for (let i = 0; i < 10; i++) backoff.count();
			return backoff.delayMs(0);
		});
		expect(Math.min(...spread)).toBeLessThan(3_000);
		expect(Math.max(...spread)).toBeGreaterThan(27_000);
	});

	test("comes back at once after a stable connection was lost, with its cursors", async () => {
		const server = new FakeServer();
		const tea = server.room("tea", ["ann"], 5);
		const { clock, client } = await liveClient({}, server);
		server.say(tea, "bob", "live");
		await clock.advance(TIMING.stableMs);
		server.cut();
		await clock.advance(0);
		expect(client.status.state).toBe("live");
		expect(heard(server, "hello")[1]?.cursors).toMatchObject([{ room: tea.id, epoch: 1, seq: 6 }]);
	});

	test("backs off while connections break soon after the welcome, and starts anew after a stable one", async () => {
		const { server, clock, client, statuses } = await liveClient();
		for (let i = 0; i < 5; i++) {
			server.cut();
			await clock.advance(30_000 - TIMING.stableMs);
			if (client.status.state !== "live") await clock.advance(30_000);
			server.cut();
			await clock.settle();
		}
		const attempts = statuses.flatMap((status) => (status.state === "connecting" ? [status.attempt] : []));
		expect(Math.max(...attempts)).toBeGreaterThan(1);
		await clock.advance(30_000);
		await clock.advance(TIMING.stableMs);
		statuses.length = 0;
		server.cut();
		await clock.advance(0);
		expect(statuses).toMatchObject([{ state: "waiting", attempt: 1 }, { state: "connecting", attempt: 1 }, { state: "live" }]);
	});

	test("tries the endpoints in turn, and stays with the one that works", async () => {
		const server = new FakeServer();
		server.accepting = ({ hostname }) => hostname === "two";
		const { clock, client } = startClient({ endpoints: ["memory://one", "memory://two", "memory://three"] }, server);
		await clock.advance(0);
		expect(client.status).toMatchObject({ state: "live", endpoint: "memory://two" });
		await clock.advance(TIMING.stableMs);
		server.cut();
		await clock.advance(0);
		expect(server.dialled).toEqual(["memory://one", "memory://two", "memory://two"]);
	});

	test("goes elsewhere when a server drains", async () => {
		const { server, clock, client } = await liveClient({ endpoints: ["memory://one", "memory://two"] });
		await clock.advance(TIMING.stableMs);
		server.session.push({ case: "close", value: { ...closeOf("draining"), reconnect: true, retryAfterMs: 700 } });
		await clock.advance(699);
		expect(client.status).toMatchObject({ state: "waiting" });
		await clock.advance(1);
		expect(client.status).toMatchObject({ state: "live", endpoint: "memory://two" });
	});

	test("gives up after attemptsMax, and says why", async () => {
		const server = new FakeServer();
		server.accepting = () => false;
		const { clock, client } = startClient({ attemptsMax: 4 }, server);
		await clock.advance(600_000);
		expect(server.dialled.length).toBe(4);
		expect(client.status.state).toBe("stopped");
		await expect(client.ready()).rejects.toBeInstanceOf(TransportError);
	});

	test("stops at a close that says do not come back", async () => {
		const { server, clock, client } = await liveClient();
		server.session.push({ case: "close", value: { ...closeOf("banned"), reconnect: false } });
		await clock.advance(60_000);
		expect(client.status).toMatchObject({ state: "stopped", why: { closeName: "banned" } });
		expect(server.dialled.length).toBe(1);
	});

	test("a close code alone is enough, without the message", async () => {
		const { server, clock, client } = await liveClient();
		server.cut(closeOf("too_large"));
		await clock.settle();
		expect(client.status).toMatchObject({ state: "stopped", why: expect.any(ServerClosedError) });
	});

	test("gives an attempt connectMs, whether the transport or the hello hangs", async () => {
		const server = new FakeServer();
		server.react = (command) => (command.case === "hello" ? "silent" : undefined);
		const { clock, client, statuses } = startClient({}, server);
		await clock.advance(TIMING.connectMs);
		expect(statuses).toContainEqual({
			state: "waiting",
			attempt: 2,
			retryAtMs: expect.any(Number),
			why: expect.any(TimeoutError),
		});
		server.react = () => undefined;
		await clock.advance(60_000);
		expect(client.status.state).toBe("live");
	});

	test("a hint that the network is back connects at once, unless the server asked to wait", async () => {
		const server = new FakeServer();
		const { clock, client } = await liveClient({}, server);
		server.accepting = () => false;
		server.cut();
		await clock.advance(20_000);
		expect(client.status.state).toBe("waiting");
		server.accepting = () => true;
		globalThis.dispatchEvent(new Event("online"));
		await clock.settle();
		expect(client.status.state).toBe("live");
		server.session.push({ case: "close", value: { ...closeOf("busy"), reconnect: true, retryAfterMs: 5_000 } });
		await clock.settle();
		globalThis.dispatchEvent(new Event("online"));
		await clock.advance(1_000);
		expect(client.status.state).toBe("waiting");
		client.reconnect();
		await clock.settle();
		expect(client.status.state).toBe("live");
		await client.close();
	});

	test("a server that has no room is asked again when it said, not before", async () => {
		const full: Transport = {
			schemes: ["ws"],
			open(_endpoint, _codec, events) {
				const cause = new ConnectError("unavailable", "chat.example", "HTTP 503", { status: 503, retryAfterMs: 7_000 });
				queueMicrotask(() => events.closed({ cause }));
				return { send() {}, bufferedBytes: () => 0, close() {}, abandon() {} };
			},
		};
		const { clock, client, statuses } = startClient({ endpoints: "ws://chat.example", transports: [full] });
		await clock.advance(6_900);
		globalThis.dispatchEvent(new Event("online"));
		await clock.advance(50);
		expect(statuses.filter(({ state }) => state === "connecting").length).toBe(1);
		expect(client.status).toMatchObject({ state: "waiting", why: { reason: "unavailable", retryAfterMs: 7_000 } });
		await clock.advance(50);
		expect(statuses.filter(({ state }) => state === "connecting").length).toBe(2);
		await client.close();
	});
});

describe("the heartbeat", () => {
	test("one silent interval makes the connection suspect and asks; any answer heals it", async () => {
		const { server, clock, client } = await liveClient();
		await clock.advance(30_000 + 5_000 + 100);
		expect(client.status).toMatchObject({ state: "live", suspect: false });
		const pongless = await liveClient();
		pongless.server.react = (command) => (command.case === "ping" ? "silent" : undefined);
		await pongless.clock.advance(2 * 35_000);
		expect(pongless.client.status).toMatchObject({ state: "live", suspect: true });
		pongless.server.session.push({ case: "behind", value: { behind: false } });
		await pongless.clock.settle();
		expect(pongless.client.status).toMatchObject({ state: "live", suspect: false });
		expect(server.dialled.length).toBe(1);
	});

	test("three silent intervals are the end; the client comes back", async () => {
		const { server, clock, client, statuses } = await liveClient();
		await clock.advance(35_000);
		server.react = (command) => (command.case === "ping" ? "silent" : undefined);
		await clock.advance(3 * 35_000 + 1);
		expect(statuses.map(({ state }) => state)).toContain("waiting");
		await clock.advance(60_000);
		expect(server.dialled.length).toBe(2);
		expect(client.status.state).toBe("live");
	});

	test("silences with a sign of life between them do not add up", async () => {
		const { server, clock, client } = await liveClient();
		server.react = (command) => (command.case === "ping" ? "silent" : undefined);
		for (let i = 0; i < 4; i++) {
			await clock.advance(2 * 35_000);
			server.session.push({ case: "behind", value: { behind: false } });
			await clock.advance(1_000);
		}
		expect(client.status).toMatchObject({ state: "live", suspect: false });
		expect(server.dialled.length).toBe(1);
	});

	test("answers the server's pings with their nonce, and takes over their interval", async () => {
		const { server, clock, client } = await liveClient();
		const pongs: number[] = [];
		server.react = (command) => {
			if (command.case === "pong") pongs.push(command.value.nonce);
			return command.case === "ping" ? "silent" : undefined;
		};
		server.session.push({ case: "ping", value: { nonce: 77, intervalMs: 4_000 } });
		await clock.settle();
		expect(pongs).toEqual([77]);
		await clock.advance(2 * 5_000);
		expect(client.status).toMatchObject({ suspect: true });
	});
});

describe("identity", () => {
	test("tokens of the welcome are kept, and used for the next connection and the next start", async () => {
		const tokens = memoryTokens();
		const { server, clock, client } = await liveClient({ tokens });
		expect((await tokens.load())?.user.name).toBe("ann");
		await clock.advance(TIMING.stableMs);
		server.cut();
		await clock.advance(0);
		expect(heard(server, "hello").map(({ credential }) => credential.case)).toEqual(["guest", "token"]);
		await client.close();
		const again = await liveClient({ tokens, credential: undefined as never }, server, clock);
		expect(again.client.user?.name).toBe("ann");
		expect(heard(server, "hello")[2]?.credential.case).toBe("token");
	});

	test("an access token that has run out is renewed by the refresh token, in the same hello", async () => {
		const tokens = memoryTokens();
		await tokens.save({ user: { id: "u_ann", name: "ann" }, tokens: tokensFor("ann", T0 - 2 * ACCESS_MS) });
		const { server } = await liveClient({ tokens, credential: undefined as never });
		expect(heard(server, "hello").map(({ credential }) => credential.case)).toEqual(["refresh"]);
		expect((await tokens.load())?.tokens.accessExpiresMs).toBe(T0 + ACCESS_MS);
	});

	test("a wrong clock here costs a round trip, no log-in: what the server finds expired is refreshed on the same connection", async () => {
		const tokens = memoryTokens();
		await tokens.save({
			user: { id: "u_ann", name: "ann" },
			tokens: { ...tokensFor("ann", T0 - 2 * ACCESS_MS), accessExpiresMs: T0 + ACCESS_MS },
		});
		const { server, client } = await liveClient({ tokens, credential: undefined as never });
		expect(heard(server, "hello").map(({ credential }) => credential.case)).toEqual(["token", "refresh"]);
		expect(server.dialled.length).toBe(1);
		expect(client.user?.name).toBe("ann");
	});

	test("a connection closed as expired comes back by refreshing", async () => {
		const { server, clock, client } = await liveClient();
		server.react = (command) => (command.case === "refresh" ? refusal("unavailable") : undefined);
		await clock.advance(ACCESS_MS);
		server.session.push({ case: "close", value: { ...closeOf("expired"), reconnect: true } });
		await clock.advance(0);
		expect(client.status.state).toBe("live");
		expect(heard(server, "hello").at(-1)?.credential.case).toBe("refresh");
	});

	test("tokens are renewed in time while the connection lives", async () => {
		const { server, clock, client } = await liveClient();
		const fresh: number[] = [];
		client.on("tokens", ({ accessExpiresMs }) => fresh.push(accessExpiresMs));
		await clock.advance(ACCESS_MS);
		expect(heard(server, "refresh").length).toBe(1);
		expect(fresh).toEqual([T0 + 0.8 * ACCESS_MS + ACCESS_MS]);
		expect(server.dialled.length).toBe(1);
	});

	test("a refresh token that another tab has renewed is not used again: not while live, and not to come back", async () => {
		const tokens = memoryTokens();
		const { server, clock } = await liveClient({ tokens });
		const byAnotherTab = { user: { id: "u_ann", name: "ann" }, tokens: tokensFor("ann", T0 + 1_000) };
		await tokens.save(byAnotherTab);
		await clock.advance(ACCESS_MS);
		expect(heard(server, "refresh").map(({ refreshToken }) => refreshToken)).toEqual([byAnotherTab.tokens.refresh]);
		const later = { user: byAnotherTab.user, tokens: tokensFor("ann", clock.now()) };
		await tokens.save({ ...later, tokens: { ...later.tokens, accessExpiresMs: 0 } });
		server.cut();
		await clock.advance(0);
		expect(heard(server, "hello").at(-1)?.credential).toMatchObject({ case: "refresh", value: later.tokens.refresh });
		await tokens.save({ user: { id: "u_bob", name: "bob" }, tokens: tokensFor("bob", clock.now() + 1_000) });
		server.cut();
		await clock.advance(TIMING.reconnectMinMs);
		expect(heard(server, "hello").at(-1)?.credential.value).toStartWith("access:ann:");
	});

	test("a renewal whose answer was lost is repeated as soon as the client is back", async () => {
		const { server, clock } = await liveClient();
		server.react = (command) => (command.case === "refresh" ? "silent" : undefined);
		await clock.advance(0.8 * ACCESS_MS);
		expect(heard(server, "refresh").length).toBe(1);
		server.react = () => undefined;
		server.cut();
		await clock.advance(1_000);
		const refreshes = heard(server, "refresh").map(({ refreshToken }) => refreshToken);
		expect(refreshes.length).toBe(2);
		expect(new Set(refreshes).size).toBe(1);
	});

	test("a refused credential stops the client with the refusal; logIn starts it again", async () => {
		const { server, clock, client, statuses } = startClient({ credential: { login: { name: "ann", password: "wrong" } } });
		await clock.advance(60_000);
		expect(client.status).toMatchObject({ state: "stopped", why: { code: "credentials_wrong" } });
		expect(server.dialled.length).toBe(1);
		await expect(client.ready()).rejects.toBeInstanceOf(RefusedError);
		const user = client.logIn({ login: { name: "ann", password: "right" } });
		await clock.settle();
		expect((await user).name).toBe("ann");
		expect(statuses.at(-1)?.state).toBe("live");
	});

	test("a passing refusal is waited out as long as the server says", async () => {
		const server = new FakeServer();
		server.react = (command) => (command.case === "hello" ? refusal("busy", 3_000) : undefined);
		const { clock, client } = startClient({}, server);
		await clock.advance(2_999);
		expect(client.status).toMatchObject({ state: "waiting", why: { code: "busy" } });
		expect(server.dialled.length).toBe(1);
		server.react = () => undefined;
		await clock.advance(1);
		expect(client.status.state).toBe("live");
	});

	test("what was registered once is logged in the next time", async () => {
		const { server, clock } = await liveClient({ credential: { register: { name: "ann", password: "right" } } });
		await clock.advance(TIMING.stableMs);
		server.react = (command) =>
			command.case === "hello" && (command.value.credential.case === "token" || command.value.credential.case === "refresh")
				? refusal("token_invalid")
				: undefined;
		server.cut();
		await clock.advance(0);
		expect(heard(server, "hello").at(-1)?.credential.case).toBe("login");
	});

	test("a registration whose answer was lost is no reason to be locked out; a name that is another's stays so", async () => {
		const server = new FakeServer();
		server.react = (command, session) => {
			if (command.case !== "hello" || command.value.credential.case !== "register") return undefined;
			server.react = (again) =>
				again.case === "hello" && again.value.credential.case === "register" ? refusal("name_taken") : undefined;
			session.peer.close();
			return "silent";
		};
		const { clock, client } = startClient({ credential: { register: { name: "ann", password: "right" } } }, server);
		await clock.advance(5_000);
		expect(client.user?.name).toBe("ann");
		expect(heard(server, "hello").map(({ credential }) => credential.case)).toEqual(["register", "register", "login"]);

		const taken = new FakeServer();
		taken.react = (command) => (command.case === "hello" ? refusal("name_taken") : undefined);
		const other = startClient({ credential: { register: { name: "bob", password: "mine" } } }, taken);
		await other.clock.advance(5_000);
		expect(heard(taken, "hello").length).toBe(1);
		expect(other.client.status).toMatchObject({ state: "stopped", why: { code: "name_taken" } });
	});

	test("a function is asked for a fresh credential when its last one has run out, and only then", async () => {
		let asked = 0;
		const server = new FakeServer();
		const { clock, client } = await liveClient(
			{
				credential: async () => {
					asked++;
					return { token: `access:ann:${server.now() + ACCESS_MS}` };
				},
			},
			server,
		);
		await clock.advance(TIMING.stableMs);
		server.cut();
		await clock.advance(0);
		expect([asked, client.status.state]).toEqual([1, "live"]);
		await clock.advance(ACCESS_MS);
		server.cut();
		await clock.advance(0);
		expect([asked, client.status.state]).toEqual([2, "live"]);
	});

	test("kept tokens of another name are not used for the name that is given", async () => {
		const tokens = memoryTokens();
		await tokens.save({ user: { id: "u_ann", name: "ann" }, tokens: tokensFor("ann", T0) });
		const { client } = await liveClient({ tokens, credential: { guest: "bob" } });
		expect(client.user?.name).toBe("bob");
	});

	test("a token store that fails costs nothing but the memory", async () => {
		const broken = { load: () => Promise.reject(new Error("no disk")), save: () => Promise.reject(new Error("no disk")) };
		const { client, problems } = await liveClient({ tokens: broken });
		expect(client.user?.name).toBe("ann");
		expect(problems.map(({ message }) => message)).toContain("the kept identity could not be read");
	});
});

test("a welcome that got lost is noticed by what is pushed after it, and nothing of that is shown to nobody in particular", async () => {
	const server = new FakeServer();
	const room = server.room("tea", ["ann"]);
	server.react = (command, session) => {
		if (command.case === "hello" && server.sessions.length === 1) session.passes = ({ body }) => body.case !== "welcome";
		return undefined;
	};
	const bench = startClient({}, server);
	await bench.clock.settle();
	expect(bench.client.status.state).toBe("connecting");
	server.session.push({ case: "roomAdded", value: { room: server.info(room, "ann") } });
	await bench.clock.settle();
	expect(bench.client.rooms.size).toBe(0);
	await bench.clock.advance(100);
	expect(bench.client.status.state).toBe("live");
	expect([...bench.client.rooms.values()].map(({ title }) => title)).toEqual(["#tea"]);
});

describe("a command without an answer", () => {
	const FAST = TIMING.suspectAfterMs + TIMING.pongMs;
	/** A server that has stopped: it takes everything and answers nothing, not even pings. */
	const stopped = (server: FakeServer): void => {
		server.react = (_command, session) => (session === server.sessions[0] ? "silent" : undefined);
	};

	test("makes the connection suspect after three seconds, and another one takes over five later, with the send", async () => {
		const server = new FakeServer();
		const tea = server.room("tea", ["ann"]);
		const { clock, client } = await liveClient({}, server);
		await clock.advance(TIMING.stableMs);
		stopped(server);
		const delivery = client.rooms.get(tea.id)?.send("hello");
		await clock.advance(TIMING.suspectAfterMs - 1);
		expect(client.status).toMatchObject({ state: "live", suspect: false });
		await clock.advance(1);
		expect(client.status).toMatchObject({ state: "live", suspect: true });
		await clock.advance(TIMING.pongMs);
		expect(client.status).toMatchObject({ state: "live", suspect: false });
		expect(server.dialled.length).toBe(2);
		expect(delivery?.status.state).toBe("done");
		expect(server.texts(tea)).toEqual(["hello"]);
		expect(heard(server, "send").map(({ cid }) => cid)).toEqual([delivery?.cid, delivery?.cid] as string[]);
	});

	test("whatever it is: a question that may be repeated is asked again on the new connection", async () => {
		const { server, clock, client } = await liveClient();
		await clock.advance(TIMING.stableMs);
		stopped(server);
		const rooms = client.listRooms();
		await clock.advance(FAST);
		expect(await rooms).toEqual([]);
		expect(server.dialled.length).toBe(2);
	});

	test("costs no connection where the server is only slow: the ping is answered, again and again", async () => {
		const { server, clock, client, statuses } = await liveClient();
		server.react = (command) => (command.case === "rooms" ? "silent" : undefined);
		const rooms = client.listRooms({ timeoutMs: 9_000 }).catch((error: unknown) => error);
		await clock.advance(9_000);
		expect(await rooms).toBeInstanceOf(TimeoutError);
		expect(server.dialled.length).toBe(1);
		expect(statuses.filter((status) => status.state === "live" && status.suspect).length).toBe(2);
		expect(client.status).toMatchObject({ suspect: false });
	});

	test("is waited for twice as long on the next connection, where a slow link may be the cause", async () => {
		const { server, clock, client } = await liveClient();
		await clock.advance(TIMING.stableMs);
		server.react = (command) => (command.case === "ping" || command.case === "rooms" ? "silent" : undefined);
		const rooms = client.listRooms({ timeoutMs: 60_000 }).catch((error: unknown) => error);
		await clock.advance(FAST);
		expect(server.dialled.length).toBe(2);
		await clock.advance(FAST);
		expect(server.dialled.length).toBe(2);
		await clock.advance(TIMING.pongMs + 1_000);
		expect(server.dialled.length).toBe(3);
		await client.close();
		expect(await rooms).toBeInstanceOf(Error);
		expect(clock.pending).toBe(0);
	});
});

describe("a program that says: try now", () => {
	test("gets an answer soon on a live connection that is dead", async () => {
		const { server, clock, client } = await liveClient();
		await clock.advance(TIMING.stableMs);
		server.react = (command, session) => (session === server.sessions[0] && command.case === "ping" ? "silent" : undefined);
		client.reconnect();
		await clock.advance(TIMING.pongMs);
		expect(server.dialled.length).toBe(2);
		expect(client.status.state).toBe("live");
	});

	test("ends an attempt that hangs, but none that has just begun", async () => {
		const server = new FakeServer();
		server.react = (command) => (command.case === "hello" && server.sessions.length === 1 ? "silent" : undefined);
		const { clock, client } = startClient({}, server);
		await clock.advance(1_000);
		client.reconnect();
		await clock.advance(1_000);
		expect(server.dialled.length).toBe(1);
		await clock.advance(TIMING.suspectAfterMs);
		client.reconnect();
		await clock.settle();
		expect(client.status.state).toBe("live");
		expect(server.dialled.length).toBe(2);
	});

	test("has sends that were put off tried at once", async () => {
		const server = new FakeServer();
		const tea = server.room("tea", ["ann"]);
		const { clock, client } = await liveClient({}, server);
		server.react = (command) => (command.case === "send" ? refusal("busy", 60_000) : undefined);
		const delivery = client.rooms.get(tea.id)?.send("hello");
		await clock.advance(100);
		server.react = () => undefined;
		await clock.advance(1_000);
		expect(delivery?.status.state).toBe("waiting");
		client.reconnect();
		await clock.settle();
		expect(delivery?.status.state).toBe("done");
	});
});
