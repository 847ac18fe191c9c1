// The first line of a framed TCP connection, and the server's answer to it:
//
//     VERBATIM/1 codec=json check=crc32c        →  VERBATIM/1 ok codec=json check=crc32c frame=length
//     VERBATIM/2                                →  VERBATIM/1 error unsupported there is no version 2 here; …
//
// All keys are optional. A peer whose first bytes are not `VERBATIM/` uses line mode, which is decided at the first byte that differs.
import type { CloseName } from "../closes.ts";
import { CLOSES } from "../closes.ts";
import type { CodecName } from "../codec/codec.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { PROTOCOL_VERSION } from "../version.ts";
import type { Framer } from "./framer.ts";
import { lengthFramer } from "./length.ts";
import { newlineFramer } from "./newline.ts";

/** The options of one framed connection. */
export interface Preface {
	readonly codec: CodecName;
	readonly check: "none" | "crc32c";
	readonly frame: "length" | "newline";
}

export const PREFACE_DEFAULT: Preface = { codec: "proto", check: "none", frame: "length" };

/** The supported options, for refusals of others. */
export const PREFACE_SPOKEN = `VERBATIM/${PROTOCOL_VERSION} codec=proto|json check=none|crc32c frame=length|newline`;

/** The name of the close, and a message for people. */
export interface PrefaceError {
	readonly code: CloseName;
	readonly message: string;
}

export type PrefaceEvent =
	/** Undecided; push more. */
	| { readonly kind: "more" }
	/** Framed mode: `rest` is what came after the preface. */
	| { readonly kind: "framed"; readonly preface: Preface; readonly rest: Uint8Array }
	/** Not a preface: `rest` is everything since the first byte. */
	| { readonly kind: "line"; readonly rest: Uint8Array }
	| ({ readonly kind: "error" } & PrefaceError);

export type AnswerEvent =
	| { readonly kind: "more" }
	/** The server accepts: frames follow, their first bytes in `rest`. */
	| { readonly kind: "ok"; readonly preface: Preface; readonly rest: Uint8Array }
	/** The server refuses; `code` is a name of the closes table, if this version knows it. */
	| { readonly kind: "refused"; readonly code: CloseName | undefined; readonly message: string }
	/** The peer does not speak this protocol. */
	| { readonly kind: "error"; readonly message: string };

/** The preface line, with its line feed. */
export function renderPreface(preface: Preface): string {
	return `VERBATIM/${PROTOCOL_VERSION} ${keys(preface)}\n`;
}

/** The server's answer, with its line feed. */
export function renderPrefaceAnswer(answer: Preface | PrefaceError): string {
	const start = `VERBATIM/${PROTOCOL_VERSION}`;
	return "code" in answer ? `${start} error ${answer.code} ${answer.message}\n` : `${start} ok ${keys(answer)}\n`;
}

/** The framer of the accepted options. `bytesMax`: longest body, in both directions. */
export function prefaceFramer(preface: Preface, bytesMax: number): Framer {
	return preface.frame === "newline" ? newlineFramer({ bytesMax }) : lengthFramer({ bytesMax, crc: preface.check === "crc32c" });
}

/** Parses a preface line, without its end. */
export function parsePreface(line: string): Preface | PrefaceError {
	const [start = "", ...pairs] = words(line);
	const version = start.slice(MAGIC.length);
	if (!start.startsWith(MAGIC)) return { code: "protocol", message: `a preface begins with ${MAGIC}` };
	if (version !== String(PROTOCOL_VERSION)) return unsupported(`there is no version ${quoted(version)} here`);
	const asked: Record<keyof Preface, string> = { ...PREFACE_DEFAULT };
	const seen = new Set<string>();
	for (const pair of pairs) {
		const equals = pair.indexOf("=");
		if (equals < 1) return { code: "protocol", message: `${quoted(pair)} is not key=value; spoken here: ${PREFACE_SPOKEN}` };
		const key = pair.slice(0, equals);
		const value = pair.slice(equals + 1);
		if (seen.has(key)) return { code: "protocol", message: `${quoted(key)} is given twice` };
		seen.add(key);
		if (!isKey(key)) return unsupported(`there is no key ${quoted(key)} here`);
		if (!VALUES[key].includes(value)) return unsupported(`there is no ${key} ${quoted(value)} here`);
		asked[key] = value;
	}
	const preface = asked as Preface;
	if (preface.frame === "newline" && (preface.codec !== "json" || preface.check !== "none")) {
		return unsupported("frame=newline carries codec=json check=none only");
	}
	return preface;
}

/** For the server: detects and reads the preface of a TCP connection. Any event but `more` is final. */
export class PrefaceReader {
	private readonly bytesMax: number;
	private received: Uint8Array = new Uint8Array(0);

	constructor(limits: Pick<Limits, "prefaceBytesMax"> = LIMITS) {
		this.bytesMax = limits.prefaceBytesMax;
	}

	/** All bytes pushed so far: line mode starts with them if the peer stops in the middle. */
	get pending(): Uint8Array {
		return this.received;
	}

	push(chunk: Uint8Array): PrefaceEvent {
		const bytes = joined(this.received, chunk);
		this.received = bytes;
		for (let i = 0; i < Math.min(bytes.length, MAGIC.length); i++) {
			if (bytes[i] !== MAGIC.charCodeAt(i)) return { kind: "line", rest: bytes };
		}
		const line = firstLine(bytes, this.bytesMax);
		if (line === "more") return { kind: "more" };
		if (line === "long") {
			return { kind: "error", code: "too_large", message: `the preface is longer than ${this.bytesMax} bytes` };
		}
		if (line.text === undefined) return { kind: "error", code: "protocol", message: "a preface is printable ASCII" };
		const preface = parsePreface(line.text);
		if ("code" in preface) return { kind: "error", ...preface };
		return { kind: "framed", preface, rest: bytes.subarray(line.endsAt) };
	}
}

/** For the client: reads the server's answer. Any event but `more` is final. */
export class PrefaceAnswerReader {
	private received: Uint8Array = new Uint8Array(0);

	push(chunk: Uint8Array): AnswerEvent {
		const bytes = joined(this.received, chunk);
		this.received = bytes;
		const line = firstLine(bytes, ANSWER_BYTES_MAX);
		if (line === "more") return { kind: "more" };
		if (line === "long" || line.text === undefined) return { kind: "error", message: "this is no answer of a Verbatim server" };
		const [start, verdict, ...rest] = words(line.text);
		if (start?.startsWith(MAGIC) && verdict === "error") {
			const [code = "", ...message] = rest;
			return { kind: "refused", code: isCloseName(code) ? code : undefined, message: message.join(" ") };
		}
		if (start?.startsWith(MAGIC) && verdict === "ok") {
			const preface = parsePreface([start, ...rest].join(" "));
			return "code" in preface
				? { kind: "error", message: preface.message }
				: { kind: "ok", preface, rest: bytes.subarray(line.endsAt) };
		}
		return { kind: "error", message: `this is no answer of a Verbatim server: ${quoted(line.text)}` };
	}
}

const MAGIC = "VERBATIM/";
/** Longest answer line: an error has a message with the supported options. */
const ANSWER_BYTES_MAX = 1024;
const LF = 0x0a;

const VALUES: Readonly<Record<keyof Preface, readonly string[]>> = {
	codec: ["proto", "json"],
	check: ["none", "crc32c"],
	frame: ["length", "newline"],
};

function isKey(key: string): key is keyof Preface {
	return Object.hasOwn(VALUES, key);
}

function isCloseName(name: string): name is CloseName {
	return Object.hasOwn(CLOSES, name);
}

function keys({ codec, check, frame }: Preface): string {
	return `codec=${codec} check=${check} frame=${frame}`;
}

function words(line: string): string[] {
	return line.split(" ").filter((word) => word !== "");
}

function unsupported(what: string): PrefaceError {
	return { code: "unsupported", message: `${what}; spoken here: ${PREFACE_SPOKEN}` };
}

/** The peer's input, shortened and in printable ASCII, for logs and the answer line. */
function quoted(text: string): string {
	return `"${text.length > 32 ? `${text.slice(0, 32)}...` : text}"`;
}

/** The first line, if it is complete; its text is undefined if it is not printable ASCII. */
function firstLine(
	bytes: Uint8Array,
	bytesMax: number,
): "more" | "long" | { readonly text: string | undefined; readonly endsAt: number } {
	const end = bytes.indexOf(LF);
	// One byte more than the limit may be the \r of a line of maximum length.
	if (end < 0) return bytes.length > bytesMax + 1 ? "long" : "more";
	const line = bytes.subarray(0, bytes[end - 1] === 0x0d ? end - 1 : end);
	if (line.length > bytesMax) return "long";
	const printable = line.every((byte) => byte >= 0x20 && byte < 0x7f);
	return { text: printable ? String.fromCharCode(...line) : undefined, endsAt: end + 1 };
}

/** Concatenates both. Bounded by the line limit plus one chunk. */
function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
	// Copies also the first chunk: the caller may reuse its buffer.
	const bytes = new Uint8Array(head.length + tail.length);
	bytes.set(head);
	bytes.set(tail, head.length);
	return bytes;
}
