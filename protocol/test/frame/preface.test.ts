import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	CLOSES,
	PREFACE_DEFAULT,
	PREFACE_SPOKEN,
	type Preface,
	PrefaceAnswerReader,
	type PrefaceEvent,
	PrefaceReader,
	parsePreface,
	prefaceFramer,
	renderPreface,
	renderPrefaceAnswer,
} from "../../src/mod.ts";
import { bytes, chunks, run } from "../helpers.ts";

const SPOKEN: readonly Preface[] = [
	{ codec: "proto", check: "none", frame: "length" },
	{ codec: "proto", check: "crc32c", frame: "length" },
	{ codec: "json", check: "none", frame: "length" },
	{ codec: "json", check: "crc32c", frame: "length" },
	{ codec: "json", check: "none", frame: "newline" },
];

test.each(SPOKEN)("%p is agreed on by both sides, with the bytes that follow kept", (preface) => {
	expect(read(bytes(`${renderPreface(preface)}rest`))).toEqual({ kind: "framed", preface, rest: bytes("rest") });
	const answer = new PrefaceAnswerReader().push(bytes(`${renderPrefaceAnswer(preface)}rest`));
	expect(answer).toEqual({ kind: "ok", preface, rest: bytes("rest") });
	const framer = prefaceFramer(preface, 100);
	expect(run(prefaceFramer(preface, 100), [framer.encode(bytes("hello"))])).toEqual([{ kind: "frame", body: bytes("hello") }]);
});

test("every key may be left out, and come in any order, behind any blanks", () => {
	expect(parsePreface("VERBATIM/1")).toEqual(PREFACE_DEFAULT);
	expect(parsePreface("VERBATIM/1  check=crc32c  codec=json ")).toEqual({ codec: "json", check: "crc32c", frame: "length" });
	expect(read(bytes("VERBATIM/1\r\n"))).toEqual({ kind: "framed", preface: PREFACE_DEFAULT, rest: bytes("") });
});

describe("what is not spoken here is refused, and the answer says what is", () => {
	test.each([
		["VERBATIM/2", 'no version "2"'],
		["VERBATIM/", 'no version ""'],
		["VERBATIM/1 codec=xml", 'no codec "xml"'],
		["VERBATIM/1 check=md5", 'no check "md5"'],
		["VERBATIM/1 frame=fixed", 'no frame "fixed"'],
		["VERBATIM/1 zip=gzip", 'no key "zip"'],
		["VERBATIM/1 __proto__=1", 'no key "__proto__"'],
		["VERBATIM/1 frame=newline", "codec=json check=none only"],
		["VERBATIM/1 frame=newline codec=json check=crc32c", "codec=json check=none only"],
	])("%s", (line, words) => {
		const answer = parsePreface(line);
		expect(answer).toMatchObject({ code: "unsupported" });
		expect("message" in answer && answer.message).toContain(words);
		expect("message" in answer && answer.message).toContain(PREFACE_SPOKEN);
	});
});

test.each(["VERBATIM/1 codec", "VERBATIM/1 =proto", "VERBATIM/1 codec=json codec=json"])("%s is no preface", (line) => {
	expect(parsePreface(line)).toMatchObject({ code: "protocol" });
});

test("line mode is known at the first byte that does not fit, and no byte is lost", () => {
	for (let fits = 0; fits < "VERBATIM/".length; fits++) {
		const first = bytes(`${"VERBATIM/".slice(0, fits)}~`);
		expect(read(first.subarray(0, fits))).toEqual({ kind: "more" });
		expect(read(first)).toEqual({ kind: "line", rest: first });
	}
	expect(read(bytes("/nick ann\n"))).toEqual({ kind: "line", rest: bytes("/nick ann\n") });
	expect(read(bytes("V"))).toEqual({ kind: "more" });
	const reader = new PrefaceReader();
	expect(reader.push(bytes("VERBATI"))).toEqual({ kind: "more" });
	expect(reader.pending).toEqual(bytes("VERBATI"));
	expect(reader.push(bytes("N is a word\n"))).toEqual({ kind: "line", rest: bytes("VERBATIN is a word\n") });
});

test("a preface may come byte by byte, and nothing is decided before its last byte", () => {
	const reader = new PrefaceReader();
	const line = bytes(renderPreface(PREFACE_DEFAULT));
	const events = [...chunks(line, [1])].map((chunk) => reader.push(chunk));
	expect(events.slice(0, -1).every((event) => event.kind === "more")).toBe(true);
	expect(events.at(-1)).toMatchObject({ kind: "framed" });
});

test("a preface without an end is refused at its limit, and holds no more than that", () => {
	const reader = new PrefaceReader({ prefaceBytesMax: 32 });
	expect(reader.push(bytes(`VERBATIM/1 ${" ".repeat(21)}`))).toEqual({ kind: "more" });
	expect(reader.push(bytes("  "))).toMatchObject({ kind: "error", code: "too_large" });
	expect(new PrefaceReader({ prefaceBytesMax: 32 }).push(bytes(`VERBATIM/1 ${" ".repeat(22)}\n`))).toMatchObject({
		kind: "error",
		code: "too_large",
	});
});

test("bytes that would harm a terminal or a log are refused, not repeated", () => {
	const event = read(bytes("VERBATIM/1 codec=\u001b[31m\n"));
	expect(event).toEqual({ kind: "error", code: "protocol", message: "a preface is printable ASCII" });
	expect(read(bytes("VERBATIM/1 codec=jsön\n"))).toMatchObject({ kind: "error", code: "protocol" });
});

test("any first bytes are a preface, a line, an error, or too few; never a crash, and every error fits the answer line", () => {
	const start = fc.constantFrom("", "V", "VERBATIM/", "VERBATIM/1 ", "VERBATIM/1 codec=");
	fc.assert(
		fc.property(start, fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 99 }), (head, tail, size) => {
			const reader = new PrefaceReader();
			for (const chunk of chunks(Uint8Array.from([...bytes(head), ...tail]), [size])) {
				const event = reader.push(chunk);
				if (event.kind === "more") continue;
				if (event.kind === "error") {
					expect(new PrefaceAnswerReader().push(bytes(renderPrefaceAnswer(event)))).toMatchObject({
						kind: "refused",
						code: event.code,
						message: event.message,
					});
				}
				return;
			}
		}),
	);
});

test("a refusal reaches the client with its code and words, whatever code a later server may use", () => {
	for (const code of Object.keys(CLOSES) as (keyof typeof CLOSES)[]) {
		const line = renderPrefaceAnswer({ code, message: "words for people" });
		expect(new PrefaceAnswerReader().push(bytes(line))).toEqual({ kind: "refused", code, message: "words for people" });
	}
	const later = new PrefaceAnswerReader().push(bytes("VERBATIM/1 error lunch back at two\n"));
	expect(later).toEqual({ kind: "refused", code: undefined, message: "back at two" });
});

test.each([`VERBATIM/${"9".repeat(100)}\n`, `VERBATIM/1 ${"k".repeat(100)}=v\n`, `VERBATIM/1 codec=${"c".repeat(100)}\n`])(
	"what was wrong is repeated in words that the client understands, however long it is: %p",
	(line) => {
		const event = read(bytes(line));
		if (event.kind !== "error") throw new Error("this was agreed to");
		expect(new PrefaceAnswerReader().push(bytes(renderPrefaceAnswer(event)))).toEqual({
			kind: "refused",
			code: event.code,
			message: event.message,
		});
	},
);

test.each([
	"HTTP/1.1 400 Bad Request\r\n",
	"VERBATIM/1 maybe\n",
	"VERBATIM/1 ok codec=xml\n",
	`${"x".repeat(2000)}\n`,
	"\u0007\n",
])("%p is no answer of a Verbatim server", (line) => {
	expect(new PrefaceAnswerReader().push(bytes(line))).toMatchObject({ kind: "error" });
});

test("an answer may come byte by byte", () => {
	const reader = new PrefaceAnswerReader();
	const events = [...chunks(bytes(renderPrefaceAnswer(PREFACE_DEFAULT)), [1])].map((chunk) => reader.push(chunk));
	expect(events.slice(0, -1).every((event) => event.kind === "more")).toBe(true);
	expect(events.at(-1)).toMatchObject({ kind: "ok" });
});

function read(first: Uint8Array): PrefaceEvent {
	return new PrefaceReader().push(first);
}
