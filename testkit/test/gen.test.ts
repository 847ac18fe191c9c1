// What `npm run gen` makes of the schema, and what it refuses to make anything of.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import {
	FieldDescriptorProtoSchema,
	FileDescriptorProtoSchema,
	FileDescriptorSetSchema,
	FieldDescriptorProto_Label as Label,
	FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { renderWire } from "../src/schema/render.ts";

const ROOT = join(import.meta.dir, "../..");
const folder = await mkdtemp(join(tmpdir(), "verbatim-gen-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

test("what is in the repository is what the schema gives", async () => {
	const bin = join(ROOT, "node_modules/.bin");
	const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
	const gen = Bun.spawn([join(bin, "buf"), "generate", "-o", folder], { cwd: ROOT, env, stdin: "ignore", stderr: "pipe" });
	expect([await gen.exited, await new Response(gen.stderr).text()]).toEqual([0, ""]);
	const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
	expect(files.length).toBe(3);
	for (const { parentPath, name } of files) {
		const made = join(parentPath, name);
		const kept = join(ROOT, made.slice(folder.length));
		// Not compared as texts: a difference would print both.
		const same = (await Bun.file(kept).text()) === (await Bun.file(made).text());
		expect([kept, same ? "as made" : "run npm run gen"]).toEqual([kept, "as made"]);
	}
}, 30_000);

interface Shape {
	readonly type: Type;
	readonly number?: number;
	readonly list?: boolean;
	readonly optional?: boolean;
	readonly name?: string;
	readonly of?: string;
}

/** The module of a schema of one message with one field. */
function rendered({ type, number = 1, list = false, optional = false, name = "field_name", of = "" }: Shape): string {
	const field = create(FieldDescriptorProtoSchema, {
		name,
		jsonName: name === "field_name" ? "fieldName" : name,
		number,
		type,
		label: list ? Label.REPEATED : Label.OPTIONAL,
		typeName: of,
		...(optional ? { proto3Optional: true, oneofIndex: 0 } : {}),
	});
	const message = { name: "Thing", field: [field], oneofDecl: optional ? [{ name: "_it" }] : [] };
	const inner = { name: "Inner", field: [] };
	const file = create(FileDescriptorProtoSchema, {
		name: "a.proto",
		package: "a",
		syntax: "proto3",
		messageType: [message, inner],
	});
	const desc = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getFile("a.proto");
	if (desc === undefined) throw new Error("no file");
	return renderWire(desc, "./schema.ts");
}

describe("of a schema of another kind", () => {
	test("fields of the kinds that the codecs know become a type and a row", () => {
		const text = rendered({ type: Type.MESSAGE, of: ".a.Inner", list: true, number: 40 });
		expect(text).toContain("\tfieldName: Inner[];\n");
		expect(text).toContain("\tfieldName: [40, [InnerSchema]],\n");
		expect(text.indexOf("const InnerSchema")).toBeLessThan(text.indexOf("const ThingSchema"));
		expect(rendered({ type: Type.MESSAGE, of: ".a.Inner" })).toContain("\tfieldName?: Inner | undefined;\n");
		expect(rendered({ type: Type.DOUBLE })).toContain('\tfieldName: [1, "double"],\n');
	});

	test.each<[string, Shape]>([
		["64 bits", { type: Type.INT64 }],
		["signed numbers", { type: Type.INT32 }],
		["bytes", { type: Type.BYTES }],
		["floats", { type: Type.FLOAT }],
		["a list of texts", { type: Type.STRING, list: true }],
		["a field that knows whether it was set", { type: Type.STRING, optional: true }],
		["a number that does not fit the reader's notes", { type: Type.STRING, number: 32 }],
		["a name that is another in JSON", { type: Type.STRING, name: "constructor" }],
	])("%s: nothing, but where to teach it", (_, shape) => {
		expect(() => rendered(shape)).toThrow("the codecs do not know fields like");
	});

	test("a message that holds itself: nothing", () => {
		expect(() => rendered({ type: Type.MESSAGE, of: ".a.Thing" })).toThrow("holds itself");
	});
});
