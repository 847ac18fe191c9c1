// Who is in a room is a fold over its log by `effectsOf`: the same entries give the same members to store and clients.
import { describe, expect, test } from "bun:test";
import { create, type Effect, type Entry, EntrySchema, effectsOf, type Init, Room_Kind, Room_Standing } from "../src/mod.ts";

const USERS = ["ann", "bob", "cat", "dan"].map((name) => ({ id: `u-${name}`, name }));
type Body = Init<Entry>["body"];

describe("what each entry changes", () => {
	const [ann, bob] = USERS as [(typeof USERS)[0], (typeof USERS)[0]];
	const created = (kind: Room_Kind, members = [ann]): Body => ({ case: "created", value: { kind, name: "tea", members } });

	test("a channel's creator owns it; the two of a direct conversation are members alike", () => {
		expect(folded([ann, created(Room_Kind.PRIVATE)]).get(ann.id)?.standing).toBe(Room_Standing.OWNER);
		const direct = folded([ann, created(Room_Kind.DIRECT, [ann, bob])]);
		expect([...direct.values()].map((member) => member.standing)).toEqual([Room_Standing.MEMBER, Room_Standing.MEMBER]);
	});

	test("invited, joined, left: in the members as such, then as a member, then not at all", () => {
		const log: [typeof ann, Body][] = [
			[ann, created(Room_Kind.PRIVATE)],
			[ann, { case: "invited", value: { user: bob } }],
			[bob, { case: "joined", value: {} }],
			[bob, { case: "left", value: {} }],
		];
		const standings = [2, 3, 4].map((end) => folded(...log.slice(0, end)).get(bob.id)?.standing);
		expect(standings).toEqual([Room_Standing.INVITED, Room_Standing.MEMBER, undefined]);
	});

	test("a member's name is that of the moment", () => {
		const fold = folded(
			[ann, created(Room_Kind.PUBLIC)],
			[
				{ ...bob, name: "robert" },
				{ case: "joined", value: {} },
			],
		);
		expect(fold.get(bob.id)?.user.name).toBe("robert");
	});

	test("a message, a new name, and what a later version writes, change nobody", () => {
		expect(effectsOf(create(EntrySchema, { seq: 1, sender: ann, body: { case: "message", value: { text: "hi" } } }))).toEqual([]);
		expect(effectsOf(create(EntrySchema, { seq: 1, sender: ann }))).toEqual([]);
		const renamed: Body = { case: "renamed", value: { name: "coffee" } };
		expect([...folded([ann, created(Room_Kind.PUBLIC)], [ann, renamed]).keys()]).toEqual([ann.id]);
	});

	test("an entry without its sender changes nothing rather than something wrong", () => {
		for (const body of [
			{ case: "joined", value: {} },
			{ case: "left", value: {} },
			{ case: "invited", value: {} },
		] as const) {
			expect(effectsOf(create(EntrySchema, { seq: 1, body }))).toEqual([]);
		}
	});
});

/** The members by id, with those invited. */
function folded(...log: readonly (readonly [(typeof USERS)[number], Body])[]) {
	const members = new Map<string, Extract<Effect, { kind: "member" }>>();
	for (const [i, [sender, body]] of log.entries()) {
		for (const effect of effectsOf(create(EntrySchema, { seq: i + 1, sender, body } as never))) {
			if (effect.kind === "member") members.set(effect.user.id, effect);
			else members.delete(effect.user.id);
		}
	}
	return members;
}
