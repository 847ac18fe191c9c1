// The codecs walk tables of their own; the Protobuf library is the judge of what they write and read.
import { describe, expect, test } from "bun:test";
import { DownSchema, fromBinary, fromJson, type JsonValue, toBinary, toJson, UpSchema } from "@verbatim/testkit/library";
import fc from "fast-check";
import { type Codec, type Down, jsonCodec, protoCodec, type Up } from "../../src/mod.ts";
import { anyDown, anyUp } from "./arbitrary.ts";

interface Direction<M extends Up | Down> {
	readonly name: string;
	readonly any: fc.Arbitrary<M>;
	readonly schema: typeof UpSchema | typeof DownSchema;
	encode(codec: Codec, message: M): Uint8Array | string;
	decode(codec: Codec, body: Uint8Array | string): M;
}

const UP: Direction<Up> = {
	name: "Up",
	any: anyUp,
	schema: UpSchema,
	encode: (codec, up) => codec.encodeUp(up),
	decode: (codec, body) => codec.decodeUp(body),
};
const DOWN: Direction<Down> = {
	name: "Down",
	any: anyDown,
	schema: DownSchema,
	encode: (codec, down) => codec.encodeDown(down),
	decode: (codec, body) => codec.decodeDown(body),
};
const DIRECTIONS = [UP, DOWN] as unknown as readonly Direction<Up | Down>[];

describe.each(DIRECTIONS)("$name", ({ any, schema, encode, decode }) => {
	test("what is written as Protobuf is what the library reads, but for a byte order mark that it swallows", () => {
		fc.assert(
			fc.property(any, (message) => {
				const judged: unknown = fromBinary(schema, bytesOf(encode(protoCodec, message)));
				expect(judged).toStrictEqual(mapped(message, (leaf) => (typeof leaf === "string" ? leaf.replace(/^\ufeff/, "") : leaf)));
			}),
		);
	});

	test("what the library writes as Protobuf is what is read", () => {
		fc.assert(
			fc.property(any, (message) => expect(decode(protoCodec, toBinary(schema, message as never))).toStrictEqual(message)),
		);
	});

	test("what is written as JSON is the library's JSON, and what the library reads", () => {
		fc.assert(
			fc.property(any, (message) => {
				const json: JsonValue = JSON.parse(textOf(encode(jsonCodec, message)));
				expect(json).toStrictEqual(JSON.parse(JSON.stringify(toJson(schema, message as never))));
				expect<unknown>(fromJson(schema, json)).toStrictEqual(withoutNegativeZero(message));
			}),
		);
	});

	test("what the library writes as JSON is what is read, from text and from bytes", () => {
		fc.assert(
			fc.property(any, (message) => {
				const text = JSON.stringify(toJson(schema, message as never));
				expect(decode(jsonCodec, text)).toStrictEqual(withoutNegativeZero(message));
				expect(decode(jsonCodec, new TextEncoder().encode(text))).toStrictEqual(withoutNegativeZero(message));
			}),
		);
	});
});

/** JSON has a minus zero and JavaScript does not write it. */
function withoutNegativeZero<T>(message: T): T {
	return mapped(message, (leaf) => (leaf === 0 ? 0 : leaf));
}

/** A copy with every leaf changed by `change`. */
function mapped<T>(value: T, change: (leaf: unknown) => unknown): T {
	if (typeof value !== "object" || value === null) return change(value) as T;
	if (Array.isArray(value)) return value.map((item) => mapped(item, change)) as T;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapped(inner, change)])) as T;
}

function bytesOf(body: Uint8Array | string): Uint8Array {
	if (typeof body === "string") throw new Error("Protobuf is bytes");
	return body;
}

function textOf(body: Uint8Array | string): string {
	if (typeof body !== "string") throw new Error("JSON is text");
	return body;
}
