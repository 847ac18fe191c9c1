// Several programs or tabs with one token store: they are one user, and none takes from the store what another has put there.
import { describe, expect, test } from "bun:test";
import type { Up } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { memoryTokens, type StoredIdentity, type TokenStore } from "../src/mod.ts";
import { type Bench, startClient } from "./support/bench.ts";
import { FakeServer, heard, type Reaction, refusal, T0, tokensFor } from "./support/fake-server.ts";

/** A server that makes guests and knows its tokens, until its data is new. */
class GuestServer extends FakeServer {
	/** Ids by name. */
	guests = new Map<string, string>();
	private made = 0;
	/** How long tokens are good for; default: as the fake server's. */
	tokensLifeMs: number | undefined;
	readonly down = { now: false };

	constructor() {
		super();
		this.accepting = () => !this.down.now;
		this.react = (command, session) => (command.case === "hello" ? this.greet(command.value, session) : undefined);
	}

	beginAnew(): void {
		this.guests = new Map();
		this.cut();
	}

	private greet(
		{ credential }: Extract<Up["command"], { case: "hello" }>["value"],
		session: { user: string | undefined },
	): Reaction {
		let id: string | undefined;
		if (credential.case === "guest") {
			const { name } = credential.value;
			if (this.guests.has(name)) return refusal("name_taken");
			id = `u_${++this.made}`;
			this.guests.set(name, id);
		} else if (credential.case === "token" || credential.case === "refresh") id = credential.value.split(":")[1];
		const name = [...this.guests].find(([, known]) => known === id)?.[0];
		if (id === undefined || name === undefined) return refusal("token_invalid");
		session.user = name;
		const expiresMs = this.tokensLifeMs === undefined ? undefined : this.now() + this.tokensLifeMs;
		const life = expiresMs === undefined ? {} : { accessExpiresMs: expiresMs, refreshExpiresMs: expiresMs };
		const tokens = credential.case === "token" ? {} : { tokens: { ...tokensFor(id, this.now()), ...life } };
		return { case: "welcome", value: { session: "s", user: { id, name }, heartbeatMs: 30_000, nowMs: this.now(), ...tokens } };
	}
}

/** Several take it one after the other; `granted` and `held` say how it went. */
class Locked implements TokenStore {
	readonly inner = memoryTokens();
	held = 0;
	granted = 0;
	signals: (AbortSignal | undefined)[] = [];
	private last: Promise<void> = Promise.resolve();
	readonly load = () => this.inner.load();
	readonly save = (identity: StoredIdentity | undefined) => this.inner.save(identity);

	async lock(signal?: AbortSignal): Promise<() => Promise<void>> {
		this.signals.push(signal);
		const before = this.last;
		let free = (): void => {};
		this.last = new Promise((resolve) => {
			free = resolve;
		});
		await before;
		this.held++;
		this.granted++;
		return async () => {
			this.held--;
			free();
		};
	}
}

async function two(tokens: TokenStore, server: GuestServer, credential: object = { credential: { guest: "ann" } }) {
	const clock = new VirtualClock(T0);
	const a = startClient({ tokens, ...credential }, server, clock);
	await clock.settle();
	const b = startClient({ tokens, ...credential }, server, clock);
	await clock.settle();
	return { a, b, clock };
}

const idOf = ({ client }: Bench): string | undefined => (client.status.state === "live" ? client.user?.id : client.status.state);

describe("programs that share a token store", () => {
	for (const kind of ["with a lock", "without"] as const) {
		test(`${kind}: become the one identity that the first of them makes, when theirs is refused`, async () => {
			const server = new GuestServer();
			const tokens = kind === "without" ? memoryTokens() : new Locked();
			const { a, b, clock } = await two(tokens, server);
			expect([idOf(a), idOf(b)]).toEqual(["u_1", "u_1"]);
			server.down.now = true;
			server.beginAnew();
			await clock.advance(10);
			server.down.now = false;
			a.client.reconnect();
			await clock.settle();
			expect(idOf(a)).toBe("u_2");
			b.client.reconnect();
			await clock.settle();
			expect([idOf(a), idOf(b)]).toEqual(["u_2", "u_2"]);
			expect((await tokens.load())?.user.id).toBe("u_2");
			expect(heard(server, "hello").filter(({ credential }) => credential.case === "guest").length).toBe(2);
		});
	}

	test("become one also when they come back in the same moment", async () => {
		const server = new GuestServer();
		const tokens = new Locked();
		const { a, b, clock } = await two(tokens, server);
		server.beginAnew();
		await clock.advance(60_000);
		expect([idOf(a), idOf(b)]).toEqual(["u_2", "u_2"]);
		expect((await tokens.load())?.user.id).toBe("u_2");
		expect(tokens.held).toBe(0);
	});

	test("become one after a sleep in which tokens and guest have run out", async () => {
		const server = new GuestServer();
		server.tokensLifeMs = 60_000;
		const { a, b, clock } = await two(new Locked(), server);
		server.down.now = true;
		server.beginAnew();
		await clock.advance(60_000);
		server.down.now = false;
		a.client.reconnect();
		await clock.settle();
		b.client.reconnect();
		await clock.settle();
		expect([idOf(a), idOf(b)]).toEqual(["u_2", "u_2"]);
	});

	test("without a credential of their own: follow the one that has logged in again under the same name", async () => {
		const server = new GuestServer();
		const tokens = new Locked();
		await tokens.save({ user: { id: "u_0", name: "ann" }, tokens: tokensFor("u_0", T0) });
		server.guests.set("ann", "u_0");
		const { a, b, clock } = await two(tokens, server, { credential: undefined });
		expect([idOf(a), idOf(b)]).toEqual(["u_0", "u_0"]);
		server.down.now = true;
		server.beginAnew();
		await clock.advance(10);
		server.down.now = false;
		void a.client.logIn({ guest: "ann" });
		await clock.settle();
		b.client.reconnect();
		await clock.settle();
		expect([idOf(a), idOf(b)]).toEqual(["u_1", "u_1"]);
	});

	test("do not become somebody of another name, and leave what is there of it", async () => {
		const server = new GuestServer();
		const tokens = new Locked();
		await tokens.save({ user: { id: "u_0", name: "ann" }, tokens: tokensFor("u_0", T0) });
		server.guests.set("ann", "u_0");
		const { a, b, clock } = await two(tokens, server, { credential: undefined });
		server.down.now = true;
		server.beginAnew();
		await clock.advance(10);
		server.down.now = false;
		void a.client.logIn({ guest: "bob" });
		await clock.settle();
		b.client.reconnect();
		await clock.settle();
		expect([idOf(a), idOf(b)]).toEqual(["u_1", "stopped"]);
		expect((await tokens.load())?.user.name).toBe("bob");
		expect(tokens.held).toBe(0);
	});

	test("remove what was refused, if nobody has put anything in its place", async () => {
		const server = new GuestServer();
		const tokens = new Locked();
		await tokens.save({ user: { id: "u_0", name: "ann" }, tokens: tokensFor("u_0", T0) });
		const { a, b } = await two(tokens, server, { credential: undefined });
		expect([idOf(a), idOf(b)]).toEqual(["stopped", "idle"]);
		expect(await tokens.load()).toBeUndefined();
	});

	test("where no lock holds: one that finds its name taken looks whether it was the other that took it", async () => {
		const server = new GuestServer();
		const tokens = memoryTokens();
		// Made between this one's look into the store and its hello.
		const react = server.react;
		server.react = (command, session, up) => {
			const makes = command.case === "hello" && command.value.credential.case === "guest" && !server.guests.has("ann");
			if (makes) {
				server.guests.set("ann", "u_0");
				void tokens.save({ user: { id: "u_0", name: "ann" }, tokens: tokensFor("u_0", server.now()) });
			}
			return react(command, session, up);
		};
		const bench = startClient({ tokens, credential: { guest: "ann" } }, server);
		await bench.clock.settle();
		expect(idOf(bench)).toBe("u_0");
	});
});

describe("the lock of a token store", () => {
	test("that is granted to an attempt that is over is given back, and the next attempt has its turn", async () => {
		const server = new GuestServer();
		const tokens = new Locked();
		const release = await tokens.lock();
		const { client, clock } = startClient({ tokens, credential: { guest: "ann" } }, server);
		// The second attempt or the third is under way, and each waits.
		await clock.advance(25_000);
		expect(tokens.signals.length).toBeGreaterThan(2);
		expect(tokens.signals.slice(1, -1).every((signal) => signal?.aborted)).toBe(true);
		await release();
		await clock.settle();
		expect(client.status.state).toBe("live");
		expect(tokens.held).toBe(0);
		expect(tokens.granted).toBe(tokens.signals.length);
	});

	test("is given back by a client that was closed, or became another, while it waited", async () => {
		const server = new GuestServer();
		const tokens = new Locked();
		const release = await tokens.lock();
		const one = startClient({ tokens, credential: { guest: "ann" } }, server);
		await one.clock.settle();
		const joined = one.client.logIn({ guest: "bob" });
		await one.clock.settle();
		const other = startClient({ tokens, credential: { guest: "cat" } }, server, one.clock);
		await one.clock.settle();
		await other.client.close();
		await release();
		await one.clock.settle();
		expect((await joined).name).toBe("bob");
		expect(tokens.held).toBe(0);
		expect(tokens.granted).toBe(4);
	});

	test("that cannot be had is tried again like a connection", async () => {
		const server = new GuestServer();
		const tokens = new Locked();
		const lock = tokens.lock.bind(tokens);
		let broken = true;
		tokens.lock = (signal) => (broken ? Promise.reject(new Error("no lock")) : lock(signal));
		const { client, clock } = startClient({ tokens, credential: { guest: "ann" } }, server);
		await clock.settle();
		expect(client.status.state).toBe("waiting");
		broken = false;
		await clock.advance(30_000);
		expect(client.status.state).toBe("live");
	});
});
