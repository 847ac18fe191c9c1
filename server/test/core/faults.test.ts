// Our bug ends the session in which it is met, with a trace id in the log and in the client's hands, and nothing else.
import { describe, expect, test } from "bun:test";
import { Refusal } from "@verbatim/protocol";
import type { Store } from "../../src/store/store.ts";
import { Harness, type HarnessOptions } from "./harness.ts";
import { joined, say, texts } from "./helpers.ts";

/** A store of which one method answers otherwise while it is told to. */
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

/** Lines of the log that tell of our bugs. */
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

	test("a reader that is behind stays so until it can be read", async () => {
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
