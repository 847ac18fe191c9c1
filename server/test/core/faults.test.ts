// A bug ends the session in which it occurs, with a trace id for the log and the client, and no other.
import { describe, expect, test } from "bun:test";
import { type Command, type Down, Refusal } from "@verbatim/protocol";
import type { Encoded } from "../../src/link/link.ts";
import type { Store } from "../../src/store/store.ts";
import { Harness, type HarnessOptions, ObjectFormat, TestClient } from "./harness.ts";
import { joined, say, texts } from "./helpers.ts";

/** A store of which one method can be replaced. */
function failing(method: keyof Store, cause: () => Error): HarnessOptions & { on: boolean } {
	const options = {
		on: false,
		wrap: (store: Store): Store =>
			new Proxy(store, {
				get: (target, name) => (name === method && options.on ? () => Promise.reject(cause()) : Reflect.get(target, name)),
			}),
	};
	return options;
}

/** Log lines of bugs. */
function errors(harness: Harness): { readonly fields: { trace?: string; session?: string }; readonly msg: string }[] {
	return harness.logged.filter(({ level }) => level === "error");
}

function faults(harness: Harness): number {
	const family = harness.metrics.families.find(({ name }) => name === "verbatim_faults_total");
	return family?.samples().reduce((sum, { value }) => sum + value, 0) ?? 0;
}

describe("an unexpected error in a command", () => {
	test("is answered with its trace id, ends that session as internal, and no other", async () => {
		const broken = failing("publicRooms", () => new TypeError("a bug"));
		const harness = new Harness(broken);
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const { id } = await joined(ann, "#tea");
		await joined(bob, "#tea");
		broken.on = true;
		const failure = await ann.want("failure", { case: "rooms", value: {} });
		broken.on = false;
		expect(failure.code).toBe("internal");
		expect(failure.trace).not.toBe("");
		expect(ann.pushed("close")[0]).toMatchObject({ reconnect: true });
		expect(ann.closedAs).toBe("internal");
		expect(errors(harness)).toMatchObject([{ fields: { trace: failure.trace } }]);
		expect(faults(harness)).toBe(1);
		expect(bob.closedAs).toBeUndefined();
		await bob.want("sent", say(id, "still here"));
		expect(texts(bob, id)).toEqual(["still here"]);
	});

	test("keeps the trace that the client gave", async () => {
		const broken = failing("publicRooms", () => new TypeError("a bug"));
		const harness = new Harness(broken);
		const ann = await harness.guest("ann");
		broken.on = true;
		const id = ann.put({ case: "rooms", value: {} }, 77, "mine");
		await harness.clock.settle();
		expect(ann.received.find((down) => down.id === id)?.body).toMatchObject({ value: { code: "internal", trace: "mine" } });
		expect(errors(harness)).toMatchObject([{ fields: { trace: "mine" } }]);
	});

	test("in a hello ends the connection as internal", async () => {
		const broken = failing("roomsOf", () => new TypeError("a bug"));
		const harness = new Harness(broken);
		broken.on = true;
		const ann = harness.client();
		expect(await ann.refusal({ case: "hello", value: { credential: { case: "guest", value: { name: "ann" } } } })).toBe(
			"internal",
		);
		expect(ann.closedAs).toBe("internal");
		expect(harness.ended).toEqual(["ann"]);
	});
});

describe("an unexpected error in a loop over sessions ends the session in which it occurs, and", () => {
	/** Encodes like the others until it is set to throw. */
	class FickleFormat extends ObjectFormat {
		throws = false;

		override encode(down: Down): Encoded {
			if (this.throws && down.body.case === "entries") throw new TypeError("a bug in the encoder");
			return super.encode(down);
		}
	}

	/** A client whose link throws while set to. */
	class FickleClient extends TestClient {
		throws = false;

		override write(messages: readonly Encoded[]): void {
			if (this.throws) throw new TypeError("a bug in the link");
			super.write(messages);
		}
	}

	const hello = (name: string): Command => ({ case: "hello", value: { credential: { case: "guest", value: { name } } } });

	test("where an encoder throws for one subscriber, the others get the entry, and other rooms of the batch are delivered", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const format = new FickleFormat();
		const eve = harness.client(format);
		await eve.want("welcome", hello("eve"));
		const bob = await harness.guest("bob");
		const bobs = await harness.guest("bob");
		const { id: tea } = await joined(ann, "#tea");
		const { id: den } = await joined(bob, "#den");
		await joined(eve, "#tea");
		await joined(bob, "#tea");
		format.throws = true;
		ann.put(say(tea, "hello"));
		bob.put({ case: "leave", value: { room: den } });
		await harness.clock.settle();
		format.throws = false;
		expect(eve.closedAs).toBe("internal");
		for (const each of [ann, bob, bobs]) expect(texts(each, tea)).toEqual(["hello"]);
		for (const each of [bob, bobs]) expect(each.pushed("roomRemoved")).toMatchObject([{ room: den }]);
		expect(errors(harness)).toHaveLength(1);
		expect(faults(harness)).toBe(1);
		expect(harness.metrics.families.find(({ name }) => name === "verbatim_sessions")?.samples()).toEqual([{ value: 3 }]);
		await harness.clock.advance(10_000);
		expect(ann.pushed("presence").at(-1)).toMatchObject({ user: { name: "eve" }, online: false });
		// What was not delivered is in the log.
		const back = harness.client(format);
		await back.want("welcome", hello("eve"));
		await ann.want("sent", say(tea, "again"));
		expect(texts(back, tea)).toEqual(["again"]);
	});

	test("where a write throws, the other writes of the turn are made", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const eve = new FickleClient(harness, harness.format);
		await eve.want("welcome", hello("eve"));
		const bob = await harness.guest("bob");
		const { id } = await joined(ann, "#tea");
		await joined(eve, "#tea");
		await joined(bob, "#tea");
		eve.throws = true;
		await ann.want("sent", say(id, "hello"));
		expect(eve.closedAs).toBe("internal");
		expect(texts(bob, id)).toEqual(["hello"]);
		expect(harness.metrics.families.find(({ name }) => name === "verbatim_outbox_bytes")?.samples()).toEqual([{ value: 0 }]);
		await harness.clock.advance(120_000);
		expect(bob.pushed("ping").length).toBeGreaterThan(0);
	});
});

describe("a store that cannot be read is no bug", () => {
	test("a command is refused as unavailable, and the session lives", async () => {
		const broken = failing("publicRooms", () => new Refusal("unavailable"));
		const harness = new Harness(broken);
		const ann = await harness.guest("ann");
		broken.on = true;
		expect(await ann.refusal({ case: "rooms", value: {} })).toBe("unavailable");
		broken.on = false;
		await ann.want("roomList", { case: "rooms", value: {} });
		expect(faults(harness)).toBe(0);
	});

	test("a subscription that is behind stays so until the store can be read", async () => {
		const broken = failing("page", () => new Refusal("unavailable"));
		const harness = new Harness(broken);
		const ann = await harness.guest("ann");
		const { id, epoch, to } = await joined(ann, "#tea");
		await ann.lose();
		const bob = await harness.guest("bob");
		await joined(bob, "#tea");
		for (const text of ["1", "2"]) await bob.want("sent", say(id, text));
		broken.on = true;
		const back = await harness.guest("ann", [{ room: id, epoch, seq: to }]);
		await bob.want("sent", say(id, "3"));
		expect(texts(back, id)).toEqual([]);
		expect(back.closedAs).toBeUndefined();
		broken.on = false;
		await harness.clock.advance(2_000);
		expect(texts(back, id)).toEqual(["1", "2", "3"]);
		expect(errors(harness)).toEqual([]);
	});
});
