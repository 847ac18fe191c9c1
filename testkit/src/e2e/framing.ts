// Framing by hand, client's side, for TCP and WebSocket, so that tests can also send malformed frames.
import { type CodecName, LIMITS, type Preface, prefaceFramer, renderPreface, SUBPROTOCOLS } from "@verbatim/protocol";
import type { RawPeer } from "./raw-peer.ts";

/** A received message body, or the close code of a WebSocket. */
export type Arrival = { readonly body: Uint8Array | string } | { readonly closeCode: number };

export interface Framing {
	/** Preface or upgrade. Rejects with the server's answer if it is refused. */
	open(raw: RawPeer): Promise<void>;
	/** The bytes that carry `body`, sound in themselves. */
	wrap(body: Uint8Array | string): Uint8Array;
	unwrap(chunk: Uint8Array): Arrival[];
}

export function tcpFraming(preface: Preface): Framing {
	const framer = prefaceFramer(preface, LIMITS.frameDownBytesMax);
	return {
		async open(raw) {
			raw.write(renderPreface(preface));
			const answer = await raw.line(/^VERBATIM\//);
			if (!answer.startsWith("VERBATIM/1 ok ")) throw new Error(answer);
		},
		wrap: (body) => framer.encode(typeof body === "string" ? Buffer.from(body) : body),
		unwrap(chunk) {
			framer.push(chunk);
			const arrivals: Arrival[] = [];
			for (let event = framer.next(); event !== undefined; event = framer.next()) {
				if (event.kind !== "frame") throw new Error(`the server sent a frame that is ${event.kind}`);
				arrivals.push({ body: event.body.slice() });
			}
			return arrivals;
		},
	};
}

/** RFC 6455 section 5.2. */
export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9 } as const;

export function webSocketFraming(codec: CodecName): Framing {
	let held: Buffer = Buffer.alloc(0);
	return {
		async open(raw) {
			raw.write(webSocketUpgrade(codec));
			const status = await raw.line(/^HTTP\/1\.1 /);
			if (!status.startsWith("HTTP/1.1 101")) throw new Error(status);
			await raw.line("\r");
		},
		wrap: (body) =>
			typeof body === "string" ? webSocketFrame(OPCODE.text, Buffer.from(body)) : webSocketFrame(OPCODE.binary, body),
		unwrap(chunk) {
			held = Buffer.concat([held, chunk]);
			const arrivals: Arrival[] = [];
			for (let frame = firstFrame(held); frame !== undefined; frame = firstFrame(held)) {
				held = held.subarray(frame.bytes);
				if (frame.opcode === OPCODE.text) arrivals.push({ body: frame.payload.toString("utf8") });
				else if (frame.opcode === OPCODE.binary) arrivals.push({ body: Uint8Array.from(frame.payload) });
				else if (frame.opcode === OPCODE.close) arrivals.push({ closeCode: closeCodeOf(frame.payload) });
			}
			return arrivals;
		},
	};
}

/** A WebSocket's handshake. */
export function webSocketUpgrade(codec: CodecName): string {
	const head = {
		Host: "127.0.0.1",
		Upgrade: "websocket",
		Connection: "Upgrade",
		"Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		"Sec-WebSocket-Protocol": SUBPROTOCOLS[codec],
	};
	const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
	return `GET /ws HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** A masked frame of a client; it may announce another length than its payload has. */
export function webSocketFrame(opcode: number, payload: Uint8Array, announced = payload.length): Uint8Array {
	const mask = [0x5a, 0xa5, 0x3c, 0xc3];
	const isShort = announced < 126;
	const head = Buffer.alloc(isShort ? 6 : 14);
	head[0] = 0x80 | opcode;
	head[1] = 0x80 | (isShort ? announced : 127);
	if (!isShort) head.writeBigUInt64BE(BigInt(announced), 2);
	head.set(mask, head.length - mask.length);
	return Buffer.concat([head, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

/** A close may come without a code: 1005 stands for that (RFC 6455 section 7.4.1). */
function closeCodeOf(payload: Buffer): number {
	return payload.length < 2 ? 1005 : payload.readUInt16BE(0);
}

/** The first frame if it is whole. A server masks nothing, and ours does not fragment. */
function firstFrame(bytes: Buffer): { readonly opcode: number; readonly payload: Buffer; readonly bytes: number } | undefined {
	if (bytes.length < 2) return undefined;
	const short = bytes.readUInt8(1) & 0x7f;
	const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
	if (bytes.length < headBytes) return undefined;
	const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
	if (bytes.length < headBytes + length) return undefined;
	return {
		opcode: bytes.readUInt8(0) & 0x0f,
		payload: bytes.subarray(headBytes, headBytes + length),
		bytes: headBytes + length,
	};
}
