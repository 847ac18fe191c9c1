// A list that stands in many messages is encoded once; nobody who reads can tell.
import { expect, test } from "bun:test";
import {
	create,
	type DownBody,
	DownSchema,
	jsonCodec,
	MemberListSchema,
	MemberSchema,
	protoCodec,
	shareList,
} from "../../src/mod.ts";

const members = (count: number) =>
	Array.from({ length: count }, (_, n) =>
		create(MemberSchema, { user: { id: `u${n}`, name: `${"é".repeat(n % 60)}"` }, standing: 1 }),
	);

test.each([protoCodec, jsonCodec])("$name: a shared list is written as any other, in each message that it stands in", (codec) => {
	const plain = members(2_000);
	const shared = shareList(members(2_000));
	for (const id of [1, 200, 70_000]) {
		const down = (list: typeof plain) => {
			const value = Object.assign(create(MemberListSchema, { room: "r1", total: id, next: "u9" }), { members: list });
			return create(DownSchema, { id, body: { case: "memberList", value } satisfies DownBody });
		};
		const bytes = codec.encodeDown(down(shared));
		expect(bytes).toEqual(codec.encodeDown(down(plain)));
		expect(codec.decodeDown(bytes)).toEqual(down(plain));
	}
});

test("its members are not looked at again", () => {
	const list = shareList(members(20));
	const value = Object.assign(create(MemberListSchema, { room: "r1" }), { members: list });
	const down = create(DownSchema, { body: { case: "memberList", value } });
	for (const codec of [protoCodec, jsonCodec]) {
		const first = codec.encodeDown(down);
		for (const member of list) Object.defineProperty(member, "user", { configurable: true, get: () => expect.unreachable() });
		expect(codec.encodeDown(down)).toEqual(first);
		for (const member of list) Object.defineProperty(member, "user", { configurable: true, value: undefined });
	}
});
