import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { CLOSES, type Framer, type Preface, PrefaceReader, prefaceFramer, renderPrefaceAnswer } from "@verbatim/protocol";
import { freePorts, startDns } from "@verbatim/testkit";
import { Addresses, TransportError, tcpTransport } from "../../src/node.ts";
import { makeCertificate } from "../support/certificate.ts";
import { Inbox, Recorder, type TestPeer, type TransportBench, transportContract } from "./contract.ts";

interface TcpPeer extends TestPeer {
	readonly socket: Socket;
	readonly preface: Preface;
	readonly framer: Framer;
}

/** A server that agrees to every preface; `answer` may say something else. */
async function listen(
	where: { port: number; host: string } | { path: string },
	answer?: (socket: Socket) => boolean,
	make: (onSocket: (socket: Socket) => void) => Server = createServer,
) {
	const accepted = new Inbox<TcpPeer>();
	const server = make((socket) => {
		const reader = new PrefaceReader();
		const frames = new Inbox<Uint8Array | string>();
		let framer: Framer | undefined;
		const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()));
		socket.on("error", () => {});
		const read = (framer: Framer, chunk: Uint8Array): void => {
			framer.push(chunk);
			for (let event = framer.next(); event !== undefined; event = framer.next())
				if (event.kind === "frame") frames.put(event.body.slice());
		};
		socket.on("data", (chunk: Uint8Array) => {
			if (framer !== undefined) {
				read(framer, chunk);
				return;
			}
			const event = reader.push(chunk);
			if (event.kind !== "framed" || answer?.(socket)) return;
			const agreed = prefaceFramer(event.preface, 1 << 20);
			framer = agreed;
			socket.write(renderPrefaceAnswer(event.preface));
			accepted.put({
				socket,
				preface: event.preface,
				framer: agreed,
				next: () => frames.next(),
				send: (body) =>
					void (socket.writable && socket.write(agreed.encode(typeof body === "string" ? new TextEncoder().encode(body) : body))),
				close: () => socket.end(),
				ended,
			});
			read(framer, event.rest);
		});
	});
	await new Promise<void>((resolve) => server.listen(where, resolve));
	const address = server.address();
	return {
		port: typeof address === "object" && address !== null ? address.port : 0,
		accept: () => accepted.next(),
		stop: () => new Promise<void>((resolve) => void server.close(() => resolve())),
	};
}

async function start(): Promise<TransportBench> {
	const server = await listen({ port: 0, host: "127.0.0.1" });
	const [port] = freePorts(1);
	return {
		transport: tcpTransport(),
		endpoint: new URL(`tcp://127.0.0.1:${server.port}`),
		nowhere: new URL(`tcp://127.0.0.1:${port}`),
		accept: server.accept,
		stop: server.stop,
	};
}

transportContract("tcp", start);

transportContract("tcp over a Unix socket", async () => {
	const folder = await mkdtemp(join(tmpdir(), "verbatim-unix-"));
	const server = await listen({ path: join(folder, "s") });
	return {
		transport: tcpTransport({ check: "none" }),
		endpoint: new URL(`unix:${folder}/s`),
		nowhere: new URL(`unix:${folder}/nobody`),
		accept: server.accept,
		async stop() {
			await server.stop();
			await rm(folder, { recursive: true });
		},
	};
});

async function connected() {
	const server = await listen({ port: 0, host: "127.0.0.1" });
	const told = new Recorder();
	const connection = tcpTransport().open(new URL(`tcp://127.0.0.1:${server.port}`), "proto", told);
	const peer = await server.accept();
	await told.until("opened");
	return { server, told, connection, peer };
}

describe("tcp", () => {
	test("asks for a checksum with every frame; a damaged frame is dropped and told, the next is whole", async () => {
		const { server, told, connection, peer } = await connected();
		expect(peer.preface).toEqual({ codec: "proto", check: "crc32c", frame: "length" });
		const damaged = peer.framer.encode(Uint8Array.of(1, 2, 3, 4, 5)).slice();
		// A bit of the body, which the header's check does not cover.
		const last = damaged.length - 5;
		damaged[last] = (damaged[last] ?? 0) ^ 1;
		peer.socket.write(damaged);
		peer.send(Uint8Array.of(9));
		await told.until("frame");
		expect(told.log).toEqual(["opened", "damaged", "frame"]);
		expect(told.frames).toEqual([Uint8Array.of(9)]);
		connection.abandon();
		await server.stop();
	});

	test("a stream that cannot be read any further ends with the reason", async () => {
		const { server, told, peer } = await connected();
		peer.socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0));
		await told.until("closed");
		expect(String(told.ending?.cause)).toContain("cannot be read any further");
		await peer.ended;
		await server.stop();
	});

	test("frames cut into single bytes are put together", async () => {
		const { server, told, connection, peer } = await connected();
		for (const byte of [...peer.framer.encode(Uint8Array.of(1, 2, 3)), ...peer.framer.encode(Uint8Array.of(4))]) {
			await new Promise<void>((resolve) => peer.socket.write(Uint8Array.of(byte), () => resolve()));
		}
		await told.until("frame", 2);
		expect(told.frames).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
		connection.abandon();
		await server.stop();
	});

	test("a refused preface gives the close of the table; something that is no such server gives its words", async () => {
		for (const [line, expected] of [
			[renderPrefaceAnswer({ code: "busy", message: "too many" }), { code: CLOSES.busy.code, reason: "too many" }],
			["SSH-2.0-OpenSSH_9.2\r\n", { cause: { message: expect.stringContaining("no answer of a Verbatim server") } }],
		] as const) {
			const server = await listen({ port: 0, host: "127.0.0.1" }, (socket) => socket.write(line));
			const told = new Recorder();
			tcpTransport().open(new URL(`tcp://127.0.0.1:${server.port}`), "proto", told);
			await told.until("closed");
			expect(told.log).toEqual(["closed"]);
			expect(told.ending as object).toMatchObject(expected);
			await server.stop();
		}
	});

	test("tries the addresses of a host in turn, and the one that worked first the next time", async () => {
		const server = await listen({ port: 0, host: "127.0.0.1" });
		const addresses = new Addresses([], async () => ["127.0.0.9", "127.0.0.1"]);
		const transport = tcpTransport({ addresses });
		for (const order of [
			["127.0.0.9", "127.0.0.1"],
			["127.0.0.1", "127.0.0.9"],
		]) {
			expect(await addresses.of("chat.example")).toEqual(order);
			const told = new Recorder();
			const connection = transport.open(new URL(`tcp://chat.example:${server.port}`), "proto", told);
			await told.until("opened");
			await server.accept();
			connection.abandon();
			await told.until("closed");
		}
		await server.stop();
	});
});

describe("tls", () => {
	const openssl = Bun.which("openssl");

	test.skipIf(openssl === null)(
		"carries frames to a server whose certificate is trusted, and to no other (needs openssl)",
		async () => {
			const folder = await mkdtemp(join(tmpdir(), "verbatim-tls-"));
			const { keyFile, certFile } = await makeCertificate(folder, "DNS:localhost");
			const [key, cert] = [await Bun.file(keyFile).text(), await Bun.file(certFile).text()];
			const server = await listen({ port: 0, host: "127.0.0.1" }, undefined, (onSocket) =>
				createTlsServer({ key, cert }, onSocket),
			);
			const endpoint = new URL(`tls://localhost:${server.port}`);

			const told = new Recorder();
			const connection = tcpTransport({ tls: { ca: cert } }).open(endpoint, "proto", told);
			await told.until("opened");
			const peer = await server.accept();
			connection.send(Uint8Array.of(1));
			expect(await peer.next()).toEqual(Uint8Array.of(1));
			connection.abandon();

			const distrustful = new Recorder();
			tcpTransport().open(endpoint, "proto", distrustful);
			await distrustful.until("closed");
			expect(distrustful.log).toEqual(["closed"]);
			expect(distrustful.ending?.cause).toBeInstanceOf(TransportError);
			await server.stop();
			await rm(folder, { recursive: true });
		},
	);
});

describe("addresses", () => {
	test("are asked of the configured servers when the system's resolver fails, and are the last good one when nobody answers", async () => {
		const failing = async (): Promise<readonly string[]> => {
			throw new Error("EAI_AGAIN");
		};
		const [port] = freePorts(1);
		const addresses = new Addresses([`127.0.0.1:${port}`], failing);
		await expect(addresses.of("chat.example")).rejects.toBeInstanceOf(TransportError);
		addresses.worked("chat.example", "192.0.2.7");
		expect(await addresses.of("chat.example")).toEqual(["192.0.2.7"]);
		expect(await addresses.of("::1")).toEqual(["::1"]);

		const many = new Addresses([], async () => ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
		many.worked("chat.example", "192.0.2.2");
		for (const address of ["192.0.2.2", "192.0.2.1"]) many.didNotWork(address);
		expect(await many.of("chat.example")).toEqual(["192.0.2.3", "192.0.2.2", "192.0.2.1"]);
		many.worked("chat.example", "192.0.2.1");
		expect(await many.of("chat.example")).toEqual(["192.0.2.1", "192.0.2.3", "192.0.2.2"]);

		const dns = await startDns({ "chat.example": "192.0.2.8" });
		const configured = new Addresses([`127.0.0.1:${dns.port}`], failing);
		expect(await configured.of("chat.example")).toEqual(["192.0.2.8"]);
		dns.stop();
	});
});
