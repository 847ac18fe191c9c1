// Word for word: what codecs promise about text, and what they refuse to send.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	type Codec,
	create,
	DownSchema,
	EncodeError,
	jsonCodec,
	protoCodec,
	Room_Kind,
	type Up,
	UpSchema,
} from "../../src/mod.ts";
import { hex } from "../helpers.ts";

const CODECS = [protoCodec, jsonCodec];

describe.each(CODECS)("$name", (codec) => {
	test.each([
		["a byte order mark in front", "\ufeffhello"],
		["NUL", "a\0b"],
		["line separators and controls", "a\u2028b\u2029c\u0085d\u001be\r\n"],
		["noncharacters and the last code point", "\ufffe\uffff\u{10ffff}"],
		["text that looks like an escape", "\\u0041 \\ud800 \\"],
		["replacement characters that were said", "\ufffd"],
		["decomposed and composed forms", "e\u0301 \u00e9"],
	])("%s arrives as it was said", (_, text) => {
		expect(echoed(codec, text)).toBe(text);
	});

	test("any well-formed text arrives as it was said", () => {
		fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => expect(echoed(codec, text)).toBe(text)));
	});

	test("texts of every length around the borders of lengths arrive whole", () => {
		for (const edge of [16, 24, 48, 126, 16_382, 70_000]) {
			for (let length = edge; length < edge + 4; length++) {
				for (const unit of ["a", "é", "€"]) expect(echoed(codec, unit.repeat(length))).toBe(unit.repeat(length));
			}
		}
	});

	test.each(["\ud800", "a\udc00", "\udc00\ud800", `${"x".repeat(100)}\ud83d`])(
		"an unpaired surrogate (%j) is refused, not mended",
		(text) => {
			expect(refusal(() => codec.encodeUp(sending(text)))).toBe("bad_utf8");
			const failure = create(DownSchema, { body: { case: "failure", value: { message: text } } });
			expect(refusal(() => codec.encodeDown(failure))).toBe("bad_utf8");
		},
	);

	test.each([-1, 1.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY, "1"])("%p is no number for a seq or an id", (value) => {
		expect(refusal(() => codec.encodeUp(create(UpSchema, { id: value as number, command: { case: "rooms", value: {} } })))).toBe(
			"malformed",
		);
	});

	test("a value of another type than its field is refused", () => {
		const wrong: Record<string, unknown>[] = [
			{ case: "who", value: { room: 7 } },
			{ case: "join", value: { create: "yes" } },
			{ case: "create", value: { kind: 1.5 } },
			{ case: "dance", value: {} },
			{ case: "who", value: "tea" },
		];
		for (const command of wrong) {
			const up = { ...create(UpSchema, { id: 1 }), command } as unknown as Up;
			expect(refusal(() => codec.encodeUp(up))).toBe("malformed");
		}
		const sent = create(DownSchema, { body: { case: "sent", value: { atMs: "now" as unknown as number } } });
		expect(refusal(() => codec.encodeDown(sent))).toBe("malformed");
	});

	test("after a refusal the next message is written right", () => {
		refusal(() => codec.encodeUp(sending("long enough to have been written in part \ud800")));
		expect(echoed(codec, "hello")).toBe("hello");
	});

	test("two messages share no memory", () => {
		const first = codec.encodeUp(sending("first"));
		const copy = typeof first === "string" ? first : first.slice();
		codec.encodeUp(sending("other"));
		expect(first).toEqual(copy);
		const hello = codec.encodeUp(create(UpSchema, { id: 1, command: { case: "hello", value: {} } }));
		const [one, two] = [codec.decodeUp(hello), codec.decodeUp(hello)];
		if (one.command.case === "hello" && two.command.case === "hello") {
			expect(one.command.value.cursors).not.toBe(two.command.value.cursors);
			expect(one.command.value.credential).not.toBe(two.command.value.credential);
		}
	});
});

test("the example of docs/protocol.md has these bytes", () => {
	const up = create(UpSchema, { id: 3, command: { case: "send", value: { room: "#tea", cid: "c1", text: "hello" } } });
	expect(hex(protoCodec.encodeUp(up) as Uint8Array)).toBe("08 03 a2 01 11 0a 04 23 74 65 61 12 02 63 31 1a 05 68 65 6c 6c 6f");
	expect(jsonCodec.encodeUp(up)).toBe('{"id":3,"send":{"room":"#tea","cid":"c1","text":"hello"}}');
});

test("zero values are left out, but a command without fields and a credential are not", () => {
	expect(jsonCodec.encodeUp(create(UpSchema, { id: 1, command: { case: "rooms", value: {} } }))).toBe('{"id":1,"rooms":{}}');
	expect(
		jsonCodec.encodeUp(create(UpSchema, { command: { case: "hello", value: { credential: { case: "token", value: "" } } } })),
	).toBe('{"hello":{"token":""}}');
	expect(
		jsonCodec.encodeUp(create(UpSchema, { id: 1, command: { case: "create", value: { name: "tea", kind: Room_Kind.PUBLIC } } })),
	).toBe('{"id":1,"create":{"name":"tea","kind":"PUBLIC"}}');
});

function sending(text: string): Up {
	return create(UpSchema, { id: 1, command: { case: "send", value: { room: "#tea", cid: "c", text } } });
}

function echoed(codec: Codec, text: string): string | undefined {
	const { command } = codec.decodeUp(codec.encodeUp(sending(text)));
	return command.case === "send" ? command.value.text : undefined;
}

function refusal(encode: () => unknown): string | undefined {
	try {
		encode();
	} catch (error) {
		if (error instanceof EncodeError) return error.code;
		throw error;
	}
	return undefined;
}
