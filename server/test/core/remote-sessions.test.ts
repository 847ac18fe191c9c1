import { describe, expect, test } from "bun:test";
import { RemoteSessions } from "../../src/people/remote-sessions.ts";
import { Harness } from "./harness.ts";

describe("a user with sessions at another node", () => {
	test("is there until the last of them has ended", () => {
		const elsewhere = new RemoteSessions("own");
		for (const session of [1, 2, 1]) elsewhere.opened({ user: "ann", node: "other", session });
		elsewhere.ended({ user: "ann", node: "other", session: 1 });
		expect(elsewhere.has("ann")).toBe(true);
		elsewhere.ended({ user: "ann", node: "other", session: 2 });
		expect(elsewhere.has("ann")).toBe(false);
	});

	test("is not there by an opening that comes after its end, or again", () => {
		const elsewhere = new RemoteSessions("own");
		elsewhere.ended({ user: "ann", node: "other", session: 1 });
		for (let i = 0; i < 2; i++) elsewhere.opened({ user: "ann", node: "other", session: 1 });
		expect(elsewhere.has("ann")).toBe(false);
	});

	test("is another thing than a session here, and one of the same number at a third", () => {
		const elsewhere = new RemoteSessions("own");
		elsewhere.opened({ user: "ann", node: "own", session: 1 });
		expect(elsewhere.has("ann")).toBe(false);
		elsewhere.opened({ user: "ann", node: "other", session: 1 });
		elsewhere.ended({ user: "ann", node: "own", session: 1 });
		elsewhere.ended({ user: "ann", node: "third", session: 1 });
		expect(elsewhere.has("ann")).toBe(true);
	});
});

describe("what is void", () => {
	test("is what was proved before: a session that was let in afterwards goes on when the word of it comes late", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		harness.core.endUser({ id: "u-ann", generation: 0 }, "expired");
		expect(ann.closedAs).toBeUndefined();
		harness.core.endUser({ id: "u-ann", generation: 1 }, "expired");
		expect(ann.closedAs).toBe("expired");
	});
});
