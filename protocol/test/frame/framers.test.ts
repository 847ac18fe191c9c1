// What every framer promises, on each of them: the same cases, whole, byte by byte, and with trailing bytes.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Framer, fixedFramer, lengthFramer, newlineFramer } from "../../src/mod.ts";
import { bodies, bytes, chunks, concat, fromHex, hex, run } from "../helpers.ts";

const BYTES_MAX = 1000;

interface Case {
	readonly name: string;
	readonly make: () => Framer;
	/** Bodies and their bytes on the wire, in hex. */
	readonly frames: readonly (readonly [Uint8Array, string])[];
	/** Bodies that this framing can carry. */
	readonly body: fc.Arbitrary<Uint8Array>;
}

const CASES: readonly Case[] = [
	{
		name: "length",
		make: () => lengthFramer({ bytesMax: BYTES_MAX, crc: false }),
		frames: [
			[bytes("hello"), "00 00 00 05 68 65 6c 6c 6f"],
			[new Uint8Array(0), "00 00 00 00"],
		],
		body: fc.uint8Array({ maxLength: BYTES_MAX }),
	},
	{
		name: "length with CRC-32C",
		make: () => lengthFramer({ bytesMax: BYTES_MAX, crc: true }),
		frames: [
			[bytes("123456789"), "00 00 00 09 30 d5 90 0b 31 32 33 34 35 36 37 38 39 e3 06 92 83"],
			[new Uint8Array(0), "00 00 00 00 48 67 4b c7 00 00 00 00"],
		],
		body: fc.uint8Array({ maxLength: BYTES_MAX }),
	},
	{
		name: "newline",
		make: () => newlineFramer({ bytesMax: BYTES_MAX }),
		frames: [
			[bytes("hello"), "68 65 6c 6c 6f 0a"],
			[new Uint8Array(0), "0a"],
		],
		body: fc.string({ unit: "grapheme", maxLength: 100 }).map((text) => bytes(text.replace(/[\r\n]/g, ""))),
	},
	{
		name: "fixed",
		make: () => fixedFramer({ bytes: 5 }),
		frames: [[bytes("hello"), "68 65 6c 6c 6f"]],
		body: fc.uint8Array({ minLength: 5, maxLength: 5 }),
	},
];

describe.each(CASES)("framing by $name", ({ make, frames, body }) => {
	test.each(frames)("%p is these bytes on the wire: %s", (one, wire) => {
		expect(hex(make().encode(one))).toBe(wire);
		expect(run(make(), [fromHex(wire)])).toEqual([{ kind: "frame", body: one }]);
	});

	test.each(frames)("%p arrives byte by byte, and not before its last byte", (one, wire) => {
		const framer = make();
		const stream = fromHex(wire);
		for (const [i, byte] of stream.entries()) {
			framer.push(Uint8Array.of(byte));
			const event = framer.next();
			if (i < stream.length - 1) {
				expect(event).toBeUndefined();
				expect(framer.midFrame).toBe(true);
			} else {
				expect(event).toEqual({ kind: "frame", body: one });
				expect(framer.next()).toBeUndefined();
				expect(framer.midFrame).toBe(false);
			}
		}
	});

	test.each(frames)("%p followed by the beginning of another is one frame, and the other is awaited", (one, wire) => {
		const framer = make();
		const another = framer.encode(frames[0]?.[0] ?? one);
		const events = run(framer, [concat([fromHex(wire), another.subarray(0, -1)])]);
		expect(events).toEqual([{ kind: "frame", body: one }]);
		expect(framer.midFrame).toBe(true);
		expect(run(framer, [another.subarray(-1)])).toHaveLength(1);
		expect(framer.midFrame).toBe(false);
	});

	test("any bodies arrive whole and in order, however the stream is cut", () => {
		fc.assert(
			fc.property(
				fc.array(body, { maxLength: 20 }),
				fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
				(sent, sizes) => {
					const framer = make();
					const stream = concat(sent.map((one) => framer.encode(one)));
					expect(bodies(run(framer, chunks(stream, sizes)))).toEqual(sent);
					expect(framer.midFrame).toBe(false);
				},
			),
		);
	});

	test("no bytes whatever make it throw", () => {
		fc.assert(
			fc.property(
				fc.uint8Array({ maxLength: 3000 }),
				fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
				(noise, sizes) => {
					run(make(), chunks(noise, sizes));
				},
			),
		);
	});

	test("a second chunk before the first is used up is our bug, and said to be", () => {
		const framer = make();
		framer.push(bytes("hello, hello, hello"));
		expect(() => framer.push(bytes("!"))).toThrow("before next()");
	});
});
