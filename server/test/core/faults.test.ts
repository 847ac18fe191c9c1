// A bug ends the session in which it occurs, with a trace id for the log and the client, and no other.
import { describe, expect, test } from "bun:test";
import { type Command, type Down, Refusal } from "@verbatim/protocol";
import { Revocations } from "../../src/account/revocations.ts";
import { createFaults } from "../../src/base/faults.ts";
import { runAll } from "../../src/base/run-all.ts";
import type { BusMessage } from "../../src/bus/bus.ts";
import { publishCommits } from "../../src/bus/publish-commits.ts";
import type { Encoded } from "../../src/link/link.ts";
import { entry } from "../../src/log/entries.ts";
import { createReceiver, type ReceiverParts } from "../../src/node/receive.ts";
import { Directory } from "../../src/people/directory.ts";
import type { Subscriber } from "../../src/room/subscriber.ts";
import type { Committed, Store } from "../../src/store/store.ts";
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

function faults({ metrics }: Pick<Harness, "metrics">): number {
	const family = metrics.families.find(({ name }) => name === "verbatim_faults_total");
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

describe("a loop over many", () => {
	test("ends each session of a revoked user, though the end of one fails", () => {
		const directory = new Directory({ followUser() {}, unfollowUser() {} });
		const told: string[] = [];
		const session = (name: string, revoked: () => void): Subscriber =>
			({ user: { id: "u-ann", name: "ann" }, revoked, broken: () => void told.push(`${name} broken`) }) as unknown as Subscriber;
		directory.add(
			session("first", () => {
				throw new Error("a bug");
			}),
		);
		directory.add(session("second", () => void told.push("second revoked")));
		const faults = { report: () => "" };
		const receive = createReceiver({ directory, faults, revocations: new Revocations() } as unknown as ReceiverParts);
		receive({ kind: "revoked", user: "u-ann", generation: 2, why: "banned" });
		expect(told).toEqual(["first broken", "second revoked"]);
	});

	test("publishes the rest of a batch, though a part of it fails", () => {
		const harness = new Harness();
		const guarding = createFaults({
			clock: harness.clock,
			random: harness.random,
			metrics: harness.metrics,
			log: { error: () => undefined },
		});
		const batch = ["r-1", "r-2"].map((room): Committed => {
			const sender = { id: "u-ann", name: "ann" };
			return {
				room,
				epoch: 1,
				entries: [entry(1, 1, sender, "", { case: "joined", value: { $typeName: "verbatim.v1.JoinedBody" } })],
			};
		});
		const published: string[] = [];
		const bus = {
			publish(message: BusMessage) {
				if (message.kind === "commit" && message.committed.room === "r-2") throw new Error("a bug");
				published.push(message.kind === "commit" ? `commit ${message.committed.room}` : `${message.kind}`);
			},
		};
		const changed = (room: string): void => {
			if (room === "r-1") throw new Error("a bug");
			published.push(`changed ${room}`);
		};
		publishCommits(batch, { bus, changed, faults: guarding });
		expect(published).toEqual(["commit r-1", "joined", "changed r-2", "joined"]);
		expect(faults(harness)).toBe(2);
	});

	test("takes each step of an end, though one fails, and tells what has", async () => {
		const taken: number[] = [];
		const failed = await runAll([
			() => void taken.push(1),
			() => {
				throw new Error("thrown");
			},
			() => Promise.reject(new Error("rejected")),
			async () => void taken.push(2),
		]);
		expect(taken).toEqual([1, 2]);
		expect(failed.map((cause) => (cause as Error).message)).toEqual(["thrown", "rejected"]);
	});
});
