// The fault proxy of the chaos run: each fault, and nothing else.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { FaultProxy } from "../src/chaos/proxy.ts";
import { RawPeer } from "../src/e2e/raw-peer.ts";
import { Waiting } from "../src/e2e/waiting.ts";

let listener: Server;
let proxy: FaultProxy;
let client: RawPeer;
/** The server's end. */
let server: Socket;
const waiting = new Waiting();
let heard = "";
let pieces = 0;
let closed = false;

beforeEach(async () => {
	heard = "";
	pieces = 0;
	closed = false;
	const accepted = Promise.withResolvers<Socket>();
	listener = createServer({ allowHalfOpen: true }, (socket) => {
		socket.on("data", (chunk: Buffer) => {
			heard += chunk.toString("latin1");
			pieces++;
			waiting.wake();
		});
		socket.on("error", () => {});
		socket.on("close", () => {
			closed = true;
			waiting.wake();
		});
		accepted.resolve(socket);
	});
	await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
	proxy = await FaultProxy.open((listener.address() as AddressInfo).port);
	client = await RawPeer.open(proxy.port);
	server = await accepted.promise;
	client.write("hello\n");
	await hears("hello\n");
	server.write("welcome\n");
	await client.line("welcome");
});

afterEach(() => {
	client.close();
	server.destroy();
	proxy.close();
	listener.close();
});

const hears = (text: string): Promise<void> =>
	waiting.until(
		() => heard.endsWith(text),
		() => `the server hears ${JSON.stringify(text.slice(-100))}; it heard ${JSON.stringify(heard.slice(-100))}`,
	);
const serverIsClosed = (): Promise<void> =>
	waiting.until(
		() => closed,
		() => "the server's end is closed",
	);

test("passes the end of a stream as such: what still comes the other way arrives", async () => {
	server.on("end", () => server.end("good-bye\n"));
	client.finish();
	await client.line("good-bye");
	await client.toEnd();
});

test("a cut ends the connection on both sides, by a reset or by the end of the streams", async () => {
	proxy.cut("rst");
	await client.toEnd();
	await serverIsClosed();
});

test("half-open: one end is closed; the other notices nothing, and its bytes are discarded, until the proxy heals", async () => {
	proxy.dropEnd("server");
	await serverIsClosed();
	await client.written(Buffer.from("is anybody there?\n"));
	// A round trip on a new connection is longer than one that the old one could have had.
	const second = await RawPeer.open(proxy.port);
	second.write("hello again\n");
	await hears("hello again\n");
	expect(heard).not.toContain("anybody");
	expect(client.ended).toBe(false);
	proxy.heal();
	await client.toEnd();
	second.close();
});

test("a stalled direction passes nothing and the other goes on; afterwards nothing is missing", async () => {
	proxy.stall(["up"], true);
	client.write("one\ntwo\n");
	server.write("still here\n");
	await client.line("still here");
	expect(heard).toBe("hello\n");
	proxy.stall(["up"], false);
	await hears("hello\none\ntwo\n");
});

test("sliced bytes arrive in pieces, all of them and in order", async () => {
	proxy.setConditions({ sliced: true });
	const before = pieces;
	const text = `${Array.from({ length: 500 }, (_, i) => i).join(",")}\n`;
	client.write(text);
	await hears(text);
	expect(pieces - before).toBeGreaterThan(1);
});

test("flipped bits: as many bytes arrive, some of them wrong", async () => {
	proxy.setConditions({ flipped: true });
	const before = heard.length;
	// One chunk at a time, so that the proxy sees each.
	for (let i = 0; i < 6; i++) {
		client.write("0123456789\n");
		await waiting.until(
			() => heard.length === before + (i + 1) * 11,
			() => `${(i + 1) * 11} bytes; there are ${heard.length - before}`,
		);
	}
	expect(heard.slice(before)).not.toBe("0123456789\n".repeat(6));
	proxy.heal();
	client.write("sound\n");
	await hears("sound\n");
});

test("a lost reply: the request has reached the server, its reply is dropped, and both ends see a broken connection", async () => {
	server.on("data", () => server.write("done\n"));
	proxy.dropReply();
	client.write("do it\n");
	await hears("do it\n");
	expect(await client.toEnd()).not.toContain("done");
	await serverIsClosed();
});
