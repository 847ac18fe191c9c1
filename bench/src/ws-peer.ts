// A WebSocket client with as little of its own as possible (RFC 6455), so that ten thousand of them fit beside the server that is
// measured: text frames in and out, no fragments, the mask all zero.
import type { Socket } from "bun";

export interface WsPeerEvents {
	text(peer: WsPeer, text: string): void;
	closed(peer: WsPeer): void;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const HANDSHAKE_END = "\r\n\r\n";

export class WsPeer {
	private readonly socket: Socket<undefined>;
	private readonly events: WsPeerEvents;
	private open: (() => void) | undefined;
	private rest: Uint8Array | undefined;
	/** Bytes received. */
	bytes = 0;

	private constructor(socket: Socket<undefined>, events: WsPeerEvents, open: () => void) {
		this.socket = socket;
		this.events = events;
		this.open = open;
	}

	/** Connects and completes the handshake. Rejects with the server's answer when it is refused. */
	static async connect(port: number, events: WsPeerEvents, subprotocol = "verbatim.v1.json"): Promise<WsPeer> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		let peer: WsPeer | undefined;
		const socket = await Bun.connect({
			hostname: "127.0.0.1",
			port,
			socket: {
				data(_, chunk) {
					peer?.take(chunk);
				},
				close() {
					if (peer !== undefined) events.closed(peer);
					reject(new Error("the server closed the connection"));
				},
				error(_, error) {
					reject(error);
				},
			},
		});
		peer = new WsPeer(socket, events, resolve);
		const request = [
			"GET /ws HTTP/1.1",
			`Host: 127.0.0.1:${port}`,
			"Upgrade: websocket",
			"Connection: Upgrade",
			"Sec-WebSocket-Version: 13",
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
			`Sec-WebSocket-Protocol: ${subprotocol}`,
		];
		socket.write(request.join("\r\n") + HANDSHAKE_END);
		await promise;
		return peer;
	}

	send(text: string): void {
		const body = encoder.encode(text);
		const head = body.length < 126 ? 6 : 8;
		const frame = new Uint8Array(head + body.length);
		frame[0] = 0x81;
		if (body.length < 126) {
			frame[1] = 0x80 | body.length;
		} else {
			frame[1] = 0x80 | 126;
			frame[2] = body.length >> 8;
			frame[3] = body.length & 255;
		}
		frame.set(body, head);
		this.socket.write(frame);
	}

	close(): void {
		this.socket.end();
	}

	private take(chunk: Uint8Array): void {
		this.bytes += chunk.length;
		let data = chunk;
		if (this.rest !== undefined) {
			data = new Uint8Array(this.rest.length + chunk.length);
			data.set(this.rest);
			data.set(chunk, this.rest.length);
			this.rest = undefined;
		}
		let at = 0;
		if (this.open !== undefined) {
			const text = decoder.decode(data);
			const end = text.indexOf(HANDSHAKE_END);
			if (end < 0) {
				this.rest = data.slice();
				return;
			}
			if (!text.startsWith("HTTP/1.1 101")) {
				this.socket.end();
				return;
			}
			at = end + HANDSHAKE_END.length;
			this.open();
			this.open = undefined;
		}
		while (at + 2 <= data.length) {
			let length = (data[at + 1] as number) & 127;
			let head = 2;
			if (length === 126) {
				if (at + 4 > data.length) break;
				length = ((data[at + 2] as number) << 8) | (data[at + 3] as number);
				head = 4;
			} else if (length === 127) {
				if (at + 10 > data.length) break;
				length = new DataView(data.buffer, data.byteOffset + at + 6, 4).getUint32(0);
				head = 10;
			}
			if (at + head + length > data.length) break;
			const opcode = (data[at] as number) & 15;
			if (opcode === 1) this.events.text(this, decoder.decode(data.subarray(at + head, at + head + length)));
			at += head + length;
		}
		if (at < data.length) this.rest = data.slice(at);
	}
}
