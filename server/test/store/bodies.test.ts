// What stands in the database of an entry is Protobuf, whoever reads it.
import { describe, expect, test } from "bun:test";
import { create, type Entry, EntrySchema, type Init } from "@verbatim/protocol";
import { EntrySchema as EntryDesc, fromBinary, toBinary } from "@verbatim/testkit/library";
import { decodeBody, encodeBody } from "../../src/log/bodies.ts";

const ann = { id: "u1", name: "ann" };

describe.each<[number, NonNullable<Init<Entry>["body"]>]>([
	[10, { case: "message", value: { text: "\ufeffhello é" } }],
	[10, { case: "message", value: { text: "" } }],
	[11, { case: "created", value: { kind: 2, name: "tea", members: [ann, { id: "u2", name: "bob" }] } }],
	[12, { case: "joined", value: {} }],
	[13, { case: "left", value: { reason: "expired" } }],
	[14, { case: "renamed", value: { name: "téa" } }],
	[15, { case: "invited", value: { user: ann } }],
])("an entry of kind %d", (kind, body) => {
	const entry = create(EntrySchema, { seq: 7, atMs: 5, sender: ann, cid: "c", body });

	test("is kept as its kind and the library's bytes of its body, and read as it was", () => {
		const stored = encodeBody(entry);
		const bare = create(EntrySchema, { body: entry.body });
		expect(stored.kind).toBe(kind);
		expect([...stored.bytes]).toEqual([...toBinary(EntryDesc, bare as never)]);
		expect(decodeBody(stored.bytes)).toStrictEqual(entry.body);
	});
});

test("of an entry that a later version has written, what this one knows is read", () => {
	// A body of kind 16; and a message with a field 9 beside its text.
	expect(decodeBody(Uint8Array.of(0x82, 0x01, 0x02, 0x08, 0x01))).toStrictEqual({ case: undefined });
	const later = Uint8Array.of(0x52, 0x05, 0x0a, 0x01, 0x61, 0x48, 0x01);
	expect(decodeBody(later)).toStrictEqual(create(EntrySchema, { body: { case: "message", value: { text: "a" } } }).body);
	expect(fromBinary(EntryDesc, later).body.case).toBe("message");
});
