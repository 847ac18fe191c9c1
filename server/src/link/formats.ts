// The formats of down messages: one per codec and framing, each made once, because fan-out encodes once per format and compares formats by identity.
import {
	type Codec,
	type CodecName,
	type Down,
	type Framer,
	jsonCodec,
	type Limits,
	type Page,
	type Preface,
	prefaceFramer,
	protoCodec,
} from "@verbatim/protocol";
import { longTextBytes } from "../base/entry-size.ts";
import type { Encoded, Format } from "./link.ts";

export interface Formats {
	readonly ws: Readonly<Record<CodecName, Format>>;
	/** The format that a preface has negotiated. */
	tcp(preface: Preface): Format;
	readonly line: Format;
}

export const CODECS: Readonly<Record<CodecName, Codec>> = { proto: protoCodec, json: jsonCodec };

/** All formats of one server. `frameDownBytesMax`: no framed message is longer. */
export function createFormats(limits: Pick<Limits, "frameDownBytesMax">): Formats {
	const tcp = new Map<string, Format>();
	return {
		ws: { proto: webSocketFormat(protoCodec), json: webSocketFormat(jsonCodec) },
		tcp(preface) {
			const name = tcpName(preface);
			const known = tcp.get(name);
			if (known !== undefined) return known;
			const format = tcpFormat(name, CODECS[preface.codec], prefaceFramer(preface, limits.frameDownBytesMax));
			tcp.set(name, format);
			return format;
		},
		line: lineFormat,
	};
}

/** The frame is the WebSocket's: bytes go out as a binary frame, text as a text frame. */
function webSocketFormat(codec: Codec): Format {
	let sized: Encoded = "";
	let sizedBytes = 0;
	return {
		name: `ws/${codec.name}`,
		codec: codec.name,
		encode: (down) => codec.encodeDown(down),
		size(encoded) {
			// Called for each subscriber of a push in a row.
			if (encoded !== sized) {
				sized = encoded;
				sizedBytes = bytesOf(encoded);
			}
			return sizedBytes;
		},
	};
}

function tcpFormat(name: string, codec: Codec, framer: Framer): Format {
	const utf8 = new TextEncoder();
	return {
		name,
		codec: codec.name,
		encode(down) {
			const body = codec.encodeDown(down);
			return framer.encode(typeof body === "string" ? utf8.encode(body) : body);
		},
		size: bytesOf,
	};
}

/** Line mode renders per client, depending on what was shown before: the link gets the message itself. */
const lineFormat: Format = { name: "line", codec: "line", encode: (down) => down, size: bytesOf };

function tcpName({ codec, check, frame }: Preface): string {
	return `tcp/${codec}${check === "none" ? "" : "+crc"}${frame === "length" ? "" : ` ${frame}`}`;
}

function bytesOf(encoded: Encoded): number {
	if (typeof encoded === "string") return Buffer.byteLength(encoded);
	return encoded instanceof Uint8Array ? encoded.length : lineBytes(encoded);
}

/** About what line mode adds to a text (room, seq, names). */
const LINE_OVERHEAD_BYTES = 64;

/** About a message's size as lines: mostly its texts. */
function lineBytes({ body }: Down): number {
	switch (body.case) {
		case "entries":
			return entryLinesBytes(body.value.entries);
		case "page":
			return entryLinesBytes(body.value.entries);
		case "joined":
		case "skipped":
			return LINE_OVERHEAD_BYTES + entryLinesBytes(body.value.page?.entries ?? []);
		case "roomList":
			return LINE_OVERHEAD_BYTES * (1 + body.value.rooms.length);
		case "memberList":
			return LINE_OVERHEAD_BYTES * (1 + body.value.members.length);
		default:
			return LINE_OVERHEAD_BYTES;
	}
}

function entryLinesBytes(entries: Page["entries"]): number {
	let bytes = 0;
	for (const { body } of entries) bytes += LINE_OVERHEAD_BYTES + longTextBytes(body);
	return bytes;
}
