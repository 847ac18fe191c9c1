import { expect, test } from "bun:test";
import { fixedFramer, newlineFramer } from "../../src/mod.ts";
import { bodies, bytes, chunks, run } from "../helpers.ts";

test("a line ends with a line feed, with or without a carriage return before it", () => {
	const events = run(newlineFramer({ bytesMax: 10 }), [bytes("a\r\nb\n\r\nc\rd\n")]);
	expect(bodies(events)).toEqual([bytes("a"), bytes("b"), bytes(""), bytes("c\rd")]);
});

test.each([1, 3, 100])("a line of the limit passes with either end, one more does not, in chunks of %d", (size) => {
	const make = () => newlineFramer({ bytesMax: 10 });
	expect(bodies(run(make(), chunks(bytes("0123456789\r\n0123456789\n"), [size])))).toHaveLength(2);
	expect(run(make(), chunks(bytes("0123456789a\n"), [size]))).toMatchObject([{ kind: "error", code: "too_large" }]);
	expect(run(make(), chunks(bytes("0123456789a\r\n"), [size]))).toMatchObject([{ kind: "error", code: "too_large" }]);
});

test("a line that never ends is refused when it passes the limit, not when it ends", () => {
	const framer = newlineFramer({ bytesMax: 10 });
	expect(run(framer, [bytes("0123456789a")])).toEqual([]);
	expect(run(framer, [bytes("b")])).toMatchObject([{ kind: "error", code: "too_large" }]);
	expect(framer.midFrame).toBe(false);
});

test("a body that a line cannot carry unchanged is not sent", () => {
	const framer = newlineFramer({ bytesMax: 10 });
	expect(() => framer.encode(bytes("a\nb"))).toThrow("line feed");
	expect(() => framer.encode(bytes("a\r"))).toThrow("carriage return");
	expect(() => framer.encode(bytes("01234567890"))).toThrow("limit");
});

test("fixed frames carry their own length and nothing else", () => {
	expect(() => fixedFramer({ bytes: 5 }).encode(bytes("four"))).toThrow(RangeError);
	expect(() => fixedFramer({ bytes: 0 })).toThrow(RangeError);
	expect(() => fixedFramer({ bytes: 1.5 })).toThrow(RangeError);
});
