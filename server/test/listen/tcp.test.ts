// The TCP listener in framed mode: detection, refusals, deadlines and limits.
import { afterEach, expect, test } from "bun:test";
import {
	create,
	type DownBody,
	jsonCodec,
	lengthFramer,
	prefaceFramer,
	protoCodec,
	TIMING,
	type Up,
	UpSchema,
} from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { RawSocket } from "./raw-socket.ts";
import { ScriptedHost, type ScriptedSession } from "./scripted.ts";
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
	connect(): Promise<RawSocket>;
}

async function open(settings: ServerSettings = {}): Promise<Scene> {
	const host = new ScriptedHost();
	const server = await openServer({ ...settings, backend: { host, ...settings.backend } });
	servers.push(server);
	return { server, host, connect: () => RawSocket.open(server.tcpPort) };
}

async function framed({ connect, host }: Scene, preface: string): Promise<{ peer: RawSocket; session: ScriptedSession }> {
	const peer = await connect();
	peer.write(`VERBATIM/1 ${preface}\n`);
	await peer.line("VERBATIM/1 ok");
	return { peer, session: await host.session(host.sessions.length - 1) };
}

const ping = (nonce: number): Up => create(UpSchema, { id: nonce, command: { case: "ping", value: { nonce } } });
const bytes = (body: Uint8Array | string): Uint8Array => (typeof body === "string" ? new TextEncoder().encode(body) : body);

for (const [codec, check, frame] of [
	["proto", "none", "length"],
	["proto", "crc32c", "length"],
	["json", "none", "length"],
	["json", "crc32c", "length"],
	["json", "none", "newline"],
] as const) {
	test(`codec=${codec} check=${check} frame=${frame}: messages pass both ways, however the bytes are chunked`, async () => {
		const scene = await open();
		const { peer, session } = await framed(scene, `codec=${codec} check=${check} frame=${frame}`);
		const framer = prefaceFramer({ codec, check, frame }, 65_536);
		const wire = codec === "json" ? jsonCodec : protoCodec;
		for (const byte of framer.encode(bytes(wire.encodeUp(ping(7))))) {
			peer.write(new Uint8Array([byte]));
			await Bun.sleep(0);
		}
		peer.write(Buffer.concat([framer.encode(bytes(wire.encodeUp(ping(8)))), framer.encode(bytes(wire.encodeUp(ping(9))))]));
		await session.heardTimes("received", 3);
		expect(session.told.map((told) => (told.kind === "received" ? told.up.id : told.kind))).toEqual([7, 8, 9]);
		session.say({ case: "pong", value: { nonce: 1 } }, { case: "pong", value: { nonce: 2 } });
		const back = [];
		while (back.length < 2) {
			framer.push(await peer.take(1));
			for (let event = framer.next(); event !== undefined; event = framer.next()) {
				if (event.kind === "frame") back.push(wire.decodeDown(event.body).body.value);
			}
		}
		expect(back).toMatchObject([{ nonce: 1 }, { nonce: 2 }]);
	});
}

test("a preface is answered with what was negotiated, defaults included", async () => {
	const peer = await (await open()).connect();
	for (const byte of "VERBATIM/1 check=crc32c\r\n") peer.write(byte);
	expect(await peer.line("VERBATIM")).toBe("VERBATIM/1 ok codec=proto check=crc32c frame=length");
});

for (const [preface, answer] of [
	["VERBATIM/2", /^VERBATIM\/1 error unsupported there is no version "2" here; spoken here: /],
	["VERBATIM/1 codec=xml", /^VERBATIM\/1 error unsupported there is no codec "xml" here; /],
	["VERBATIM/1 colour=red", /^VERBATIM\/1 error unsupported there is no key "colour" here; /],
	["VERBATIM/1 codec=proto frame=newline", /^VERBATIM\/1 error unsupported frame=newline carries codec=json/],
	["VERBATIM/1 codec", /^VERBATIM\/1 error protocol /],
	[`VERBATIM/1 ${"x".repeat(400)}`, /^VERBATIM\/1 error too_large /],
] as const) {
	test(`the preface ${preface.slice(0, 40)} is refused with a message, and the connection closes`, async () => {
		const { server, host, connect } = await open();
		const peer = await connect();
		peer.write(`${preface}\n`);
		expect(await peer.toEnd()).toMatch(answer);
		expect(host.sessions).toHaveLength(0);
		expect(metric(server.metrics, "verbatim_connections_refused_total", "preface")).toBe(1);
	});
}

test("an incomplete preface has a deadline, which slow bytes do not extend", async () => {
	const clock = new VirtualClock();
	const scene = await open({ backend: { clock } });
	const peer = await scene.connect();
	for (const byte of "VERBATIM/") {
		peer.write(byte);
		// The byte has been read once a later connection was answered.
		await framed(scene, "codec=json");
		await clock.advance(TIMING.handshakeMs / 10);
	}
	expect(peer.text()).toBe("");
	await clock.advance(TIMING.handshakeMs);
	expect(await peer.toEnd()).toStartWith("VERBATIM/1 error late ");
});

test("a frame has a deadline from its first byte, which slow bytes do not extend", async () => {
	const clock = new VirtualClock();
	const scene = await open({ backend: { clock } });
	const { peer, session } = await framed(scene, "codec=json");
	const frame = lengthFramer({ bytesMax: 65_536, crc: false }).encode(bytes(jsonCodec.encodeUp(ping(1))));
	// The beginning of the second frame has arrived with the first.
	peer.write(Buffer.concat([frame, new Uint8Array([0, 0, 1])]));
	await session.heard("received");
	for (let n = 0; n < 9; n++) {
		await clock.advance(TIMING.frameMs / 10);
		peer.write(" ");
	}
	expect(session.count("end")).toBe(0);
	await clock.advance(TIMING.frameMs / 10);
	expect((await session.heard("end")).why).toBe("late");
	await peer.toEnd();
});

test("a connection that is always in the middle of a recent frame stays open", async () => {
	const clock = new VirtualClock();
	const scene = await open({ backend: { clock } });
	const { peer, session } = await framed(scene, "codec=json");
	const frame = lengthFramer({ bytesMax: 65_536, crc: false }).encode(bytes(jsonCodec.encodeUp(ping(1))));
	peer.write(Buffer.concat([frame, frame.subarray(0, 3)]));
	for (let n = 1; n <= 20; n++) {
		await session.heardTimes("received", n);
		await clock.advance(TIMING.frameMs * 0.6);
		peer.write(Buffer.concat([frame.subarray(3), frame.subarray(0, 3)]));
	}
	expect(session.count("end")).toBe(0);
});

test("a frame whose length is too large is refused before it is buffered", async () => {
	const scene = await open();
	const { peer, session } = await framed(scene, "codec=json");
	peer.write(new Uint8Array([0xff, 0xff, 0xff, 0xff]));
	expect(await session.heard("end")).toMatchObject({ why: "too_large" });
	expect(await peer.toEnd()).toContain("4294967295 bytes");
});

test("a damaged frame is dropped and counted, and the next one is received", async () => {
	const scene = await open();
	const { peer, session } = await framed(scene, "codec=json check=crc32c");
	const framer = lengthFramer({ bytesMax: 65_536, crc: true });
	const damaged = framer.encode(bytes(jsonCodec.encodeUp(ping(1))));
	damaged[12] = (damaged[12] ?? 0) ^ 1;
	peer.write(damaged);
	peer.write(framer.encode(bytes(jsonCodec.encodeUp(ping(2)))));
	expect((await session.heard("received")).up.id).toBe(2);
	expect(metric(scene.server.metrics, "verbatim_frames_damaged_total")).toBe(1);
	expect(session.told).toHaveLength(1);
});

test("a damaged length closes the connection, and the client may reconnect", async () => {
	const scene = await open();
	const { peer, session } = await framed(scene, "codec=json check=crc32c");
	const damaged = lengthFramer({ bytesMax: 65_536, crc: true }).encode(bytes(jsonCodec.encodeUp(ping(1))));
	damaged[2] = (damaged[2] ?? 0) ^ 1;
	peer.write(damaged);
	expect(await session.heard("end")).toMatchObject({ why: "damaged" });
	expect(metric(scene.server.metrics, "verbatim_frames_damaged_total")).toBe(1);
});

test("a message that does not fit the schema is reported to the session, and the connection stays open", async () => {
	const scene = await open();
	const { peer, session } = await framed(scene, "codec=json frame=newline");
	peer.write("not json\n");
	peer.write('{"id": 3, "dance": {}}\n');
	peer.write(new Uint8Array([0x22, 0xff, 0x22, 0x0a]));
	peer.write(`${String(jsonCodec.encodeUp(ping(4)))}\n`);
	await session.heard("received");
	expect(session.told.map((told) => (told.kind === "undecodable" ? [told.code, told.id] : told.kind))).toEqual([
		["malformed", 0],
		["unknown_command", 3],
		["bad_utf8", 0],
		"received",
	]);
});

test("a megabyte of random bytes does no harm", async () => {
	const scene = await open();
	const noise = new Uint8Array(64 * 1024);
	for (let round = 0; round < 16; round++) {
		const { peer } = await framed(scene, round % 2 === 0 ? "check=crc32c" : "codec=json frame=newline");
		crypto.getRandomValues(noise);
		peer.write(noise);
		peer.finish();
		await peer.toEnd();
	}
	const { peer, session } = await framed(scene, "codec=json frame=newline");
	peer.write(`${String(jsonCodec.encodeUp(ping(1)))}\n`);
	await session.heard("received");
});

test("unread bytes are counted, reported when drained, and arrive complete and in order", async () => {
	const scene = await open();
	const { peer, session } = await framed(scene, "codec=json frame=newline");
	const other = await framed(scene, "codec=json frame=newline");
	peer.socket.pause();
	const message = (code: number): DownBody => ({ case: "close", value: { code, reason: "x".repeat(20_000 + code) } });
	let sent = 0;
	// Two in one write go through the shared scratch buffer, also when the kernel takes only a part.
	while (session.link.bufferedBytes() === 0) session.say(message(++sent), message(++sent));
	other.session.say(message(1), message(2));
	while (session.link.bufferedBytes() < 8_000_000) session.say(message(++sent));
	for (let n = 0; n < 100; n++) session.say(message(++sent), { case: "close", value: { code: ++sent, reason: "short" } });
	const held = session.link.bufferedBytes();
	expect(held).toBeGreaterThan(8_000_000);
	peer.socket.resume();
	await session.heard("drained");
	expect(session.link.bufferedBytes()).toBe(0);
	for (let code = 1; code <= sent; code++) {
		const { close } = JSON.parse(await peer.line("{")) as { close: { code: number; reason: string } };
		expect(close.code).toBe(code);
		expect(close.reason === "short" || close.reason === "x".repeat(20_000 + code)).toBe(true);
	}
});

test("a peer that does not read is not read from until it reads again", async () => {
	const scene = await open();
	const { peer, session } = await framed(scene, "codec=json frame=newline");
	peer.socket.pause();
	while (session.link.bufferedBytes() < 2 * 1024 * 1024) session.say({ case: "close", value: { reason: "x".repeat(100_000) } });
	const count = 2_000;
	for (let n = 1; n <= count; n++) peer.write(`${String(jsonCodec.encodeUp(ping(n)))}${" ".repeat(10_000)}\n`);
	// Round trips on another connection: any input would have arrived by then.
	const other = await framed(scene, "codec=json frame=newline");
	for (let n = 1; n <= 50; n++) {
		other.peer.write(`${String(jsonCodec.encodeUp(ping(n)))}\n`);
		await other.session.heardTimes("received", n);
	}
	expect(session.count("received")).toBeLessThan(count);
	peer.socket.resume();
	await session.heardTimes("received", count);
});

test("a peer with more unread than linkBytesMax is cut", async () => {
	const scene = await open({
		options: { connection: { lingerMs: 5_000, readPausedAtBytes: 65_536, linkBytesMax: 1_000_000, lingerBytesMax: 1024 * 1024 } },
	});
	const { peer, session } = await framed(scene, "codec=json frame=newline");
	peer.socket.pause();
	for (let n = 0; n < 1_000 && session.count("lost") === 0; n++) {
		session.say({ case: "close", value: { reason: "x".repeat(100_000) } });
	}
	expect(session.count("lost")).toBe(1);
	expect(session.link.bufferedBytes()).toBe(0);
});

test("the last message arrives before the close, even if the peer is in the middle of a frame", async () => {
	const scene = await open();
	const { peer, session } = await framed(scene, "codec=json frame=newline");
	peer.write("x".repeat(30_000));
	session.link.write([new TextEncoder().encode(`${"y".repeat(3_000_000)}\n`)]);
	session.end("draining");
	peer.write("x".repeat(30_000));
	const received = await peer.toEnd();
	expect(received.length).toBeGreaterThan(3_000_000);
	expect(received).toEndWith('{"close":{"reason":"draining"}}\n');
	expect(session.count("lost")).toBe(1);
	peer.finish();
});

test("a peer that does not close is cut after the linger", async () => {
	const scene = await open({
		options: { connection: { lingerMs: 100, readPausedAtBytes: 1e6, linkBytesMax: 1e7, lingerBytesMax: 1024 * 1024 } },
	});
	const { peer, session } = await framed(scene, "codec=json frame=newline");
	session.end("draining");
	await peer.toEnd();
	// Half open and silent: it does not keep the listener from closing.
	await scene.server.listeners.close(20_000);
	expect(peer.closed || !peer.socket.destroyed).toBe(true);
});

test("a client that closes its direction ends the session", async () => {
	const scene = await open();
	const { peer, session } = await framed(scene, "codec=json");
	peer.finish();
	await session.heard("lost");
	await peer.toEnd();
	expect(metric(scene.server.metrics, "verbatim_connections", "tcp")).toBe(0);
});

test("beyond the connections of one address the next is refused as busy with a time to retry, and admitted when one has ended", async () => {
	const { server, host, connect } = await open({ admission: { connectionsPerAddressMax: 2 } });
	const first = await connect();
	const second = await connect();
	for (const peer of [first, second]) {
		peer.write("VERBATIM/1\n");
		await peer.line("ok");
	}
	const third = await connect();
	third.write("VERBATIM/1\n");
	expect(await third.toEnd()).toBe("VERBATIM/1 error busy too many connections from your IP address, try again in 5.0 s\n");
	expect(metric(server.metrics, "verbatim_connections_refused_total", "address")).toBe(1);
	first.finish();
	await (await host.session(0)).heard("lost");
	await first.toEnd();
	for (;;) {
		const again = await connect();
		again.write("VERBATIM/1\n");
		if ((await again.line("VERBATIM")).startsWith("VERBATIM/1 ok")) break;
	}
});

test("new connections are limited in rate, and refused with a time to retry", async () => {
	const { connect } = await open({ admission: { opensPerAddress: { perSecond: 0.1, burst: 1 } } });
	const first = await connect();
	first.write("VERBATIM/1\n");
	await first.line("ok");
	const second = await connect();
	expect(await second.toEnd()).toMatch(
		/^VERBATIM\/1 error busy too many new connections at once, try again in (9\.\d|10\.0) s\n$/,
	);
});

test("a server that stops listening accepts no connection, closes those without a session, and keeps the sessions", async () => {
	const scene = await open({ timing: { lineModeAfterMs: 60_000 } });
	const { peer, session } = await framed(scene, "codec=json frame=newline");
	const silent = await scene.connect();
	// The server has seen it once a later connection was answered.
	await framed(scene, "codec=json");
	scene.server.listeners.stopListening();
	expect(await silent.toEnd()).toStartWith("VERBATIM/1 error draining ");
	expect(scene.connect()).rejects.toThrow();
	peer.write(`${String(jsonCodec.encodeUp(ping(1)))}\n`);
	await session.heard("received");
	session.end("draining");
	peer.finish();
	await peer.toEnd();
});
