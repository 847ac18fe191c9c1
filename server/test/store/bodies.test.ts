// What stands in the database of an entry is Protobuf, whoever reads it.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { create, type Entry, EntrySchema, type Init } from "@verbatim/protocol";
import { EntrySchema as EntryDesc, fromBinary, toBinary } from "@verbatim/testkit/library";

import { longTextBytes } from "../../src/base/entry-size.ts";
import { SHORT_KINDS, storedLongBytes } from "../../src/base/stored-size.ts";
import { decodeBody, encodeBody } from "../../src/log/bodies.ts";
import { textOf } from "../../src/log/texts.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite.ts";
import { create as createRoom, ann as creator, must } from "./drafts.ts";
import { withTempDir } from "./temp-dir.ts";

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

	test("counts for as much by its stored bytes as by its body", () => {
		const { bytes } = encodeBody(entry);
		expect(textOf(bytes)?.textBytes ?? storedLongBytes(bytes)).toBe(longTextBytes(entry.body));
	});
});

test("of an entry that a later version has written, what this one knows is read", () => {
	// A body of kind 16; and a message with a field 9 beside its text.
	expect(decodeBody(Uint8Array.of(0x82, 0x01, 0x02, 0x08, 0x01))).toStrictEqual({ case: undefined });
	const later = Uint8Array.of(0x52, 0x05, 0x0a, 0x01, 0x61, 0x48, 0x01);
	expect(decodeBody(later)).toStrictEqual(create(EntrySchema, { body: { case: "message", value: { text: "a" } } }).body);
	expect(fromBinary(EntryDesc, later).body.case).toBe("message");
});

test("an entry of a kind that only a later version knows counts for all of its bytes", () => {
	const later = new Uint8Array(8_192);
	// Fields 16 and 29, and a message with more than its text.
	for (const tag of [[0x82, 0x01], [0xea, 0x01], [0x52]]) {
		later.set(tag);
		expect(storedLongBytes(later)).toBe(later.length);
	}
});

test("a page with entries that only a later version knows is cut by all of their bytes", () =>
	withTempDir(async (dir) => {
		const store = await openSqliteStore(dir);
		await must(store, createRoom("tea", creator));
		await store.close();
		const db = new Database(join(dir, "verbatim.db"));
		const later = new Uint8Array(8_192);
		later.set([0x82, 0x01, 0xfc, 0x3f]);
		for (let seq = 2; seq <= 20; seq++)
			db.query(
				"INSERT INTO entries (room_no, seq, at_ms, sender, sender_name, cid, kind, body) VALUES (1, ?, 1, 'u', 'u', '', 16, ?)",
			).run(seq, later);
		db.exec("UPDATE rooms SET head = 20");
		db.close();
		const again = await openSqliteStore(dir);
		expect(await again.page("tea", { after: 1 }, 100, 20_000)).toMatchObject({ from: 2, to: 3, head: 20 });
		await again.close();
	}));

test("every kind of body of the schema is known as short or long, by its number", () => {
	const kinds = [...EntrySchema.byName.values()].filter(({ number }) => number >= 10);
	expect(kinds.map(({ number }) => number).filter((number) => !SHORT_KINDS.includes(number))).toEqual([10]);
});
