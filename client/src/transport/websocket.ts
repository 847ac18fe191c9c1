// WebSocket: everywhere. One message is one frame; the codec is chosen by the subprotocol, so that both ends agree before the
// first byte.
import { SUBPROTOCOLS } from "@verbatim/protocol";
import { TransportError } from "../errors.ts";
import type { Transport } from "./transport.ts";

/** The part of the WebSocket interface that is used; the global one of browsers, Bun and Node ≥ 22 has it. */
export type WebSocketClass = new (url: string, protocols: string) => WebSocket;

/**
 * The transport for `ws://` and `wss://`. `implementation`: for places without a global WebSocket (Node before 22), for
 * instance the one of the `ws` package.
 *
 * @example
 * ```ts
 * import WebSocket from "ws";
 *
 * connect({ endpoints: "wss://chat.example.org/ws", transports: [webSocketTransport(WebSocket)], credential });
 * ```
 */
export function webSocketTransport(implementation?: WebSocketClass): Transport {
	const find = (): WebSocketClass | undefined => implementation ?? (globalThis.WebSocket as WebSocketClass | undefined);
	return {
		schemes: ["ws", "wss"],
		get unavailable() {
			if (find() !== undefined) return undefined;
			return "this runtime has no WebSocket: use Node 22 or newer, a tcp:// endpoint with @verbatim/client/node, or webSocketTransport(implementation)";
		},
		open(endpoint, codec, events) {
			const Socket = find() as WebSocketClass;
			let ended = false;
			const end = (ending: Parameters<typeof events.closed>[0]): void => {
				if (ended) return;
				ended = true;
				events.closed(ending);
			};
			const socket = new Socket(endpoint.href, SUBPROTOCOLS[codec]);
			socket.binaryType = "arraybuffer";
			socket.onopen = () => {
				if (!ended) events.opened();
			};
			socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
				if (!ended) events.frame(typeof data === "string" ? data : new Uint8Array(data));
			};
			socket.onclose = ({ code, reason }) => {
				end({ code, reason, cause: new TransportError(reason || `the connection to ${endpoint.host} ended (code ${code})`) });
			};
			// A close follows each error, and knows more than browsers tell here.
			socket.onerror = () => {};
			return {
				send(body) {
					if (socket.readyState === OPEN) socket.send(body as Uint8Array<ArrayBuffer> | string);
				},
				bufferedBytes: () => socket.bufferedAmount,
				close: () => socket.close(1000),
				abandon() {
					// The closing handshake may take for ever; what comes of it is nobody's any more.
					socket.close();
					queueMicrotask(() => end({ cause: new TransportError(`the connection to ${endpoint.host} was given up`) }));
				},
			};
		},
	};
}

const OPEN = 1;
