// The state of a room is a fold over its log: whoever has the same entries has the same state, however they came.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	applyEntry,
	create,
	type Entry,
	EntrySchema,
	effectsOf,
	emptyFold,
	type Init,
	Room_Kind,
	Room_Standing,
	type RoomFold,
} from "../src/mod.ts";

const USERS = ["ann", "bob", "cat", "dan"].map((name) => ({ id: `u-${name}`, name }));
const anyUser = fc.constantFrom(...USERS);

type Body = Init<Entry>["body"];

const anyBody: fc.Arbitrary<Body> = fc.oneof(
	fc.string().map((text): Body => ({ case: "message", value: { text } })),
	fc.constant<Body>({ case: "joined", value: {} }),
	fc.constant<Body>({ case: "left", value: {} }),
	fc.string({ maxLength: 5 }).map((name): Body => ({ case: "renamed", value: { name } })),
	anyUser.map((user): Body => ({ case: "invited", value: { user } })),
	// What a later version wrote.
	fc.constant<Body>({ case: undefined }),
);

const anyLog: fc.Arbitrary<Entry[]> = fc
	.tuple(anyUser, fc.array(fc.record({ sender: anyUser, body: anyBody }), { maxLength: 40 }))
	.map(([creator, rest]) => {
		const created: Body = { case: "created", value: { kind: Room_Kind.PUBLIC, name: "tea", members: [creator] } };
		return [{ sender: creator, body: created }, ...rest].map((entry, i) =>
			create(EntrySchema, { seq: i + 1, ...entry } as never),
		);
	});

test("any cutting, overlapping and repeating of pages gives the state of the whole log", () => {
	fc.assert(
		fc.property(anyLog, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 8 }))), (log, cuts) => {
			const whole = emptyFold();
			for (const entry of log) applyEntry(whole, entry);
			const pieces = emptyFold();
			for (const [start, length] of cuts) {
				// A page may begin anywhere that was seen, and reach beyond it.
				const from = pieces.asOf === 0 ? 0 : start % (pieces.asOf + 1);
				for (const entry of log.slice(from, from + length)) applyEntry(pieces, entry);
			}
			for (const entry of log.slice(pieces.asOf)) applyEntry(pieces, entry);
			expect(plain(pieces)).toEqual(plain(whole));
		}),
	);
});

test("an entry that is in already changes nothing", () => {
	fc.assert(
		fc.property(anyLog, fc.nat(), (log, which) => {
			const fold = emptyFold();
			for (const entry of log) applyEntry(fold, entry);
			const before = plain(fold);
			applyEntry(fold, log[which % log.length] as Entry);
			expect(plain(fold)).toEqual(before);
		}),
	);
});

describe("what each entry changes", () => {
	const [ann, bob] = USERS as [(typeof USERS)[0], (typeof USERS)[0]];
	const created = (kind: Room_Kind, members = [ann]): Body => ({ case: "created", value: { kind, name: "tea", members } });

	test("a channel's creator owns it; the two of a direct conversation are members alike", () => {
		expect(folded([ann, created(Room_Kind.PRIVATE)]).members.get(ann.id)?.standing).toBe(Room_Standing.OWNER);
		const direct = folded([ann, created(Room_Kind.DIRECT, [ann, bob])]);
		expect([...direct.members.values()].map((member) => member.standing)).toEqual([Room_Standing.MEMBER, Room_Standing.MEMBER]);
	});

	test("invited, joined, left: in the members as such, then as a member, then not at all", () => {
		const log: [typeof ann, Body][] = [
			[ann, created(Room_Kind.PRIVATE)],
			[ann, { case: "invited", value: { user: bob } }],
			[bob, { case: "joined", value: {} }],
			[bob, { case: "left", value: {} }],
		];
		const standings = [2, 3, 4].map((end) => folded(...log.slice(0, end)).members.get(bob.id)?.standing);
		expect(standings).toEqual([Room_Standing.INVITED, Room_Standing.MEMBER, undefined]);
	});

	test("a name is the one given last; a member's is that of the moment", () => {
		const fold = folded(
			[ann, created(Room_Kind.PUBLIC)],
			[ann, { case: "renamed", value: { name: "coffee" } }],
			[
				{ ...bob, name: "robert" },
				{ case: "joined", value: {} },
			],
		);
		expect(fold.name).toBe("coffee");
		expect(fold.members.get(bob.id)?.user.name).toBe("robert");
	});

	test("a message, and what a later version writes, hold their place and change nothing else", () => {
		expect(effectsOf(create(EntrySchema, { seq: 1, sender: ann, body: { case: "message", value: { text: "hi" } } }))).toEqual([]);
		expect(effectsOf(create(EntrySchema, { seq: 1, sender: ann }))).toEqual([]);
		expect(folded([ann, created(Room_Kind.PUBLIC)], [ann, { case: undefined }]).asOf).toBe(2);
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

function folded(...log: readonly (readonly [(typeof USERS)[number], Body])[]): RoomFold {
	const fold = emptyFold();
	for (const [i, [sender, body]] of log.entries()) applyEntry(fold, create(EntrySchema, { seq: i + 1, sender, body } as never));
	return fold;
}

function plain(fold: RoomFold): unknown {
	return { ...fold, members: [...fold.members].toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}
