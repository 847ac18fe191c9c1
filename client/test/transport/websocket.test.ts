import { describe, expect, test } from "bun:test";
import { SUBPROTOCOLS } from "@verbatim/protocol";
import { freePorts } from "@verbatim/testkit";
import { connect, webSocketTransport } from "../../src/mod.ts";
import { Inbox, Recorder, type TestPeer, type TransportBench, transportContract } from "./contract.ts";

interface Ends {
	readonly frames: Inbox<Uint8Array | string>;
	readonly end: () => void;
}

async function start(): Promise<TransportBench & { readonly asked: string[] }> {
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
		transport: webSocketTransport(),
		endpoint: new URL(`ws://127.0.0.1:${server.port}/ws`),
		nowhere: new URL(`ws://127.0.0.1:${port}/ws`),
		accept: () => accepted.next(),
		stop: () => server.stop(true),
	};
}

transportContract("websocket", start);

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
			expect(webSocketTransport().unavailable).toContain("use Node 22 or newer, a tcp:// endpoint");
			expect(webSocketTransport(global).unavailable).toBeUndefined();
			const client = connect({ endpoints: "ws://127.0.0.1:1/ws", credential: { guest: "x" } });
			await expect(client.ready()).rejects.toThrow("this runtime has no WebSocket");
			expect(client.status.state).toBe("stopped");
		} finally {
			globalThis.WebSocket = global;
		}
	});
});
