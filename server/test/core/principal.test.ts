// Everything held for a user on a connection is dropped with the hello that brought it.
import { describe, expect, test } from "bun:test";
import { type Command, Refusal, Room_Kind } from "@verbatim/protocol";
import type { RoomView, Store } from "../../src/store/store.ts";
import { Harness } from "./harness.ts";
import { say } from "./helpers.ts";

const hello = (name: string): Command => ({ case: "hello", value: { credential: { case: "guest", value: { name } } } });

/** `roomsOf` of one user waits until it is released, and then fails. */
class LateRefusal {
	private refuse: (() => void) | undefined;
	user = "";

	wrap(store: Store): Store {
		const roomsOf = (user: string): Promise<readonly RoomView[]> => {
			if (user !== this.user) return store.roomsOf(user);
			return new Promise((_resolve, reject) => {
				this.refuse = () => reject(new Refusal("unavailable"));
			});
		};
		return new Proxy(store, { get: (target, name) => (name === "roomsOf" ? roomsOf : Reflect.get(target, name)) });
	}

	refuseNow(): void {
		this.refuse?.();
	}
}

describe("a hello that is refused late, and another user's on the same connection", () => {
	test("nothing of the first user reaches the second", async () => {
		const late = new LateRefusal();
		const harness = new Harness({ wrap: (store) => late.wrap(store) });
		const phone = await harness.guest("ann");
		await harness.guest("bob");
		late.user = "u-ann";
		const shared = harness.client();
		shared.put(hello("ann"));
		await harness.clock.settle();
		// While ann's rooms are being read for the welcome: a membership, an invitation and a leave.
		const made = await phone.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		const id = made.room?.id ?? "";
		late.refuseNow();
		await harness.clock.settle();
		expect(shared.received.at(-1)?.body).toMatchObject({ case: "failure", value: { code: "unavailable" } });

		await shared.want("welcome", hello("bob"));
		await phone.want("sent", say(id, "between us"));
		expect(shared.entries(id)).toEqual([]);
		expect(shared.pushed("roomAdded")).toEqual([]);
		expect(shared.closedAs).toBeUndefined();
	});

	test("it does not make the first user online, and releases its guest", async () => {
		const late = new LateRefusal();
		const harness = new Harness({ wrap: (store) => late.wrap(store) });
		late.user = "u-ann";
		const shared = harness.client();
		shared.put(hello("ann"));
		await harness.clock.settle();
		late.refuseNow();
		await harness.clock.settle();
		expect(harness.ended).toEqual(["ann"]);
		await shared.want("welcome", hello("bob"));
		await shared.lose();
		expect(harness.ended).toEqual(["ann", "bob"]);
	});
});
