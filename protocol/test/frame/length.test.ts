// What length frames promise on bad days: lying lengths, flipped bits, one byte at a time.
import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type FrameEvent, lengthFramer, lengthOverheadBytes } from "../../src/mod.ts";
import { bytes, chunks, concat, run } from "../helpers.ts";

const BYTES_MAX = 1000;

describe.each([{ crc: false }, { crc: true }])("with crc $crc", ({ crc }) => {
	test("a frame of the limit passes; one more is refused as soon as its length is known", () => {
		const framer = lengthFramer({ bytesMax: BYTES_MAX, crc });
		const longer = lengthFramer({ bytesMax: BYTES_MAX + 1, crc });
		expect(run(framer, [framer.encode(new Uint8Array(BYTES_MAX))])).toHaveLength(1);
		const head = longer.encode(new Uint8Array(BYTES_MAX + 1)).subarray(0, crc ? 8 : 4);
		expect(run(framer, [head])).toMatchObject([{ kind: "error", code: "too_large" }]);
	});

	test("after an error every call gives the same error, and nothing is kept", () => {
		const framer = lengthFramer({ bytesMax: BYTES_MAX, crc });
		framer.push(new Uint8Array(20).fill(0xff));
		const first = framer.next();
		expect(first).toMatchObject({ kind: "error" });
		framer.push(framer.encode(bytes("hello")));
		framer.push(framer.encode(bytes("hello")));
		expect(framer.next()).toBe(first);
		expect(framer.midFrame).toBe(false);
	});

	test("it never sends what the other side would refuse", () => {
		expect(() => lengthFramer({ bytesMax: 4, crc }).encode(bytes("hello"))).toThrow(RangeError);
	});

	test("it adds the overhead that it names", () => {
		expect(lengthFramer({ bytesMax: 9, crc }).encode(bytes("hello")).length).toBe(5 + lengthOverheadBytes(crc));
	});

	test("a body is a view of the chunk where it lies whole in it", () => {
		const framer = lengthFramer({ bytesMax: BYTES_MAX, crc });
		const chunk = framer.encode(bytes("hello"));
		framer.push(chunk);
		const event = framer.next();
		expect(event?.kind === "frame" && event.body.buffer === chunk.buffer).toBe(true);
	});

	test("a length that is never kept costs what was sent, not what was promised", () => {
		const bytesMax = 1024 * 1024;
		const beginning = lengthFramer({ bytesMax, crc }).encode(new Uint8Array(bytesMax)).subarray(0, 20);
		const before = memoryBytes();
		const framers = Array.from({ length: 500 }, () => {
			const framer = lengthFramer({ bytesMax, crc });
			framer.push(beginning);
			expect(framer.next()).toBeUndefined();
			return framer;
		});
		expect(memoryBytes() - before).toBeLessThan(framers.length * 1024);
	});

	test("a frame that comes byte by byte is never held in more than its own length", () => {
		const bytesMax = 256 * 1024;
		const framers = Array.from({ length: 20 }, () => lengthFramer({ bytesMax, crc }));
		const frame = lengthFramer({ bytesMax, crc }).encode(new Uint8Array(bytesMax).fill(7));
		const before = memoryBytes();
		for (const framer of framers) {
			for (let at = 0; at < frame.length - 1; at += 1000)
				run(framer, [frame.subarray(at, Math.min(at + 1000, frame.length - 1))]);
		}
		expect(memoryBytes() - before).toBeLessThan(framers.length * (frame.length + 4096));
		for (const framer of framers) expect(run(framer, [frame.subarray(-1)])).toMatchObject([{ kind: "frame" }]);
	});

	test("one byte at a time costs each byte a bounded number of copies", () => {
		// Counts copies instead of time: the sizes of all buffers that were ever made stay within a multiple of the frame.
		const bytesMax = 64 * 1024;
		const frame = lengthFramer({ bytesMax, crc }).encode(new Uint8Array(bytesMax));
		const framer = lengthFramer({ bytesMax, crc });
		const Original = globalThis.Uint8Array;
		let allocated = 0;
		globalThis.Uint8Array = new Proxy(Original, {
			construct(target, args) {
				if (typeof args[0] === "number") allocated += args[0];
				return Reflect.construct(target, args);
			},
		});
		try {
			for (let at = 0; at < frame.length; at++) {
				framer.push(frame.subarray(at, at + 1));
				if (at < frame.length - 1) expect(framer.next()).toBeUndefined();
			}
		} finally {
			globalThis.Uint8Array = Original;
		}
		expect(framer.next()).toMatchObject({ kind: "frame" });
		expect(allocated).toBeLessThan(frame.length * 3);
	});
});

describe("with a check agreed", () => {
	const make = () => lengthFramer({ bytesMax: BYTES_MAX, crc: true });
	const HEAD_BYTES = 8;

	test("a damaged body costs that one frame: all before and after it arrive", () => {
		fc.assert(
			fc.property(
				fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 12 }),
				fc.nat(),
				fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
				fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
				(sent, which, flips, sizes) => {
					const hit = which % sent.length;
					const frames = sent.map((body) => make().encode(body));
					const frame = frames[hit] ?? new Uint8Array(0);
					const before = frame.slice();
					for (const flip of flips) flipBit(frame, HEAD_BYTES * 8 + (flip % ((frame.length - HEAD_BYTES) * 8)));
					fc.pre(frame.some((byte, i) => byte !== before[i]));
					const expected: FrameEvent[] = sent.map((body, i) => (i === hit ? { kind: "damaged" } : { kind: "frame", body }));
					expect(run(make(), chunks(concat(frames), sizes))).toEqual(expected);
				},
			),
		);
	});

	test("a damaged length is known at once and ends the stream, so that nothing is taken for what it is not", () => {
		fc.assert(
			fc.property(
				fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 12 }),
				fc.nat(),
				fc.integer({ min: 0, max: HEAD_BYTES * 8 - 1 }),
				(sent, which, flip) => {
					const hit = which % sent.length;
					const frames = sent.map((body) => make().encode(body));
					flipBit(frames[hit] ?? new Uint8Array(HEAD_BYTES), flip);
					const events = run(
						make(),
						[concat(frames.slice(0, hit)), (frames[hit] ?? new Uint8Array(0)).subarray(0, HEAD_BYTES)].filter(notEmpty),
					);
					const expected = sent.slice(0, hit).map((body) => ({ kind: "frame", body }));
					expect(events.slice(0, -1)).toEqual(expected as FrameEvent[]);
					expect(events.at(-1)).toMatchObject({ kind: "error", code: "damaged" });
				},
			),
		);
	});

	test("whatever bits are flipped, no body arrives that was not sent", () => {
		fc.assert(
			fc.property(
				fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 12 }),
				fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
				fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
				(sent, flips, sizes) => {
					const stream = concat(sent.map((body) => make().encode(body)));
					for (const flip of flips) flipBit(stream, flip % (stream.length * 8));
					const known = new Set(sent.map(String));
					for (const event of run(make(), chunks(stream, sizes))) {
						if (event.kind === "frame") expect(known.has(String(event.body))).toBe(true);
					}
				},
			),
		);
	});
});

function flipBit(target: Uint8Array, bit: number): void {
	const at = bit >>> 3;
	target[at] = (target[at] ?? 0) ^ (1 << (bit & 7));
}

function notEmpty(part: Uint8Array): boolean {
	return part.length > 0;
}

/** Memory of all buffers alive, whether the system has given it pages or not. */
function memoryBytes(): number {
	Bun.gc(true);
	return heapStats().extraMemorySize;
}
