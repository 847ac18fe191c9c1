// A guest whose welcome was lost is that guest again, by a key of its own; and what becomes of it in a token store.
import { describe, expect, test } from "bun:test";
import type { Up } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { memoryTokens, type StoredIdentity, type TokenStore } from "../src/mod.ts";
import { parseIdentity, renderIdentity } from "../src/tokens/web-storage.ts";
import { startClient } from "./support/bench.ts";
import { FakeServer, heard, type Reaction, refusal, T0, tokensFor } from "./support/fake-server.ts";

/** Knows guests by their keys, and loses the first welcomes. */
class KeyServer extends FakeServer {
	readonly keys = new Map<string, string>();
	losesWelcomes = 0;

	constructor() {
		super();
		this.react = (command) => (command.case === "hello" ? this.greet(command.value) : undefined);
	}

	private greet({ credential }: Extract<Up["command"], { case: "hello" }>["value"]): Reaction {
		if (credential.case !== "guest") return undefined;
		const { name, key } = credential.value;
		if ((this.keys.get(name) ?? key) !== key) return refusal("name_taken");
		this.keys.set(name, key);
		if (this.losesWelcomes === 0) return undefined;
		this.losesWelcomes--;
		this.cut();
		return "silent";
	}
}

describe("a guest's key", () => {
	test("is made by chance, and said again until there is a welcome", async () => {
		const server = new KeyServer();
		server.losesWelcomes = 2;
		const { clock, client } = startClient({ credential: { guest: "ann" } }, server);
		await clock.advance(30_000);
		expect(client.status.state).toBe("live");
		const keys = heard(server, "hello").map(({ credential }) => (credential.case === "guest" ? credential.value.key : ""));
		expect(keys.length).toBe(3);
		expect(new Set(keys).size).toBe(1);
		expect(keys[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
		const other = startClient({ credential: { guest: "bob" } }, server);
		await other.clock.settle();
		expect(server.keys.get("bob")).not.toBe(keys[0]);
	});

	test("is kept before the first hello, and a program that was ended before its welcome is that guest", async () => {
		const server = new KeyServer();
		const tokens = memoryTokens();
		server.losesWelcomes = 1;
		const first = startClient({ tokens, credential: { guest: "ann" } }, server);
		await first.clock.settle();
		expect((await tokens.load())?.guestKey).toBe(server.keys.get("ann"));
		await first.client.close();
		const second = startClient({ tokens, credential: { guest: "ann" } }, server);
		await second.clock.settle();
		expect(second.client.status.state).toBe("live");
		expect(await tokens.load()).toMatchObject({ user: { id: "u_ann" }, guestKey: server.keys.get("ann") });
	});

	test("brings a guest back whose tokens have become void, also to a program that is started again", async () => {
		const server = new KeyServer();
		const tokens = memoryTokens();
		const first = startClient({ tokens, credential: { guest: "ann" } }, server);
		await first.clock.settle();
		await first.client.close();
		const kept = (await tokens.load()) as StoredIdentity;
		await tokens.save({ ...kept, tokens: { ...kept.tokens, access: "void", refresh: "void" } });
		const second = startClient({ tokens, credential: { guest: "ann" } }, server);
		await second.clock.settle();
		expect(second.client.user?.id).toBe("u_ann");
		expect(heard(server, "hello").map(({ credential }) => credential.case)).toEqual(["guest", "token", "refresh", "guest"]);
	});

	test("of a name that is another's is not kept, and puts nothing in the place of somebody else's identity", async () => {
		const server = new KeyServer();
		server.keys.set("ann", "another's");
		const empty = memoryTokens();
		const one = startClient({ tokens: empty, credential: { guest: "ann" } }, server);
		await one.clock.settle();
		expect(one.client.status).toMatchObject({ state: "stopped", why: { code: "name_taken" } });
		expect(await empty.load()).toBeUndefined();
		const tokens = memoryTokens();
		const bob = { user: { id: "u_bob", name: "bob" }, tokens: tokensFor("bob", T0) };
		await tokens.save(bob);
		const two = startClient({ tokens, credential: { guest: "ann" } }, server);
		await two.clock.settle();
		expect(await tokens.load()).toEqual(bob);
	});

	test("is forgotten with the identity", async () => {
		const { server, clock, client } = startClient({ credential: { guest: "ann" } }, new KeyServer());
		await clock.settle();
		await client.logOut();
		void client.logIn({ guest: "ann" }).catch(() => undefined);
		await clock.settle();
		const keys = heard(server, "hello").map(({ credential }) => (credential.case === "guest" ? credential.value.key : ""));
		expect(new Set(keys).size).toBe(2);
	});

	test("is left out by stores that know nothing of it, and by what older versions have written", async () => {
		const kept: { text: string } = { text: "" };
		const older: TokenStore = {
			load: async () => parseIdentity(kept.text),
			save: async (identity) => {
				kept.text = identity === undefined ? "" : JSON.stringify({ user: identity.user, tokens: identity.tokens });
			},
		};
		const server = new KeyServer();
		server.losesWelcomes = 1;
		const { clock, client } = startClient({ tokens: older, credential: { guest: "ann" } }, server);
		await clock.advance(30_000);
		expect(client.user?.name).toBe("ann");
		await client.close();
		const again = startClient({ tokens: older, credential: undefined as never }, server, clock);
		await clock.settle();
		expect(again.client.user?.name).toBe("ann");
		const stored = { user: { id: "u", name: "ann" }, tokens: tokensFor("ann", T0), guestKey: "k".repeat(43) };
		expect(parseIdentity(renderIdentity(stored))).toEqual(stored);
	});
});

/** A store that can be full. */
class FullStore implements TokenStore {
	readonly inner = memoryTokens();
	full = false;
	tries = 0;
	readonly load = () => this.inner.load();

	async save(identity: StoredIdentity | undefined): Promise<void> {
		this.tries++;
		if (this.full) throw new Error("ENOSPC");
		await this.inner.save(identity);
	}
}

describe("a token store that is full", () => {
	test("is told as a problem once and tried again with growing pauses, until it has what is to be kept", async () => {
		const tokens = new FullStore();
		tokens.full = true;
		const { clock, client, problems } = startClient({ tokens, credential: { guest: "ann" } });
		await clock.advance(30_000);
		expect(client.status.state).toBe("live");
		expect(problems.map(({ message }) => message)).toEqual(["the identity could not be kept; it is tried again"]);
		expect(tokens.tries).toBeLessThan(10);
		tokens.full = false;
		await clock.advance(60_000);
		expect(await tokens.load()).toMatchObject({ user: { name: "ann" } });
		await client.close();
	});

	test("is tried again at once by a client that connects again, and by one that is closed", async () => {
		for (const how of ["cut", "close"] as const) {
			const tokens = new FullStore();
			const { clock, client, server } = startClient({ tokens, credential: { guest: "ann" } });
			await clock.settle();
			const before = await tokens.load();
			tokens.full = true;
			await clock.advance(60 * 60_000);
			expect(await tokens.load()).toEqual(before);
			tokens.full = false;
			if (how === "cut") server.cut();
			else await client.close();
			await clock.advance(1);
			expect((await tokens.load())?.tokens.refresh).not.toBe(before?.tokens.refresh);
			if (how === "cut") expect(heard(server, "hello").at(-1)?.credential.value).toBe((await tokens.load())?.tokens.access);
		}
	});

	test("is left alone where another program has kept newer tokens meanwhile, and those are taken", async () => {
		const tokens = new FullStore();
		const { clock, server, client } = startClient({ tokens, credential: { guest: "ann" } });
		await clock.settle();
		tokens.full = true;
		await clock.advance(60 * 60_000);
		tokens.full = false;
		const theirs = { user: { id: "u_ann", name: "ann" }, tokens: tokensFor("ann", clock.now() + 1_000) };
		await tokens.inner.save(theirs);
		server.cut();
		await clock.advance(60_000);
		expect(client.status.state).toBe("live");
		expect((await tokens.load())?.tokens).toEqual(theirs.tokens);
		expect(heard(server, "hello").at(-1)?.credential.value).toBe(theirs.tokens.access);
	});
});

describe("clocks that are wrong", () => {
	test("the server's, put back: the pair that another program has put into the store is taken all the same", async () => {
		const tokens = memoryTokens();
		const { clock, server } = startClient({ tokens, credential: { guest: "ann" } });
		await clock.settle();
		const theirs = { user: { id: "u_ann", name: "ann" }, tokens: tokensFor("ann", T0 - 60_000) };
		await tokens.save(theirs);
		await clock.advance(60 * 60_000);
		expect(heard(server, "refresh")[0]?.refreshToken).toBe(theirs.tokens.refresh);
	});

	test("one's own, a month ahead at the start: the server says whether tokens are good", async () => {
		for (const refresh of [true, false]) {
			const tokens = memoryTokens();
			const good = tokensFor("ann", T0);
			const kept = refresh ? good : { ...good, refresh: "" };
			await tokens.save({ user: { id: "u_ann", name: "ann" }, tokens: kept });
			const clock = new VirtualClock(T0 + 31 * 86_400_000);
			const server = new FakeServer();
			const bench = startClient({ tokens, credential: undefined as never }, server, clock);
			server.now = () => T0;
			await clock.settle();
			expect(bench.client.user?.name).toBe("ann");
		}
	});
});
