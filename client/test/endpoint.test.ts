import { describe, expect, test } from "bun:test";
import { memoryTransport, nodeWebSocketTransport, tcpTransport, webSocketTransport } from "../src/node.ts";
import { endpointOf } from "../src/transport/endpoint.ts";

describe("an endpoint", () => {
	const all = [nodeWebSocketTransport(), tcpTransport()];

	test("may be written as a WebSocket, as a web address, or for a socket", () => {
		for (const [written, meant] of [
			["ws://localhost:8080", "ws://localhost:8080/ws"],
			["ws://localhost:8080/", "ws://localhost:8080/"],
			["wss://chat.example.org/chat/ws?x=1", "wss://chat.example.org/chat/ws?x=1"],
			["http://localhost:8080", "ws://localhost:8080/ws"],
			["https://chat.example.org", "wss://chat.example.org/ws"],
			["https://chat.example.org/chat/ws", "wss://chat.example.org/chat/ws"],
			["tcp://localhost:9000", "tcp://localhost:9000"],
			["tls://[::1]:9000", "tls://[::1]:9000"],
			["unix:/run/verbatim.sock", "unix:/run/verbatim.sock"],
		] as const) {
			expect(endpointOf(written, all).href).toBe(new URL(meant).href);
		}
	});

	test("that is none is refused by name, with what to write", () => {
		for (const [written, why] of [
			["localhost:8080", 'the endpoint "localhost:8080" has no scheme: write ws://localhost:8080'],
			["chat.example.org", "has no scheme: write ws://chat.example.org"],
			["", "has no scheme"],
			["ws://", "is no URL"],
			["gopher://x", "no transport serves: there are ws, wss, tcp, tls, unix"],
		] as const) {
			expect(() => endpointOf(written, all)).toThrow(why);
		}
		expect(() => endpointOf("tcp://localhost:9000", [webSocketTransport()])).toThrow("it takes @verbatim/client/node");
	});

	test("of a scheme of somebody's own transport is left as it is", () => {
		expect(endpointOf("memory://here", [memoryTransport(() => true)]).href).toBe("memory://here");
	});
});
