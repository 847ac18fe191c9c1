// Clauses of how many rooms a user may be in, and into how many others may bring it: nobody uses up what another needs.
import { describe, expect, test } from "bun:test";
import { Room_Kind } from "@verbatim/protocol";
import type { Store, UserRef } from "../../src/store/store.ts";
import type { Bench } from "./contract.ts";
import { ann, bob, cat, codeOf, create, direct, invite, join, leave, must, say } from "./drafts.ts";

const dan: UserRef = { id: "u-dan", name: "dan" };

export function invitationClauses(bench: Bench): void {
	const tries = async (store: Store, draft: Parameters<Store["append"]>[0]) => codeOf(store.append(draft));
	/** Private rooms of `owner`, to which the user is invited. */
	const inviteToNew = async (store: Store, owner: UserRef, user: UserRef, rooms: readonly string[]): Promise<string[]> => {
		const codes: string[] = [];
		for (const room of rooms) {
			await must(store, create(room, owner, Room_Kind.PRIVATE));
			codes.push(await tries(store, invite(room, owner, user)));
		}
		return codes;
	};
	const strangers = (count: number): UserRef[] =>
		Array.from({ length: count }, (_, i) => ({ id: `u-stranger${i}`, name: `stranger${i}` }));

	describe("rooms of one's own, and invitations", () => {
		test("a user founds, joins and opens so many rooms at most", async () => {
			const store = await bench.store({ roomsPerUserMax: 2 });
			for (const room of ["r1", "r2"]) await must(store, create(room, ann));
			await must(store, create("r3", bob));
			await must(store, create("den", bob, Room_Kind.PRIVATE));
			await must(store, invite("den", bob, ann));
			for (const draft of [create("r4", ann), join("r3", ann), join("den", ann), direct("d1", ann, cat)]) {
				expect(await tries(store, draft)).toBe("too_many_rooms");
			}
			await must(store, leave("r2", ann));
			await must(store, join("den", ann));
			expect(await tries(store, join("r3", ann))).toBe("too_many_rooms");
		});

		test("what others invite a user to and say to it leaves all of its own rooms to it", async () => {
			const store = await bench.store({ roomsPerUserMax: 2, invitationsPerUserMax: 4 });
			const [first, second, ...more] = strangers(6);
			if (first === undefined || second === undefined) throw new Error("no strangers");
			await must(store, direct("d1", first, ann));
			expect(await inviteToNew(store, second, ann, ["x1"])).toEqual(["ok"]);
			for (const [i, stranger] of more.entries()) {
				expect(await tries(store, direct(`d${i + 2}`, stranger, ann))).toBe("invitations_full");
			}
			await must(store, create("r1", ann));
			await must(store, direct("with-bob", ann, bob));
			expect(await tries(store, create("r2", ann))).toBe("too_many_rooms");
		});

		test("a conversation opened by another is one's own from the first answer on, which needs a place among these", async () => {
			const store = await bench.store({ roomsPerUserMax: 2 });
			await must(store, direct("d1", bob, ann));
			await must(store, direct("d2", cat, ann));
			await must(store, direct("d3", dan, ann));
			await must(store, create("r1", ann));
			// Opening what is there, by name or id, and what the other says, are no answers.
			await must(store, direct("again", ann, bob));
			await must(store, join("d1", ann));
			await must(store, say("d1", bob, "hello?"));
			await must(store, say("d1", ann, "hello", { cid: "a1" }));
			expect(await tries(store, say("d2", ann, "you too"))).toBe("too_many_rooms");
			expect(await tries(store, create("r2", ann))).toBe("too_many_rooms");
			await must(store, say("d1", ann, "hello again"));
			await must(store, leave("r1", ann));
			await must(store, say("d2", ann, "you too", { cid: "a2" }));
			expect(await tries(store, say("d3", ann, "and you"))).toBe("too_many_rooms");
			expect(await must(store, say("d2", ann, "you too", { cid: "a2" }))).toMatchObject({ repeated: true });
		});

		test("one inviter takes a tenth of what others may bring a user, whether it is known or not, and is told that it is its own", async () => {
			const store = await bench.store({ invitationsPerUserMax: 20 });
			await must(store, direct("d", ann, bob));
			expect(await inviteToNew(store, bob, ann, ["b1", "b2", "b3"])).toEqual(["ok", "ok", "too_many_invitations"]);
			expect(await inviteToNew(store, cat, ann, ["c1"])).toEqual(["ok"]);
			// An answer of either kind makes room.
			await must(store, leave("b1", ann));
			await must(store, invite("b3", bob, ann));
			await must(store, join("b2", ann));
			await must(store, invite("b1", bob, ann));
		});

		test("strangers fill half of it; whom the user shares a conversation or a private room with, the rest; and others are told no more than that it is full", async () => {
			const store = await bench.store({ invitationsPerUserMax: 4 });
			await must(store, direct("with-bob", bob, ann));
			await must(store, say("with-bob", ann, "hi bob"));
			expect(await inviteToNew(store, cat, ann, ["ours"])).toEqual(["ok"]);
			await must(store, join("ours", ann));
			for (const [i, stranger] of strangers(2).entries()) await must(store, direct(`s${i}`, stranger, ann));
			await must(store, create("tea", ann));
			await must(store, join("tea", dan));
			// A public room makes nobody known.
			expect(await inviteToNew(store, dan, ann, ["dans"])).toEqual(["invitations_full"]);
			expect(await tries(store, direct("with-dan", dan, ann))).toBe("invitations_full");
			expect(await inviteToNew(store, bob, ann, ["bobs"])).toEqual(["ok"]);
			expect(await inviteToNew(store, cat, ann, ["cats"])).toEqual(["ok"]);
			// Now all of it is taken.
			await must(store, leave("ours", ann));
			expect(await inviteToNew(store, cat, ann, ["cats2"])).toEqual(["too_many_invitations"]);
			await must(store, direct("ann-dan", ann, dan));
			expect(await tries(store, invite("dans", dan, ann))).toBe("invitations_full");
			await must(store, leave("bobs", ann));
			await must(store, invite("dans", dan, ann));
		});

		test("whose invitation is open, and who has not been answered, is not known for it", async () => {
			const store = await bench.store({ invitationsPerUserMax: 4 });
			await must(store, direct("d1", bob, ann));
			expect(await inviteToNew(store, cat, ann, ["c1"])).toEqual(["ok"]);
			expect(await inviteToNew(store, bob, ann, ["b1"])).toEqual(["invitations_full"]);
			await must(store, say("d1", ann, "hi"));
			await must(store, invite("b1", bob, ann));
		});

		test("an inviter has so many open invitations to strangers, and to whom it knows it by any more", async () => {
			const store = await bench.store({ invitationsPerInviterMax: 2 });
			await must(store, create("den", bob, Room_Kind.PRIVATE));
			const [first, second, third] = strangers(3);
			if (first === undefined || second === undefined || third === undefined) throw new Error("no strangers");
			await must(store, invite("den", bob, first));
			await must(store, invite("den", bob, second));
			expect(await tries(store, invite("den", bob, third))).toBe("too_many_invitations");
			// It may be spoken to all the same: a conversation is a room of the one who opens it.
			await must(store, direct("d1", bob, third));
			await must(store, say("d1", third, "hello"));
			await must(store, invite("den", bob, third));
			await must(store, leave("den", first));
			await must(store, leave("den", second));
			await must(store, invite("den", bob, first));
		});

		test("what is counted outlives the store", async () => {
			const limits = { roomsPerUserMax: 2, invitationsPerUserMax: 2 };
			const first = await bench.store(limits);
			await must(first, direct("d1", bob, ann));
			await must(first, direct("d2", ann, cat));
			const store = await bench.restart(first, limits);
			expect(await tries(store, direct("d3", dan, ann))).toBe("invitations_full");
			await must(store, say("d1", ann, "hi"));
			expect(await tries(store, create("r1", ann))).toBe("too_many_rooms");
			await must(store, direct("d3", dan, ann));
		});
	});
}
