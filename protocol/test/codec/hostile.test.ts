// What decoders promise whatever arrives: a message, or a DecodeError that says what is wrong; never anything else.
import { describe, expect, test } from "bun:test";
import { create as created, toBinary, UpSchema as UpDesc } from "@verbatim/testkit/library";
import fc from "fast-check";
import { type Codec, create, DecodeError, type DecodeErrorCode, jsonCodec, protoCodec, UpSchema } from "../../src/mod.ts";
import { bytes, concat, fromHex } from "../helpers.ts";
import { anyDown, anyUp } from "./arbitrary.ts";

const CODECS = [protoCodec, jsonCodec];

describe.each(CODECS)("$name", (codec) => {
	test("of every beginning of a message, each is a message or an error with its code", () => {
		fc.assert(
			fc.property(anyUp, anyDown, (up, down) => {
				for (const body of prefixes(asBytes(codec.encodeUp(up)))) decoded(() => codec.decodeUp(body));
				for (const body of prefixes(asBytes(codec.encodeDown(down)))) decoded(() => codec.decodeDown(body));
			}),
			{ numRuns: 30 },
		);
	});

	test("flipped bits give another message or an error, and what was read can be written again", () => {
		fc.assert(
			fc.property(anyUp, anyDown, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), (up, down, flips) => {
				const upBody = flipped(asBytes(codec.encodeUp(up)), flips);
				const downBody = flipped(asBytes(codec.encodeDown(down)), flips);
				const upAgain = decoded(() => codec.decodeUp(upBody));
				const downAgain = decoded(() => codec.decodeDown(downBody));
				if (upAgain) expect(codec.decodeUp(codec.encodeUp(upAgain))).toEqual(upAgain);
				if (downAgain) expect(codec.decodeDown(codec.encodeDown(downAgain))).toEqual(downAgain);
			}),
			{ numRuns: 500 },
		);
	});

	test("noise is an error or a message", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
				decoded(() => codec.decodeUp(noise));
				decoded(() => codec.decodeDown(noise));
			}),
			{ numRuns: 1000 },
		);
	});

	test("what trails a message is not overlooked", () => {
		const body = asBytes(codec.encodeUp(create(UpSchema, { id: 1, command: { case: "rooms", value: {} } })));
		for (const trail of ["00", "7b 7d", "80", "ff ff ff ff ff"]) {
			expect(failure(codec, concat([body, fromHex(trail)]))).toBeInstanceOf(DecodeError);
		}
	});
});

describe("JSON comes up exactly, or not at all", () => {
	test.each<[string, DecodeErrorCode, string]>([
		["", "malformed", "not JSON"],
		["[]", "malformed", "must be an object"],
		["null", "malformed", "must be an object"],
		["7", "malformed", "must be an object"],
		['{"id":1,"rooms":{}} x', "malformed", "not JSON"],
		['\ufeff{"id":1,"rooms":{}}', "malformed", "not JSON"],
		['{"id":1,"dance":{}}', "unknown_command", '"dance"'],
		['{"id":1,"__proto__":{"polluted":true}}', "unknown_command", '"__proto__"'],
		['{"id":1,"constructor":{}}', "unknown_command", '"constructor"'],
		['{"id":1,"colour":"red"}', "malformed", '"colour"'],
		['{"id":1,"colour":null}', "malformed", '"colour"'],
		['{"id":1,"colour":[{}]}', "malformed", '"colour"'],
		['{"id":1,"colour":7}', "malformed", '"colour"'],
		['{"id":1,"rooms":{},"rooms":{}}', "malformed", "a key comes twice"],
		['{"id":1,"id":1,"rooms":{}}', "malformed", "a key comes twice"],
		['{"id":1,"rooms":null,"rooms":{}}', "malformed", "a key comes twice"],
		['{"id":1,"who":{"room":"a","room":"a"}}', "malformed", "a key comes twice"],
		['{"id":1,"who":{"room":"a","r\\u006fom":"a"}}', "malformed", "a key comes twice"],
		['{"id":1,"hello":{"cursors":[{"seq":1,"seq":1}]}}', "malformed", "a key comes twice"],
		['{"id":1,"send":{"room":"r","cid":"c","text":"t","colour":"red"}}', "malformed", 'verbatim.v1.Send does not know "colour"'],
		['{"id":1,"send":{"__proto__":{"text":"t"}}}', "malformed", '"__proto__"'],
		['{"id":1,"refresh":{"refresh_token":"t"}}', "malformed", '"refresh_token"'],
		['{"id":1,"rooms":{},"who":{}}', "malformed", "both rooms and who"],
		['{"id":"1","rooms":{}}', "malformed", "id must be a whole number"],
		['{"id":-1,"rooms":{}}', "malformed", "id must be a whole number"],
		['{"id":1.5,"rooms":{}}', "malformed", "id must be a whole number"],
		['{"id":4294967296,"rooms":{}}', "malformed", "id must be a whole number"],
		['{"id":1,"rooms":[]}', "malformed", "Rooms must be an object"],
		['{"id":1,"hello":{"cursors":{}}}', "malformed", "cursors must be an array"],
		['{"id":1,"hello":{"cursors":[null]}}', "malformed", "Cursor must be an object"],
		['{"id":1,"join":{"create":1}}', "malformed", "create must be true or false"],
		['{"id":1,"who":{"room":7}}', "malformed", "room must be a string"],
		['{"id":1,"create":{"kind":"SECRET"}}', "malformed", "SECRET"],
		['{"id":1,"create":{"kind":1.5}}', "malformed", "kind must be"],
		['{"id":1,"send":{"text":"\\ud800"}}', "bad_utf8", "text holds an unpaired surrogate"],
		['{"id":1,"send":{"text":"\\udc00\\ud800"}}', "bad_utf8", "text holds an unpaired surrogate"],
	])("%s", (body, code, words) => {
		for (const form of [body, bytes(body)]) {
			const error = failure(jsonCodec, form);
			expect(error.code).toBe(code);
			expect(error.message).toContain(words);
		}
	});

	test("null says absent, numbers may be spelt as JSON allows, enums may be numbers", () => {
		const up = jsonCodec.decodeUp('{"id":1e1, "trace":null, "create":{"name":"tea","kind":2,"history":-0}}');
		expect(up).toStrictEqual(create(UpSchema, { id: 10, command: { case: "create", value: { name: "tea", kind: 2 } } }));
	});

	test("depth is harmless", () => {
		const deep = `${"[".repeat(60_000)}${"]".repeat(60_000)}`;
		expect(failure(jsonCodec, deep).code).toBe("malformed");
		expect(failure(jsonCodec, `{"id":1,"x":${deep}}`).code).toMatch(/malformed|unknown_command/);
		expect(decoded(() => jsonCodec.decodeDown(`{"id":1,"x":${deep}}`))?.id ?? 1).toBe(1);
	});

	test("what is refused before it is parsed has the id 0, and no trace", () => {
		const deep = `{"id":7,"trace":"t1","x":${"[".repeat(9)}${"]".repeat(9)}}`;
		const wide = `{"id":7,"trace":"t1","x":[${"0,".repeat(10_000)}0]}`;
		expect(failure(jsonCodec, deep)).toMatchObject({ code: "malformed", id: 0, trace: "" });
		expect(failure(jsonCodec, wide)).toMatchObject({ code: "too_large", id: 0, trace: "" });
	});

	test("no key of a message reaches any prototype", () => {
		const body = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"done":{"__proto__":{"polluted":1}}}';
		const down = jsonCodec.decodeDown(body);
		expect(down.body.case).toBe("done");
		expect(Object.getPrototypeOf(down)).toBe(Object.prototype);
		expect("polluted" in {}).toBe(false);
	});

	test.each([0x80, 0xc0, 0xff])("the byte %d alone is not UTF-8", (byte) => {
		const body = concat([bytes('{"id":1,"send":{"text":"'), Uint8Array.of(byte), bytes('"}}')]);
		expect(failure(jsonCodec, body).code).toBe("bad_utf8");
	});
});

describe("Protobuf comes up exactly, or not at all", () => {
	test.each<[string, string, DecodeErrorCode, string]>([
		["a command of a later version", "08 07 f2 01 00", "unknown_command", "number 30"],
		["a field that Up does not have", "1a 00", "malformed", "verbatim.v1.Up has no field with the number 3"],
		["a field that Send does not have", "a2 01 02 48 01", "malformed", "verbatim.v1.Send has no field with the number 9"],
		["field 0", "00 00", "malformed", "number 0"],
		["two commands", "da 01 00 e2 01 00", "malformed", "both rooms and who"],
		["the same command twice", "da 01 00 da 01 00", "malformed", "both rooms and rooms"],
		["the id twice", "08 01 08 01 da 01 00", "malformed", "id comes twice"],
		["a text twice", "08 01 a2 01 06 0a 01 61 0a 01 61", "malformed", "room comes twice"],
		["a number where a command of a later version would be", "08 07 f0 01 01", "malformed", "number 30"],
		["a text where a number should be", "0a 01 31", "malformed", "Up.id has wire type 2"],
		["a number of 33 bits", "08 ff ff ff ff 1f", "malformed", "32 bits"],
		["a number of 33 bits that ends in 0", "08 81 80 80 80 10", "malformed", "32 bits"],
		["a number in six bytes", "08 81 80 80 80 80 00", "malformed", "32 bits"],
		["an enum of 2^32 + 2", "ba 01 06 10 82 80 80 80 10", "malformed", "32 bits"],
		["an enum of 2^31", "ba 01 06 10 80 80 80 80 08", "malformed", "32 bits"],
		["a negative enum without its sign extended", "ba 01 06 10 ff ff ff ff 0f", "malformed", "32 bits"],
		["an enum of 70 bits", "ba 01 0b 10 ff ff ff ff ff ff ff ff ff 7f", "malformed", "32 bits"],
		["an enum that ends within its sign", "ba 01 08 10 ff ff ff ff ff ff ff", "malformed", "ends within a number"],
		["a bool of 2^32", "aa 01 06 10 80 80 80 80 10", "malformed", "32 bits"],
		["a bool of 2", "aa 01 02 10 02", "malformed", "bool"],
		["a bool of 70 bits", "aa 01 0b 10 81 80 80 80 80 80 80 80 80 7f", "malformed", "32 bits"],
		["a number that does not end", "08 ff", "malformed", "ends within a number"],
		["a length beyond the frame", "12 05 61", "malformed", "reaches beyond"],
		["a length beyond its parent", "a2 01 02 0a 05 61 61 61 61 61", "malformed", "reaches beyond"],
		["a group, where a command should be", "08 07 9b 01 9c 01", "malformed", "number 19"],
		["an overlong form", "12 02 c0 80", "bad_utf8", "trace is not UTF-8"],
		["a surrogate", "12 03 ed a0 80", "bad_utf8", "trace is not UTF-8"],
		["half a character", "12 02 e2 82", "bad_utf8", "trace is not UTF-8"],
	])("%s", (_, wire, code, words) => {
		const error = failure(protoCodec, fromHex(wire));
		expect(error.message).toContain(words);
		expect(error.code).toBe(code);
	});

	test("a varint may be longer than it needs to be, up to five bytes; a negative enum is one of ten", () => {
		const up = protoCodec.decodeUp(fromHex("08 87 80 80 80 00 ba 01 06 10 82 80 80 80 00"));
		expect(up).toStrictEqual(create(UpSchema, { id: 7, command: { case: "create", value: { kind: 2 } } }));
		for (const kind of [-1, -2_147_483_648, 2_147_483_647]) {
			const sent = create(UpSchema, { id: 7, command: { case: "create", value: { kind: kind as 0 } } });
			expect(protoCodec.decodeUp(protoCodec.encodeUp(sent))).toStrictEqual(sent);
		}
		expect(protoCodec.decodeUp(fromHex("08 07 aa 01 03 10 81 00")).command).toMatchObject({ value: { create: true } });
	});

	test("a client skips a number of 64 bits that it does not know, and none of more", () => {
		expect(protoCodec.decodeDown(fromHex("08 07 f8 07 ff ff ff ff ff ff ff ff ff 01")).id).toBe(7);
		expect(() => protoCodec.decodeDown(fromHex("08 07 f8 07 ff ff ff ff ff ff ff ff ff 7f"))).toThrow("64 bits");
	});

	test("text frames are none of its business", () => {
		expect(failure(protoCodec, "{}").code).toBe("malformed");
		expect(() => protoCodec.decodeDown("{}")).toThrow(DecodeError);
	});

	test("a body may be a view anywhere in a buffer", () => {
		const body = toBinary(UpDesc, created(UpDesc, { id: 7, command: { case: "who", value: { room: "#tea" } } }));
		const down = asBytes(protoCodec.encodeDown(protoCodec.decodeDown(fromHex("08 07 62 09 21 00 00 00 00 00 00 f0 3f"))));
		for (let shift = 0; shift < 9; shift++) {
			const room = new Uint8Array(64).fill(0xff);
			room.set(body, shift);
			expect(protoCodec.decodeUp(room.subarray(shift, shift + body.length)).id).toBe(7);
			room.set(down, shift);
			const sent = protoCodec.decodeDown(room.subarray(shift, shift + down.length));
			expect(sent.body.case === "sent" && sent.body.value.atMs).toBe(1);
		}
	});
});

describe("both codecs refuse the same for the same reason", () => {
	test.each<[string, string, string, DecodeErrorCode]>([
		["a command twice", '{"id":7,"rooms":{},"rooms":{}}', "08 07 da 01 00 da 01 00", "malformed"],
		["two commands", '{"id":7,"rooms":{},"who":{}}', "08 07 da 01 00 e2 01 00", "malformed"],
		["a field twice", '{"id":7,"trace":"a","trace":"b"}', "08 07 12 01 61 12 01 62", "malformed"],
		["an unknown command", '{"id":7,"dance":{}}', "08 07 f2 01 00", "unknown_command"],
		["an unknown field that is no command", '{"id":7,"dance":1}', "08 07 f0 01 01", "malformed"],
		["an unknown field of a command", '{"id":7,"who":{"colour":1}}', "08 07 e2 01 03 f8 01 01", "malformed"],
		["a field of another type", '{"id":7,"who":{"room":1}}', "08 07 e2 01 02 08 01", "malformed"],
		["text that is none", '{"id":7,"who":{"room":"\\ud800"}}', "08 07 e2 01 05 0a 03 ed a0 80", "bad_utf8"],
	])("%s", (_, json, proto, code) => {
		const errors = [failure(jsonCodec, json), failure(protoCodec, fromHex(proto))];
		expect(errors.map((error) => [error.code, error.id])).toEqual([
			[code, 7],
			[code, 7],
		]);
	});

	test.each<[string, string, string, DecodeErrorCode]>([
		["an unknown command", '{"id":7,"dance":{},"trace":"t1"}', "08 07 12 02 74 31 f2 01 00", "unknown_command"],
		[
			"one before a known one",
			'{"id":7,"trace":"t1","dance":{},"rooms":{}}',
			"08 07 12 02 74 31 f2 01 00 da 01 00",
			"unknown_command",
		],
		[
			"one behind a known one",
			'{"id":7,"trace":"t1","rooms":{},"dance":{}}',
			"08 07 12 02 74 31 da 01 00 f2 01 00",
			"unknown_command",
		],
		["an unknown field", '{"id":7,"trace":"t1","who":{"colour":1}}', "08 07 12 02 74 31 e2 01 03 f8 01 01", "malformed"],
	])("%s, and the trace comes along with the id", (_, json, proto, code) => {
		for (const error of [failure(jsonCodec, json), failure(protoCodec, fromHex(proto))]) {
			expect([error.code, error.id, error.trace]).toEqual([code, 7, "t1"]);
		}
	});
});

describe("what would take long to read is refused before it is read", () => {
	/** Fills a frame of 64 KiB. */
	const filled = (piece: string): string => piece.repeat(65_536 / piece.length);

	test.each<[string, string, DecodeErrorCode]>([
		["arrays in arrays", filled("["), "malformed"],
		["objects in objects", filled('{"a":'), "malformed"],
		["arrays in arrays, behind what looks right", `{"id":1,"hello":{"cursors":${filled("[")}`, "malformed"],
		["many numbers", `[${filled("0,")}0]`, "too_large"],
		["many objects", `[${filled("{},")}{}]`, "too_large"],
		["many keys", `{"id":1,"send":{${filled('"a":1,')}"b":1}}`, "too_large"],
	])("JSON: %s", (_, body, code) => {
		const error = failure(jsonCodec, body);
		expect(error.code).toBe(code);
		// JSON.parse has not seen it.
		expect(error.cause).toBeUndefined();
	});

	test("JSON: brackets, commas and quotes in a text are only text", () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom("[", "{", '"', "\\", ",", "a", "\u0001"), { maxLength: 60 }), (pieces) => {
				const text = filled(pieces.join("").slice(0, 16) || "[");
				const up = create(UpSchema, { id: 1, command: { case: "send", value: { room: "r", cid: "c", text } } });
				expect(jsonCodec.decodeUp(jsonCodec.encodeUp(up))).toEqual(up);
			}),
			{ numRuns: 200 },
		);
	});

	test("Protobuf: many empty elements", () => {
		// hello (field 10) of 60,000 bytes: 30,000 empty cursors (field 6).
		const body = concat([fromHex("08 07 52 e0 d4 03"), fromHex("32 00 ".repeat(30_000).trim())]);
		expect(failure(protoCodec, body)).toMatchObject({ code: "too_large", id: 7 });
	});

	test.each(CODECS)("$name: a cursor for each room that a user may be in is not much", (codec) => {
		const cursors = Array.from({ length: 700 }, (_, i) => ({ room: `r${i}`, epoch: 7, seq: i + 1 }));
		const hello = (count: number) =>
			create(UpSchema, { id: 1, command: { case: "hello", value: { client: "test", cursors: cursors.slice(0, count) } } });
		for (const count of [500, 501]) expect(codec.decodeUp(codec.encodeUp(hello(count)))).toEqual(hello(count));
		expect(codec.decodeUp(codec.encodeUp(hello(700)), 700)).toEqual(hello(700));
		expect(failure(codec, codec.encodeUp(hello(700))).code).toBe("too_large");
	});
});

describe("an error names the command that it answers", () => {
	test.each([
		['{"dance":{},"id":42}', 42],
		['{"id":42,"send":{"text":7}}', 42],
		['{"id":"42","send":{}}', 0],
		["[42]", 0],
		["{", 0],
	])("JSON: %s has id %d", (body, id) => {
		expect(failure(jsonCodec, body).id).toBe(id);
	});

	test.each([
		["08 2a f2 01 00", 42],
		["f2 01 00 08 2a", 0],
	])("Protobuf: %s has id %d, as far as it was read", (wire, id) => {
		expect(failure(protoCodec, fromHex(wire)).id).toBe(id);
	});
});

describe("what comes down may hold more than this version knows", () => {
	test("JSON: keys and names of values are left out", () => {
		const down = jsonCodec.decodeDown(
			'{"id":1,"later":true,"page":{"room":"r","to":1,"entries":[{"seq":1,"reaction":{"emoji":"+"},"sender":{"id":"u","pronouns":"they"}}]}}',
		);
		const page = down.body.case === "page" ? down.body.value : undefined;
		expect(page).toMatchObject({ room: "r", to: 1 });
		expect(page?.entries).toMatchObject([{ seq: 1, sender: { id: "u" }, body: { case: undefined } }]);
		const skipped = jsonCodec.decodeDown('{"skipped":{"room":"r","reason":"MOON"}}');
		expect(skipped.body.value).toMatchObject({ room: "r", reason: 0 });
		expect(jsonCodec.decodeDown('{"later":{"a":[1,{"b":2}]}}').body.case).toBeUndefined();
	});

	test("Protobuf: fields of all wire types are left out, wherever they stand", () => {
		const later = "a8 06 96 01 a9 06 00 00 00 00 00 00 00 00 aa 06 02 61 62 ad 06 00 00 00 00";
		// A page (field 15) of 30 bytes: room "r", to 1, and the fields that nobody knows yet.
		const down = protoCodec.decodeDown(fromHex(`08 01 ${later} 7a 1e 0a 01 72 20 01 ${later}`));
		expect(down).toMatchObject({ id: 1, body: { case: "page", value: { room: "r", to: 1 } } });
		expect(protoCodec.decodeDown(fromHex(later)).body.case).toBeUndefined();
	});
});

/** The value, or undefined for a DecodeError with a code of its own; anything else fails the test. */
function decoded<T>(decode: () => T): T | undefined {
	try {
		return decode();
	} catch (error) {
		if (!(error instanceof DecodeError)) throw error;
		expect(["malformed", "bad_utf8", "unknown_command", "too_large"]).toContain(error.code);
		return undefined;
	}
}

function failure(codec: Codec, body: Uint8Array | string): DecodeError {
	try {
		codec.decodeUp(body);
	} catch (error) {
		if (error instanceof DecodeError) return error;
		throw error;
	}
	throw new Error("this was decoded");
}

function* prefixes(body: Uint8Array): Generator<Uint8Array> {
	for (let end = 0; end <= body.length; end++) yield body.subarray(0, end);
}

function flipped(body: Uint8Array, flips: readonly number[]): Uint8Array {
	const copy = body.slice();
	for (const flip of flips) {
		if (copy.length === 0) break;
		const bit = flip % (copy.length * 8);
		copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
	}
	return copy;
}

function asBytes(body: Uint8Array | string): Uint8Array {
	return typeof body === "string" ? bytes(body) : body;
}
