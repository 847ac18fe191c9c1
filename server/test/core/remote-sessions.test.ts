import { describe, expect, test } from "bun:test";
import { RemoteSessions } from "../../src/people/remote-sessions.ts";
import { Harness } from "./harness.ts";

describe("a user with sessions at another node", () => {
	test("counts until the last of them has ended", () => {
		const elsewhere = new RemoteSessions("own");
		for (const session of [1, 2, 1]) elsewhere.opened({ user: "ann", node: "other", session });
		elsewhere.ended({ user: "ann", node: "other", session: 1 });
		expect(elsewhere.has("ann")).toBe(true);
		elsewhere.ended({ user: "ann", node: "other", session: 2 });
		expect(elsewhere.has("ann")).toBe(false);
	});

	test("does not count by an `opened` that arrives after its `ended`, or twice", () => {
		const elsewhere = new RemoteSessions("own");
		elsewhere.ended({ user: "ann", node: "other", session: 1 });
		for (let i = 0; i < 2; i++) elsewhere.opened({ user: "ann", node: "other", session: 1 });
		expect(elsewhere.has("ann")).toBe(false);
	});

	test("is distinct from a session here, and from one of the same number at a third node", () => {
		const elsewhere = new RemoteSessions("own");
		elsewhere.opened({ user: "ann", node: "own", session: 1 });
		expect(elsewhere.has("ann")).toBe(false);
		elsewhere.opened({ user: "ann", node: "other", session: 1 });
		elsewhere.ended({ user: "ann", node: "own", session: 1 });
		elsewhere.ended({ user: "ann", node: "third", session: 1 });
		expect(elsewhere.has("ann")).toBe(true);
	});
});

describe("a revocation", () => {
	test("ends only earlier log-ins: a session of a later one goes on when the message is late", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		harness.core.endUser({ id: "u-ann", generation: 0 }, "expired");
		expect(ann.closedAs).toBeUndefined();
		harness.core.endUser({ id: "u-ann", generation: 1 }, "expired");
		expect(ann.closedAs).toBe("expired");
	});
});
