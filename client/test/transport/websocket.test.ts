import { describe, expect, test } from "bun:test";
import { SUBPROTOCOLS } from "@verbatim/protocol";
import { freePorts } from "@verbatim/testkit";
import { ConnectError, connect, nodeWebSocketTransport, webSocketTransport } from "../../src/node.ts";
import { Inbox, Recorder, type TestPeer, type TransportBench, transportContract } from "./contract.ts";

interface Ends {
	readonly frames: Inbox<Uint8Array | string>;
	readonly end: () => void;
}

async function start(transport = webSocketTransport()): Promise<TransportBench & { readonly asked: string[] }> {
	const accepted = new Inbox<TestPeer>();
	const asked: string[] = [];
	const server = Bun.serve<Ends | undefined>({
		hostname: "127.0.0.1",
		port: 0,
		fetch(request, server) {
			const protocol = request.headers.get("Sec-WebSocket-Protocol") ?? "";
			asked.push(protocol);
			const upgraded = server.upgrade(request, { data: undefined, headers: { "Sec-WebSocket-Protocol": protocol } });
			return upgraded ? undefined : new Response("", { status: 400 });
		},
		websocket: {
			maxPayloadLength: 1 << 20,
			open(socket) {
				const frames = new Inbox<Uint8Array | string>();
				const ended = new Promise<void>((resolve) => {
					socket.data = { frames, end: resolve };
				});
				accepted.put({
					next: () => frames.next(),
					send: (body) => void socket.send(body),
					close: () => socket.close(4001, "draining"),
					ended,
				});
			},
			message: (socket, body) => socket.data?.frames.put(typeof body === "string" ? body : new Uint8Array(body)),
			close: (socket) => socket.data?.end(),
		},
	});
	const [port] = freePorts(1);
	return {
		asked,
		transport,
		endpoint: new URL(`ws://127.0.0.1:${server.port}/ws`),
		nowhere: new URL(`ws://127.0.0.1:${port}/ws`),
		accept: () => accepted.next(),
		stop: () => server.stop(true),
	};
}

transportContract("websocket", () => start());
transportContract("websocket for Node and Bun", () => start(nodeWebSocketTransport()));

describe("websocket", () => {
	test("asks for the codec by its subprotocol, and hands over code and reason of the close", async () => {
		const bench = await start();
		const told = new Recorder();
		const accepted = bench.accept();
		bench.transport.open(bench.endpoint, "json", told);
		(await accepted).close();
		await told.until("closed");
		expect(bench.asked).toEqual([SUBPROTOCOLS.json]);
		expect(told.ending).toMatchObject({ code: 4001, reason: "draining" });
		await bench.stop();
	});

	test("without a WebSocket in the runtime it says what to do, and the client does not try in vain", async () => {
		const global = globalThis.WebSocket;
		try {
			(globalThis as { WebSocket: unknown }).WebSocket = undefined;
			expect(webSocketTransport().unavailable).toContain("use @verbatim/client/node on Node");
			expect(webSocketTransport(global).unavailable).toBeUndefined();
			const transports = [webSocketTransport()];
			const client = connect({ endpoints: "ws://127.0.0.1:1/ws", transports, credential: { guest: "x" } });
			await expect(client.ready()).rejects.toThrow("this runtime has no WebSocket");
			expect(client.status.state).toBe("stopped");
		} finally {
			globalThis.WebSocket = global;
		}
	});

	test("an error without a close ends it, at once: Node 22 tells no more", async () => {
		const sockets: ErrorOnly[] = [];
		class ErrorOnly extends EventTarget {
			readyState = 0;
			binaryType = "";
			onerror: ((event: Event) => void) | undefined;
			constructor() {
				super();
				sockets.push(this);
			}
			close(): void {}
		}
		const told = new Recorder();
		webSocketTransport(ErrorOnly as never).open(new URL("ws://127.0.0.1:1/ws"), "proto", told);
		sockets[0]?.onerror?.(new Event("error"));
		await told.until("closed");
		expect(told.log).toEqual(["closed"]);
		expect(told.ending?.cause).toBeInstanceOf(ConnectError);
	});

	test("a WebSocket that the platform does not even begin is told like one that fails", async () => {
		class Forbidden {
			constructor() {
				throw new DOMException("an insecure WebSocket may not be begun from a page loaded over HTTPS", "SecurityError");
			}
		}
		const told = new Recorder();
		webSocketTransport(Forbidden as never).open(new URL("ws://127.0.0.1:1/ws"), "proto", told);
		expect(told.log).toEqual([]);
		await told.until("closed");
		expect(told.ending?.cause).toMatchObject({ reason: "forbidden", message: expect.stringContaining("over HTTPS") });
	});
});
