// The entry point for Node and Bun: everything of `mod.ts`, plus what needs sockets and files.
import type { Client, ConnectOptions } from "./api/api.ts";
import type { Off } from "./base/events.ts";
import { connect as connectWith } from "./client.ts";
import { Addresses } from "./node/addresses.ts";
import type { TlsOptions } from "./node/dial.ts";
import { guestTokens } from "./node/guest-tokens.ts";
import { networkWatch } from "./node/network.ts";
import { tcpTransport } from "./node/tcp.ts";
import { nodeWebSocketTransport } from "./node/websocket.ts";
import { onWake } from "./session/wake.ts";

export * from "./mod.ts";
export { Addresses } from "./node/addresses.ts";
export type { TlsOptions } from "./node/dial.ts";
export { fileOutbox } from "./node/file-outbox.ts";
export { fileMarks, fileTokens } from "./node/files.ts";
export { type TcpOptions, tcpTransport } from "./node/tcp.ts";
export { type NodeWebSocketOptions, nodeWebSocketTransport } from "./node/websocket.ts";

export interface NodeConnectOptions extends ConnectOptions {
	/** DNS servers to query when the system's resolver fails, as `address` or `address:port`. Default: none. */
	readonly resolvers?: readonly string[];
	/** For `wss://` and `tls://`: certificate authorities and the like, as in `node:tls`. */
	readonly tls?: TlsOptions;
}

/**
 * As `connect` of `@verbatim/client`, plus `tcp://`, `tls://` and `unix:` endpoints, and a guest's tokens stored in a file of the
 * user's state folder, by endpoint and name: a restarted program is the same guest. `tokens: memoryTokens()` disables that.
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
export function connect({ resolvers = [], tls, ...options }: NodeConnectOptions): Client {
	const shared = { addresses: new Addresses(resolvers), tls };
	const transports = options.transports ?? [nodeWebSocketTransport(shared), tcpTransport(shared)];
	const tokens = options.tokens ?? guestTokens(options);
	// The network watch runs on system time: not used with a clock that the caller passes in.
	const wake = options.wake ?? (options.clock === undefined ? wakeOfNetwork : undefined);
	return connectWith({ ...options, transports, ...(tokens && { tokens }), ...(wake && { wake }) });
}

function wakeOfNetwork(task: () => void): Off {
	const offs = [onWake(task), networkWatch.on(task)];
	return () => {
		for (const off of offs) off();
	};
}
