// The tables that the codecs and `create` walk, against the library's own description of wire.proto.
import { describe, expect, test } from "bun:test";
import {
	create as createByLibrary,
	type DescField,
	type DescMessage,
	file_verbatim_v1_wire as file,
	ScalarType,
} from "@verbatim/testkit/library";
import fc from "fast-check";
import * as wire from "../src/gen/verbatim/v1/wire.ts";
import { create, type Entry, EntrySchema, HelloSchema, jsonCodec, type Schema, UpSchema, UserSchema } from "../src/mod.ts";
import { init } from "./codec/arbitrary.ts";

const tables = Object.values(wire).filter((it): it is Schema & typeof it => "typeName" in it) as readonly Schema[];
const KINDS: Partial<Record<ScalarType, string>> = {
	[ScalarType.STRING]: "string",
	[ScalarType.BOOL]: "bool",
	[ScalarType.DOUBLE]: "double",
	[ScalarType.UINT32]: "uint32",
};

function tableOf(desc: DescMessage): Schema {
	const table = tables.find(({ typeName }) => typeName === desc.typeName);
	if (table === undefined) throw new Error(`there is no table of ${desc}`);
	return table;
}

function described(field: DescField): Record<string, unknown> {
	const values = field.enum?.values.map(({ name, number }): [string, number] => [name, number]);
	return {
		name: field.jsonName,
		number: field.number,
		kind: field.message ? "message" : field.enum ? "enum" : KINDS[field.scalar ?? ScalarType.BYTES],
		repeated: field.fieldKind === "list",
		oneof: field.oneof?.localName,
		message: field.message?.typeName,
		values,
	};
}

test("every message has a table, and there is no other", () => {
	expect(tables.map(({ typeName }) => typeName).sort()).toEqual(file.messages.map(({ typeName }) => typeName).sort());
});

describe.each(file.messages.map((desc) => [desc.name, desc] as const))("%s", (_, desc) => {
	const table = tableOf(desc);

	test("has the fields of the schema, by name and by number, with their kinds", () => {
		const fields = [...table.byName.values()].map(({ name, number, kind, repeated, oneof, message, values }) => {
			return { name, number, kind, repeated, oneof, message: message?.typeName, values: values && [...values.numbers] };
		});
		expect<unknown[]>(fields).toEqual(desc.fields.map(described));
		expect(table.byNumber.filter((field) => field !== undefined)).toEqual(
			[...table.byName.values()].sort((a, b) => a.number - b.number),
		);
		for (const [number, field] of table.byNumber.entries()) if (field !== undefined) expect(field.number).toBe(number);
		for (const { values } of table.byName.values()) {
			if (values !== undefined) expect([...values.names].map(([number, name]) => [name, number])).toEqual([...values.numbers]);
		}
	});

	test("has nothing set when it is blank, in the order of the schema, as the library makes it", () => {
		const judged = createByLibrary(desc);
		expect<unknown>(table.blank()).toStrictEqual(judged);
		expect(Object.keys(table.blank())).toEqual(Object.keys(judged));
	});

	test("is made of any literal as the library makes it", () => {
		fc.assert(
			fc.property(init(desc), (literal) =>
				expect<unknown>(create(table, literal as never)).toStrictEqual(createByLibrary(desc, literal)),
			),
			{ numRuns: 50 },
		);
	});
});

describe("create", () => {
	test("takes a whole message as it is, at the top and within, and copies lists", () => {
		const sender = create(UserSchema, { id: "u1", name: "ann" });
		expect(create(UserSchema, sender)).toBe(sender);
		const entry = create(EntrySchema, { seq: 1, sender });
		expect(entry.sender).toBe(sender);
		const cursors = [{ room: "r", epoch: 1, seq: 2 }];
		const hello = create(HelloSchema, { cursors });
		expect(hello.cursors).not.toBe(cursors as typeof hello.cursors);
		expect(hello.cursors[0]?.$typeName).toBe("verbatim.v1.Cursor");
		const message = create(UpSchema, { command: { case: "hello", value: hello } });
		expect(message.command.value).toBe(hello);
	});

	test.each<[string, unknown]>([
		["undefined and null", { seq: undefined, sender: null, cid: null, body: null }],
		["a oneof without a case", { body: {} }],
		["a oneof with a case that there is not", { body: { case: "dance", value: {} } }],
		["a oneof without a value", { body: { case: "message" } }],
		["properties that the schema does not have", { colour: "red", $unknown: [], constructor: 1 }],
		[
			"values of another type, which encoders refuse",
			{ seq: "1", sender: "ann", cid: 7, body: { case: "message", value: "hello" } },
		],
		["a message of another kind", { sender: create(HelloSchema) }],
		["a key that names the prototype", JSON.parse('{"__proto__":{"seq":1},"sender":{"__proto__":{"id":"u"}}}')],
	])("%s: as the library takes it", (_, literal) => {
		const desc = file.messages.find(({ name }) => name === "Entry") as DescMessage;
		expect<unknown>(create(EntrySchema, literal as Entry)).toStrictEqual(createByLibrary(desc, literal as never));
	});

	test("a value of another type does not come further than to the encoder", () => {
		const up = create(UpSchema, { id: 1, command: { case: "hello", value: { cursors: "none" as never } } });
		expect(() => jsonCodec.encodeUp(up)).toThrow();
	});
});
