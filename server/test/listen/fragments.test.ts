// Fragments of a WebSocket message that never ends, after the welcome. The runtime reports whole messages only: they are bounded by
// the maximal length of a message and the heartbeat. Fails if a version of the runtime changes this.
import { expect, test } from "bun:test";
import { RawSocket } from "./raw-socket.ts";
import { openServer, type TestServer } from "./support.ts";

const BEAT_MS = 300;
const TIMING = { heartbeatMs: BEAT_MS, heartbeatUnsteadyMs: BEAT_MS, heartbeatSlowMs: BEAT_MS };
const [CONTINUATION, TEXT, PING] = [0x00, 0x01, 0x89];
const FINAL = 0x80;

/** A frame with a mask of zeros. */
function frame(opcode: number, body = ""): Uint8Array {
	const isShort = body.length < 126;
	const head = Buffer.alloc(isShort ? 6 : 8);
	head[0] = opcode;
	head[1] = 0x80 | (isShort ? body.length : 126);
	if (!isShort) head.writeUInt16BE(body.length, 2);
	return Buffer.concat([head, Buffer.from(body)]);
}

/** A welcomed client in the middle of a message. */
async function inMessage(server: TestServer): Promise<RawSocket> {
	const raw = await RawSocket.open(server.httpPort);
	const headers = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" };
	const lines = Object.entries({ Host: "x", "Sec-WebSocket-Version": "13", ...headers }).map((header) => header.join(": "));
	raw.write(`GET /ws HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
	await raw.line(/^\r$/);
	raw.write(frame(FINAL | TEXT, '{"id":1,"hello":{"guest":{"name":"ann"}}}'));
	while (!raw.text().includes('"welcome"')) await raw.take(1);
	raw.write(frame(TEXT, "{"));
	return raw;
}

test("are no signs of life: the heartbeat closes the connection despite them", async () => {
	await using server = await openServer({ timing: TIMING });
	const raw = await inMessage(server);
	const drip = setInterval(() => raw.write(frame(CONTINUATION, " ")), BEAT_MS / 10);
	try {
		expect(await raw.toEnd()).toContain("nothing was heard for three heartbeats");
	} finally {
		clearInterval(drip);
		raw.close();
	}
	expect(server.faults).toEqual([]);
}, 30_000);

test("are buffered up to the maximal length of a message, and the first byte beyond closes the connection", async () => {
	await using server = await openServer({ limits: { frameBytesMax: 16_384 } });
	const raw = await inMessage(server);
	raw.write(frame(CONTINUATION, " ".repeat(16_383)));
	// It is still open, and answers control frames.
	raw.write(frame(PING, "ok"));
	while (!raw.bytes().includes(Buffer.from("\x8a\x02ok", "latin1"))) await raw.take(1);
	raw.write(frame(CONTINUATION, " "));
	const end = Buffer.from("\x88", "latin1");
	await raw.toEnd();
	const last = raw.bytes().subarray(raw.bytes().lastIndexOf(end));
	expect(last.readUInt16BE(2)).toBe(1009);
	raw.close();
	expect(server.faults).toEqual([]);
}, 30_000);

test("with pings in between keep the connection", async () => {
	await using server = await openServer({ timing: TIMING });
	const raw = await inMessage(server);
	const drip = setInterval(() => {
		raw.write(frame(CONTINUATION));
		raw.write(frame(PING));
	}, BEAT_MS / 2);
	try {
		while ((raw.text().match(/"ping"/g) ?? []).length < 6) await raw.take(1);
		expect(raw.ended).toBe(false);
	} finally {
		clearInterval(drip);
		raw.close();
	}
	expect(server.faults).toEqual([]);
}, 30_000);
