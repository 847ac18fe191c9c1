// WebSockets: real clients for valid input, raw bytes for invalid.
import { afterEach, expect, test } from "bun:test";
import { create, jsonCodec, protoCodec, SUBPROTOCOLS, UpSchema } from "@verbatim/protocol";
import { RawSocket } from "./raw-socket.ts";
import { ScriptedHost } from "./scripted.ts";
import { metric, openServer, type ServerSettings, type TestServer } from "./support.ts";

const servers: TestServer[] = [];

afterEach(async () => {
	for (const server of servers.splice(0)) {
		await server[Symbol.asyncDispose]();
		expect(server.faults).toEqual([]);
	}
});

interface Scene {
	readonly server: TestServer;
	readonly host: ScriptedHost;
}

async function open(settings: ServerSettings = {}): Promise<Scene> {
	const host = new ScriptedHost();
	const server = await openServer({ ...settings, backend: { host, ...settings.backend } });
	servers.push(server);
	return { server, host };
}

/** A standard WebSocket, with what it has received. */
async function client(
	{ server }: Scene,
	protocols: string[],
): Promise<{ ws: WebSocket; received: unknown[]; arrived: (count: number) => Promise<void> }> {
	const ws = new WebSocket(`ws://127.0.0.1:${server.httpPort}/ws`, protocols);
	ws.binaryType = "arraybuffer";
	const received: unknown[] = [];
	const waiting: Array<() => void> = [];
	ws.addEventListener("message", ({ data }) => {
		received.push(data);
		for (const wake of waiting.splice(0)) wake();
	});
	const arrived = async (count: number): Promise<void> => {
		while (received.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
	};
	await new Promise((resolve, reject) => {
		ws.addEventListener("open", resolve);
		ws.addEventListener("close", reject);
	});
	return { ws, received, arrived };
}

/** A raw handshake, with any headers. */
async function handshake(
	{ server }: Scene,
	headers: Readonly<Record<string, string>> = {},
): Promise<{ raw: RawSocket; status: string }> {
	const raw = await RawSocket.open(server.httpPort);
	const all = {
		Host: `127.0.0.1:${server.httpPort}`,
		Upgrade: "websocket",
		Connection: "Upgrade",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		"Sec-WebSocket-Version": "13",
		...headers,
	};
	const lines = Object.entries(all).filter(([, value]) => value !== "");
	raw.write(`GET /ws HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
	return { raw, status: (await raw.line("HTTP/1.1")).trim() };
}

/** A masked frame (the mask is zero), possibly with a false length. */
function frame(opcode: number, body: Uint8Array, announced = body.length): Uint8Array {
	const head = Buffer.alloc(14);
	head[0] = 0x80 | opcode;
	head[1] = 0x80 | 127;
	head.writeBigUInt64BE(BigInt(announced), 2);
	return Buffer.concat([head, body]);
}

const ping = (nonce: number) => create(UpSchema, { id: nonce, command: { case: "ping", value: { nonce } } });
const closed = (ws: WebSocket): Promise<CloseEvent> =>
	new Promise((resolve) => ws.addEventListener("close", resolve, { once: true }));

test("both subprotocols are supported, and the negotiated one is returned", async () => {
	const scene = await open();
	const json = await client(scene, [SUBPROTOCOLS.json]);
	const proto = await client(scene, ["something.else", SUBPROTOCOLS.proto, SUBPROTOCOLS.json]);
	expect([json.ws.protocol, proto.ws.protocol]).toEqual([SUBPROTOCOLS.json, SUBPROTOCOLS.proto]);
	json.ws.send(String(jsonCodec.encodeUp(ping(1))));
	proto.ws.send(protoCodec.encodeUp(ping(2)));
	const [first, second] = [await scene.host.session(0), await scene.host.session(1)];
	expect((await first.heard("received")).up.id).toBe(1);
	expect((await second.heard("received")).up.id).toBe(2);
	expect([first.link.format.name, second.link.format.name]).toEqual(["ws/json", "ws/proto"]);
	first.say({ case: "pong", value: { nonce: 3 } }, { case: "pong", value: { nonce: 4 } });
	second.say({ case: "pong", value: { nonce: 5 } });
	await Promise.all([json.arrived(2), proto.arrived(1)]);
	expect(json.received).toEqual(['{"pong":{"nonce":3}}', '{"pong":{"nonce":4}}']);
	expect(protoCodec.decodeDown(new Uint8Array(proto.received[0] as ArrayBuffer)).body.value).toMatchObject({ nonce: 5 });
	json.ws.close();
	proto.ws.close();
	await Promise.all([first.heard("lost"), second.heard("lost")]);
	expect(metric(scene.server.metrics, "verbatim_connections", "ws")).toBe(0);
});

test("without a subprotocol JSON is spoken; only unknown ones are refused with the reason", async () => {
	const scene = await open();
	const { raw } = await handshake(scene);
	raw.write(frame(1, Buffer.from(String(jsonCodec.encodeUp(ping(1))))));
	await (await scene.host.session()).heard("received");
	expect(raw.text().toLowerCase()).not.toContain("sec-websocket-protocol");
	const refused = await handshake(scene, { "Sec-WebSocket-Protocol": "verbatim.v9.json" });
	expect(refused.status).toBe("HTTP/1.1 400 Bad Request");
	expect(await refused.raw.line('"code"')).toContain("verbatim.v1.proto or verbatim.v1.json");
});

test("a handshake without Connection: Upgrade is refused; every valid spelling of it is accepted", async () => {
	const scene = await open();
	for (const connection of ["", "close", "upgraded", "keep-alive"]) {
		const { raw, status } = await handshake(scene, { Connection: connection });
		expect(status).toBe("HTTP/1.1 400 Bad Request");
		expect(await raw.line('"code"')).toContain("this is no WebSocket handshake");
	}
	for (const connection of ["upgrade", "keep-alive, Upgrade"])
		expect((await handshake(scene, { Connection: connection })).status).toBe("HTTP/1.1 101 Switching Protocols");
});

test("JSON in a binary frame is accepted, text on the binary subprotocol is malformed", async () => {
	const scene = await open();
	const json = await client(scene, [SUBPROTOCOLS.json]);
	json.ws.send(new TextEncoder().encode(String(jsonCodec.encodeUp(ping(1)))));
	await (await scene.host.session(0)).heard("received");
	const proto = await client(scene, [SUBPROTOCOLS.proto]);
	proto.ws.send("hello");
	proto.ws.send(protoCodec.encodeUp(ping(2)));
	const session = await scene.host.session(1);
	expect((await session.heard("undecodable")).code).toBe("malformed");
	await session.heard("received");
});

test("invalid UTF-8 in a text frame, a message that is too long and a false length end that connection only", async () => {
	const scene = await open();
	const bystander = await client(scene, [SUBPROTOCOLS.json]);
	const cases: Array<[Uint8Array, number]> = [
		[frame(1, new Uint8Array([0xff, 0xfe])), 1007],
		[frame(2, new Uint8Array(65_537)), 1009],
		[frame(2, new Uint8Array(0), 0x7fff_ffff_ffff), 1009],
	];
	for (const [bytes, code] of cases) {
		const { raw } = await handshake(scene);
		await raw.line(/^\r$/);
		raw.write(bytes);
		const head = await raw.take(4);
		expect([head[0], head.readUInt16BE(2)]).toEqual([0x88, code]);
		await raw.toEnd();
	}
	bystander.ws.send(String(jsonCodec.encodeUp(ping(1))));
	await (await scene.host.session(0)).heard("received");
	expect(metric(scene.server.metrics, "verbatim_connections", "ws")).toBe(1);
});

test("a page of another origin is refused; its own origin, listed ones and none are admitted", async () => {
	const scene = await open({ options: { origins: ["https://chat.example.org"] } });
	const own = `http://127.0.0.1:${scene.server.httpPort}`;
	const status = async (origin: string): Promise<string> => (await handshake(scene, { Origin: origin })).status.slice(9, 12);
	expect(await status("")).toBe("101");
	expect(await status(own)).toBe("101");
	expect(await status(own.replace("http:", "https:"))).toBe("101");
	expect(await status("https://chat.example.org")).toBe("101");
	for (const foreign of [
		"https://evil.example",
		"http://chat.example.org",
		"https://chat.example.org.evil.example",
		"null",
		"127.0.0.1",
	]) {
		expect(await status(foreign)).toBe("403");
	}
	expect(metric(scene.server.metrics, "verbatim_connections_refused_total", "origin")).toBe(5);
});

test("beyond the connections of one address the upgrade is refused as busy, with a time to retry", async () => {
	const scene = await open({ admission: { connectionsPerAddressMax: 1 } });
	const first = await client(scene, [SUBPROTOCOLS.json]);
	const second = await handshake(scene);
	expect(second.status).toBe("HTTP/1.1 503 Service Unavailable");
	await second.raw.line('"code":"busy"');
	expect(second.raw.text().toLowerCase()).toContain("retry-after: 5\r\n");
	first.ws.close();
	await (await scene.host.session()).heard("lost");
	await client(scene, [SUBPROTOCOLS.json]);
});

test("X-Forwarded-For counts from a trusted proxy, and from no other peer", async () => {
	const believing = await open({ options: { proxies: ["127.0.0.0/8"] } });
	await handshake(believing, { "X-Forwarded-For": "203.0.113.9, 198.51.100.7" });
	expect((await believing.host.session()).link.address).toBe("198.51.100.7");
	const doubting = await open();
	await handshake(doubting, { "X-Forwarded-For": "203.0.113.9" });
	expect((await doubting.host.session()).link.address).toBe("127.0.0.1");
});

test("a session's end closes with its code, after its last message has arrived", async () => {
	const scene = await open();
	const { ws, received } = await client(scene, [SUBPROTOCOLS.json]);
	const end = closed(ws);
	(await scene.host.session()).end("draining");
	expect(await end).toMatchObject({ code: 4001, wasClean: true });
	expect(received).toEqual(['{"close":{"reason":"draining"}}']);
});

test("unread messages are counted, reported when drained, and none is dropped", async () => {
	const scene = await open();
	const { raw } = await handshake(scene);
	await raw.line(/^\r$/);
	raw.socket.pause();
	const session = await scene.host.session();
	const reason = "x".repeat(100_000);
	let sent = 0;
	while (session.link.bufferedBytes() < 3_000_000) session.say({ case: "close", value: { reason, code: ++sent } });
	session.end("slow");
	expect(session.count("lost")).toBe(0);
	raw.socket.resume();
	const received = await raw.toEnd();
	expect([...received.matchAll(/"code":(\d+)/g)].map((match) => Number(match[1]))).toEqual(
		Array.from({ length: sent }, (_, n) => n + 1),
	);
	expect(received).toContain('{"close":{"reason":"slow"}}');
	expect(session.count("lost")).toBe(1);
});

test("a peer that does not read is not read from until it reads again", async () => {
	const scene = await open();
	const { raw } = await handshake(scene);
	raw.socket.pause();
	const session = await scene.host.session();
	while (session.link.bufferedBytes() < 2_000_000) session.say({ case: "close", value: { reason: "x".repeat(100_000) } });
	const message = `${String(jsonCodec.encodeUp(ping(1)))}${" ".repeat(20_000)}`;
	const count = 1_000;
	for (let n = 0; n < count; n++) raw.write(frame(1, Buffer.from(message)));
	const other = await client(scene, [SUBPROTOCOLS.json]);
	const second = await scene.host.session(1);
	for (let n = 1; n <= 50; n++) {
		other.ws.send(message);
		await second.heardTimes("received", n);
	}
	expect(session.count("received")).toBeLessThan(count);
	raw.socket.resume();
	await session.heardTimes("received", count);
	expect(session.count("drained")).toBeGreaterThan(0);
});

test("a peer that never reads the last message is cut after the linger, and one with more unread than linkBytesMax at once", async () => {
	const scene = await open({
		options: { connection: { lingerMs: 100, readPausedAtBytes: 1e6, linkBytesMax: 8e6, lingerBytesMax: 1024 * 1024 } },
	});
	const lingering = await handshake(scene);
	lingering.raw.socket.pause();
	const first = await scene.host.session(0);
	while (first.link.bufferedBytes() < 1_000_000) first.say({ case: "close", value: { reason: "x".repeat(100_000) } });
	first.end("slow");
	await first.heard("lost");
	const hoarding = await handshake(scene);
	hoarding.raw.socket.pause();
	const second = await scene.host.session(1);
	for (let n = 0; n < 1_000 && second.count("lost") === 0; n++)
		second.say({ case: "close", value: { reason: "x".repeat(100_000) } });
	expect(second.count("lost")).toBe(1);
	expect(metric(scene.server.metrics, "verbatim_connections", "ws")).toBe(0);
});

test("closing the listeners ends the sessions and frees the port", async () => {
	const scene = await open();
	const { ws } = await client(scene, [SUBPROTOCOLS.json]);
	const end = closed(ws);
	await scene.server.listeners.close(50);
	await end;
	await (await scene.host.session()).heard("lost");
	expect(fetch(scene.server.http)).rejects.toThrow();
});

test("WebSocket's pings and pongs are signs of life", async () => {
	const scene = await open();
	const { raw } = await handshake(scene);
	const session = await scene.host.session();
	// With a mask of zeros.
	raw.write(Uint8Array.of(0x89, 0x81, 0, 0, 0, 0, 0x3f));
	raw.write(Uint8Array.of(0x8a, 0x80, 0, 0, 0, 0));
	await session.heardTimes("alive", 2);
	raw.close();
});

test("/ws without an upgrade says that it is for WebSockets", async () => {
	const { server } = await open();
	const answer = await fetch(`${server.http}/ws`);
	expect(answer.status).toBe(426);
	expect(await answer.text()).toContain("WebSocket");
});

test("an invalid handshake is refused in the common shape", async () => {
	const scene = await open();
	const { status, raw } = await handshake(scene, { "Sec-WebSocket-Key": "" });
	expect(status).toBe("HTTP/1.1 400 Bad Request");
	await raw.line('"code":"malformed"');
	expect(scene.host.sessions).toHaveLength(0);
});

test("a malformed message's refusal keeps its trace, in both codecs", async () => {
	const server = await openServer();
	servers.push(server);
	for (const [name, body] of [
		[SUBPROTOCOLS.json, '{"id":1,"trace":"trace-1","hello":{"nonsense":1}}'],
		// id 1, trace "trace-1", and a hello that is cut off.
		[SUBPROTOCOLS.proto, new Uint8Array([8, 1, 18, 7, ...new TextEncoder().encode("trace-1"), 82, 9, 1])],
	] as const) {
		const { ws, received, arrived } = await client({ server, host: new ScriptedHost() }, [name]);
		ws.send(body);
		await arrived(1);
		const [first] = received;
		const down =
			typeof first === "string" ? jsonCodec.decodeDown(first) : protoCodec.decodeDown(new Uint8Array(first as ArrayBuffer));
		expect(down.body).toMatchObject({ case: "failure", value: { code: "malformed", trace: "trace-1" } });
		ws.close();
	}
});
