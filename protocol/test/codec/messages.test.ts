// A send, its answer and a push of messages have a way of their own through the JSON codec; it gives what the walk along the schema gives.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { messageText, sendOf } from "../../src/codec/json-messages.ts";
import { writeJson } from "../../src/codec/json-write.ts";
import { create, DecodeError, type Down, DownSchema, EncodeError, jsonCodec } from "../../src/mod.ts";
import type { Loose } from "../../src/schema.ts";

const TEXT = fc.oneof(
	fc.string({ unit: "binary", maxLength: 20 }),
	fc.string({ maxLength: 20 }),
	fc.constantFrom("", "plain", '"', "\\", "\n", "\u2028", "\ud800", "a\udc00", "\u{10ffff}", "\ufeff"),
);
const COUNT: fc.Arbitrary<number> = fc.oneof(
	fc.nat(),
	fc.constantFrom(0, -0, 1, 0xffff_ffff, 0x1_0000_0000, -1, 1.5, Number.NaN),
);
const TIME = fc.oneof(fc.constant(1_763_690_000_000), fc.double(), fc.constantFrom(0, -0, 1e21, 1e-7));

const entry = fc.record({
	seq: COUNT,
	atMs: TIME,
	sender: fc.option(fc.record({ id: TEXT, name: TEXT }), { nil: undefined }),
	cid: TEXT,
	body: fc.oneof(
		fc.record({ case: fc.constant("message" as const), value: fc.record({ text: TEXT }) }),
		fc.constant({ case: "joined" as const, value: {} }),
		fc.constant({ case: undefined }),
	),
});
const body = fc.oneof(
	fc.record({
		case: fc.constant("sent" as const),
		value: fc.record({ room: TEXT, epoch: COUNT, seq: COUNT, atMs: TIME, repeated: fc.boolean() }),
	}),
	fc.record({
		case: fc.constant("entries" as const),
		value: fc.record({ room: TEXT, epoch: COUNT, entries: fc.array(entry, { maxLength: 4 }) }),
	}),
);
const anyMessage = fc.record({ id: COUNT, body }).map((literal): Down => create(DownSchema, literal));

/** What `task` gives, or the code of the error that it throws. */
function outcome(task: () => unknown): unknown {
	try {
		return task();
	} catch (cause) {
		if (cause instanceof EncodeError || cause instanceof DecodeError) return { failed: cause.code };
		throw cause;
	}
}

describe("what is written", () => {
	test("is what the walk writes, to the letter, and is refused where it refuses", () => {
		let own = 0;
		fc.assert(
			fc.property(anyMessage, (down) => {
				const walked = outcome(() => writeJson(DownSchema, down as unknown as Loose));
				expect(outcome(() => jsonCodec.encodeDown(down))).toEqual(walked);
				const text = messageText(down);
				if (text === undefined) return;
				own++;
				expect<unknown>(text).toBe(walked);
			}),
			{ numRuns: 5_000 },
		);
		expect(own).toBeGreaterThan(20);
	});

	test("goes the own way for what a room of people says", () => {
		const sender = { id: "u01", name: "ann" };
		const said = (seq: number, text: string) => ({
			seq,
			atMs: 1_763_690_000_000,
			sender,
			cid: `c${seq}`,
			body: { case: "message" as const, value: { text } },
		});
		const entries = [said(7, "plain"), said(8, 'a "quote"\nand \u{1f600}')];
		const push = create(DownSchema, { body: { case: "entries", value: { room: "r01", epoch: 1, entries } } });
		const answer = create(DownSchema, { id: 3, body: { case: "sent", value: { room: "r01", epoch: 1, seq: 7, atMs: 1 } } });
		for (const down of [push, answer]) expect(messageText(down)).toBe(writeJson(DownSchema, down as unknown as Loose));
	});
});

describe("a send", () => {
	const member = fc.tuple(
		fc.constantFrom("id", "trace", "send", "room", "cid", "text", "behind", "x", "__proto__"),
		fc.oneof(TEXT, COUNT, fc.constantFrom(null, true, [], {})),
	);
	const members = fc.array(member, { maxLength: 7 });
	const objectText = (rows: readonly (readonly [string, unknown])[]): string =>
		`{${rows.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;

	/** As text, so that names may come twice. */
	const anyText = fc
		.record({ outer: members, inner: members, base: fc.boolean(), id: COUNT, text: TEXT })
		.map(({ outer, inner, base, id, text }) => {
			const send = objectText([
				...(base
					? ([
							["room", "r"],
							["cid", "c"],
							["text", text],
						] as const)
					: []),
				...inner.slice(base ? 5 : 0),
			]);
			const around = objectText([...(base ? ([["id", id]] as const) : []), ...outer.slice(base ? 5 : 0)]);
			return around === "{}" ? `{"send":${send}}` : `${around.slice(0, -1)},"send":${send}}`;
		});

	test("is read as the walk reads it, or refused alike, whatever its members are", () => {
		let own = 0;
		fc.assert(
			fc.property(anyText, (text) => {
				const read = outcome(() => jsonCodec.decodeUp(text));
				const walked = outcome(() => jsonCodec.decodeUp(walkedInstead(text)));
				expect(read).toEqual(walked);
				if (sendOf(parsed(text), colons(text)) !== undefined) own++;
			}),
			{ numRuns: 5_000 },
		);
		expect(own).toBeGreaterThan(100);
	});

	test.each([
		['{"id":1,"send":{"room":"r","cid":"c","text":"t"}}', true],
		['{"id":1,"trace":"x","send":{"behind":"b","text":"t","room":"r","cid":"c"}}', true],
		['{"id":1,"send":{"room":"r","cid":"c","text":"t","text":"t"}}', false],
		['{"id":1,"send":{"room":"r","cid":"c","text":"t","behind":null}}', false],
		['{"id":1,"send":{"room":"r","cid":"c","text":"t"},"x":1}', false],
		['{"send":{"room":"r","cid":"c","text":"t"}}', false],
	])("of %s goes the own way: %p", (text, goes) => {
		expect(sendOf(parsed(text), colons(text)) !== undefined).toBe(goes);
	});

	/** The same message with a member more, that says nothing: it is left to the walk. */
	function walkedInstead(text: string): string {
		return text.replace(/^\{/, '{"ping":null,');
	}
});

function parsed(text: string): unknown {
	return JSON.parse(text);
}

/** Members of all objects of a text whose strings hold no colon. */
function colons(text: string): number {
	return text.replace(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
}
