// WebSocket for Node and Bun: tries each address of the host in turn, and reports the cause of a failure. On Node it uses the `ws`
// package, on a socket opened here; on Bun the built-in WebSocket, given an address plus the host's name.
import { SUBPROTOCOLS } from "@verbatim/protocol";
import type { Transport } from "../api/transport.ts";
import { ConnectError } from "../base/errors.ts";
import { connectError, statusError } from "../transport/failure.ts";
import { WebSocketConnection } from "../transport/web-socket-connection.ts";
import { Addresses } from "./addresses.ts";
import { bareHost, dial, eachAddress, failWhenOver, serverName, type TlsOptions } from "./dial.ts";

export interface NodeWebSocketOptions {
	/** DNS servers to query when the system's resolver fails, as `address` or `address:port`. Default: none. */
	readonly resolvers?: readonly string[];
	/** For `wss://`: certificate authorities and the like, as in `node:tls`. */
	readonly tls?: TlsOptions | undefined;
	/** A custom name resolution. */
	readonly addresses?: Addresses;
}

/** A connection whose peer does not complete the close is destroyed after this time. */
const LINGER_MS = 2_000;

/** Opens a WebSocket for `connection` to adopt. Rejects with a `ConnectError`; with any reason once `connection` is abandoned. */
type Open = (
	endpoint: URL,
	subprotocol: string,
	connection: WebSocketConnection,
	addresses: Addresses,
	tls: TlsOptions,
) => Promise<void>;

/**
 * The transport for `ws://` and `wss://` on Node and Bun.
 *
 * @example
 * ```ts
 * connect({ endpoints: "wss://chat.example.org/ws", transports: [nodeWebSocketTransport({ resolvers: ["9.9.9.9"] })], credential });
 * ```
 */
export function nodeWebSocketTransport(options: NodeWebSocketOptions = {}): Transport {
	const addresses = options.addresses ?? new Addresses(options.resolvers ?? []);
	const open = "Bun" in globalThis ? openOnBun : openOnNode;
	return {
		schemes: ["ws", "wss"],
		open(endpoint, codec, events) {
			const connection = new WebSocketConnection(endpoint, events);
			open(endpoint, SUBPROTOCOLS[codec], connection, addresses, options.tls ?? {}).catch((cause: unknown) =>
				connection.fail(connectError(endpoint.host, cause)),
			);
			return connection;
		},
	};
}

const openOnNode: Open = async (endpoint, subprotocol, connection, addresses, tls) => {
	const secure = endpoint.protocol === "wss:";
	const port = portOf(endpoint);
	const target = { host: bareHost(endpoint), port, tls: secure ? tls : undefined };
	const [{ WebSocket: NodeWebSocket }, socket] = await Promise.all([import("ws"), dial(target, addresses, connection.signal)]);
	if (connection.signal.aborted) {
		socket.destroy();
		return;
	}
	// `closeTimeout` is documented, but not in the package's types.
	const settings = { createConnection: () => socket, perMessageDeflate: false, closeTimeout: LINGER_MS };
	const webSocket = new NodeWebSocket(endpoint, subprotocol, settings);
	// With this listener `ws` does not fail the request with its own error.
	webSocket.on("unexpected-response", (request, { statusCode = 0, headers }) => {
		connection.fail(statusError(endpoint.host, statusCode, headers["retry-after"]));
		request.destroy();
	});
	connection.adopt(webSocket as unknown as WebSocket);
};

const openOnBun: Open = async (endpoint, subprotocol, connection, addresses, tls) => {
	const host = bareHost(endpoint);
	await eachAddress(endpoint.host, host, addresses, connection.signal, (address, waitMs) => {
		const at = new URL(endpoint);
		at.hostname = address.includes(":") ? `[${address}]` : address;
		const options: Bun.WebSocketOptions = {
			protocols: subprotocol,
			headers: { Host: endpoint.host },
			...(endpoint.protocol === "wss:" && { tls: { ...serverName(host), ...tls } as Bun.TLSOptions }),
		};
		const Socket = WebSocket as unknown as new (url: string, options: Bun.WebSocketOptions) => WebSocket;
		return openedOnBun(new Socket(at.href, options), endpoint.host, connection, waitMs);
	});
};

/** Resolves once `connection` has adopted the open socket; on failure closes the socket and rejects. */
function openedOnBun(
	socket: WebSocket,
	where: string,
	connection: WebSocketConnection,
	waitMs: number | undefined,
): Promise<void> {
	return new Promise((resolve, reject) => {
		const fail = (cause: unknown): void => {
			settle();
			socket.onopen = () => socket.close();
			socket.close();
			reject(cause);
		};
		const release = failWhenOver(where, connection.signal, waitMs, fail);
		const settle = (): void => {
			release();
			socket.onerror = null;
			socket.onclose = null;
		};
		socket.onerror = (event) => fail(causeOnBun(where, event as ErrorEvent));
		socket.onclose = () => fail(new ConnectError("closed", where, "the other end hung up"));
		// Adopted within the event, so that a message that follows at once is not lost.
		socket.onopen = () => {
			settle();
			connection.adopt(socket);
			resolve();
		};
	});
}

/** Bun reports the HTTP status only in the error message. */
function causeOnBun(where: string, { error, message }: ErrorEvent): ConnectError {
	const status = Number(/status code: (\d{3})/.exec(message)?.[1] ?? 0);
	return status > 0 ? statusError(where, status) : connectError(where, error ?? message);
}

function portOf({ port, protocol }: URL): number {
	if (port !== "") return Number(port);
	return protocol === "wss:" ? 443 : 80;
}
