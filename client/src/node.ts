// The door for Node and Bun: everything of `mod.ts`, and what needs sockets and files.
import type { Client, ConnectOptions } from "./api.ts";
import { connect as connectWith } from "./client.ts";
import { tcpTransport } from "./node/tcp.ts";
import { webSocketTransport } from "./transport/websocket.ts";

export * from "./mod.ts";
export { Addresses } from "./node/addresses.ts";
export { fileOutbox } from "./node/file-outbox.ts";
export { fileMarks, fileTokens } from "./node/files.ts";
export { type TcpOptions, tcpTransport } from "./node/tcp.ts";

/**
 * As `connect` of the other door, with `tcp://`, `tls://` and `unix:` endpoints too. WebSocket endpoints need Node 22 or Bun;
 * on older Nodes use TCP, or give `transports: [webSocketTransport(WebSocket)]` with an implementation.
 *
 * @example
 * ```ts
 * import { connect, fileOutbox, fileTokens } from "@verbatim/client/node";
 *
 * const client = connect({
 * 	endpoints: ["tcp://chat-1.example.org:9000", "tcp://chat-2.example.org:9000"],
 * 	credential: { guest: "weather-bot" },
 * 	outbox: fileOutbox("./state/outbox"),
 * 	tokens: fileTokens("./state/identity.json"),
 * });
 * ```
 */
export function connect(options: ConnectOptions): Client {
	return connectWith({ ...options, transports: options.transports ?? [webSocketTransport(), tcpTransport()] });
}
