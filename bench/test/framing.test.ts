import { describe, expect, test } from "bun:test";
import { type Framing, httpHead, lengthFrame, lengthFrames, lines, webSocketFrames, webSocketText } from "../src/load/framing.ts";

/** A server's frame: what a client would send, without its mask. */
function fromServer(length: number): Buffer {
	const body = Buffer.alloc(length, "b");
	const head =
		length < 126
			? Buffer.from([0x81, length])
			: length < 65_536
				? Buffer.from([0x81, 126, length >> 8, length & 255])
				: Buffer.from([0x81, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255]);
	return Buffer.concat([head, body]);
}

const cases: readonly (readonly [string, Framing, Buffer, string])[] = [
	["a short WebSocket message", webSocketFrames, fromServer(5), "b".repeat(5)],
	["a WebSocket message with a length of 16 bits", webSocketFrames, fromServer(300), "b".repeat(300)],
	["a WebSocket message with a length of 64 bits", webSocketFrames, fromServer(70_000), "b".repeat(70_000)],
	["an empty WebSocket message", webSocketFrames, fromServer(0), ""],
	["a line that ends in a line feed", lines, Buffer.from("hello\n"), "hello"],
	["a line that ends in both", lines, Buffer.from("hello\r\n"), "hello"],
	["a frame with its length before it", lengthFrames, lengthFrame("hello"), "hello"],
	["the head of an HTTP answer", httpHead, Buffer.from("HTTP/1.1 101 X\r\nA: b\r\n\r\n"), "HTTP/1.1 101 X\r\nA: b\r\n\r\n"],
];

describe("framing", () => {
	for (const [name, framing, frame, payload] of cases) {
		test(`${name} is cut exactly, wherever it lies and whatever follows`, () => {
			const before = Buffer.from("\n\nzz");
			const bytes = Buffer.concat([before, frame, frame]);
			const end = framing.end(bytes, before.length, bytes.length);
			expect(end).toBe(before.length + frame.length);
			expect(framing.end(bytes, end, bytes.length)).toBe(bytes.length);
			expect(framing.payload(frame).toString()).toBe(payload);
		});

		test(`${name} is not cut before its last byte is there, whatever stale bytes lie behind`, () => {
			const stale = Buffer.concat([frame, Buffer.from("\n\r\n\r\n\n")]);
			const step = Math.max(1, Math.floor(frame.length / 50));
			for (let to = 0; to < frame.length; to += step) expect(framing.end(stale, 0, to)).toBe(-1);
		});
	}

	test("a client's message is masked with zeroes, and so reads as it is", () => {
		const frame = webSocketText("x".repeat(200));
		expect([...frame.subarray(0, 8)]).toEqual([0x81, 0x80 | 126, 0, 200, 0, 0, 0, 0]);
		expect(frame.subarray(8).toString()).toBe("x".repeat(200));
	});
});
