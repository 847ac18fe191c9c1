// Floods as data: kinds of messages that cost the sender little and the server more.
import { type Preface, prefaceFramer, renderPreface } from "@verbatim/protocol";
import { OPCODE, webSocketFrame, webSocketUpgrade } from "../e2e/framing.ts";

export type FloodWay = "ws" | "tcp" | "line";

export interface Flood {
	readonly name: string;
	/** Whether the flood begins after a welcome and a join of `FLOOD_ROOM`. */
	readonly welcomed: boolean;
	readonly ways: readonly FloodWay[];
	/** Sent in turn, repeatedly. Lines in line mode; otherwise JSON, valid or not. */
	readonly messages: readonly string[];
	/** Sent as this kind of WebSocket frame instead of text. */
	readonly opcode?: number;
}

export const FLOOD_ROOM = "#flood";

const BOTH: readonly FloodWay[] = ["ws", "tcp"];
const json = (id: number, command: object): string => JSON.stringify({ id, ...command });

export const FLOODS: readonly Flood[] = [
	{ name: "deep JSON", welcomed: false, ways: BOTH, messages: ["[".repeat(45_000)] },
	{ name: "tiny pings", welcomed: false, ways: BOTH, messages: [json(1, { ping: { nonce: 1 } })] },
	{
		name: "bad hellos",
		welcomed: false,
		ways: BOTH,
		messages: [json(1, { hello: { token: "a.b.c" } }), json(2, { hello: { guest: { name: "!" } } })],
	},
	{ name: "malformed frames", welcomed: false, ways: BOTH, messages: ["x", json(1, { dance: {} })] },
	{ name: "control pings", welcomed: false, ways: ["ws"], messages: [""], opcode: OPCODE.ping },
	{ name: "garbage lines", welcomed: false, ways: ["line"], messages: ["", "?!", "/nick !", "/dance"] },
	{ name: "pings of a user", welcomed: true, ways: BOTH, messages: [json(1, { ping: { nonce: 1 } })] },
	{ name: "malformed frames of a user", welcomed: true, ways: BOTH, messages: ["x", json(1, { dance: {} })] },
	{ name: "unknown rooms", welcomed: true, ways: BOTH, messages: [json(3, { send: { room: "#nowhere", cid: "c", text: "x" } })] },
	{
		name: "sends over the rate",
		welcomed: true,
		ways: BOTH,
		messages: [json(3, { send: { room: FLOOD_ROOM, cid: "c", text: "x" } })],
	},
	{ name: "typing", welcomed: true, ways: BOTH, messages: [json(0, { typing: { room: FLOOD_ROOM } })] },
	{ name: "lines of a user", welcomed: true, ways: ["line"], messages: ["/dance", "/help", "", "/msg nobody-here x"] },
];

const PREFACE: Preface = { codec: "json", check: "none", frame: "length" };
/** Approximate size of a write. */
const CHUNK_BYTES = 128 * 1024;

/** First bytes of a connection, before any message. */
export function opening(way: FloodWay): string {
	return way === "ws" ? webSocketUpgrade("json") : way === "tcp" ? renderPreface(PREFACE) : "";
}

/** Commands that log in as a guest and join the room, each with a part of its expected answer. */
export function admission(way: FloodWay, name: string): ReadonlyArray<readonly [said: Uint8Array, answer: string]> {
	if (way === "line") return [[Buffer.from(`/nick ${name}\n/join ${FLOOD_ROOM}\n`), `- you are in ${FLOOD_ROOM}`]];
	return [
		[wrapped(way, json(1, { hello: { guest: { name } } })), '"welcome"'],
		[wrapped(way, json(2, { join: { room: FLOOD_ROOM, create: true } })), '"joined"'],
	];
}

/** About `CHUNK_BYTES` of whole messages. */
export function chunkOf(flood: Flood, way: FloodWay): Uint8Array {
	const pieces: Uint8Array[] = [];
	let bytes = 0;
	while (bytes < CHUNK_BYTES) {
		for (const message of flood.messages) {
			const piece = way === "line" ? Buffer.from(`${message}\n`) : wrapped(way, message, flood.opcode);
			pieces.push(piece);
			bytes += piece.length;
		}
	}
	return Buffer.concat(pieces);
}

function wrapped(way: FloodWay, message: string, opcode: number = OPCODE.text): Uint8Array {
	const body = Buffer.from(message);
	return way === "ws" ? webSocketFrame(opcode, body) : framer.encode(body);
}

const framer = prefaceFramer(PREFACE, 64 * 1024);
