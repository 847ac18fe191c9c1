// The WebSocket transport. One message is one frame; the codec is negotiated by the subprotocol.
import { SUBPROTOCOLS } from "@verbatim/protocol";
import type { Transport } from "../api/transport.ts";
import { ConnectError } from "../base/errors.ts";
import { explainer } from "./explain.ts";
import { WebSocketConnection } from "./web-socket-connection.ts";

/** A WebSocket constructor; browsers, Bun and Node ≥ 22 have a global one. */
export type WebSocketClass = new (url: string, protocols: string) => WebSocket;

/**
 * The transport for `ws://` and `wss://`. `implementation`: for runtimes without a global WebSocket. On Node and Bun the transport of
 * `@verbatim/client/node` tries all addresses of a host, and reports the cause of a failure.
 *
 * @example
 * ```ts
 * connect({ endpoints: "wss://chat.example.org/ws", transports: [webSocketTransport(SomeWebSocket)], credential });
 * ```
 */
export function webSocketTransport(implementation?: WebSocketClass): Transport {
	const find = (): WebSocketClass | undefined => implementation ?? (globalThis.WebSocket as WebSocketClass | undefined);
	const explain = explainer();
	return {
		schemes: ["ws", "wss"],
		get unavailable() {
			if (find() !== undefined) return undefined;
			return "this runtime has no WebSocket: use @verbatim/client/node on Node, or webSocketTransport(implementation)";
		},
		open(endpoint, codec, events) {
			const Socket = find() as WebSocketClass;
			const connection = new WebSocketConnection(endpoint, events, explain);
			try {
				connection.adopt(new Socket(endpoint.href, SUBPROTOCOLS[codec]));
			} catch (cause) {
				// For example ws:// from a page that was loaded by https.
				const words = cause instanceof Error ? cause.message : String(cause);
				connection.fail(new ConnectError("forbidden", endpoint.host, words, { cause }));
			}
			return connection;
		},
	};
}
