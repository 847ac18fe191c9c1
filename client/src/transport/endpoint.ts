// Parses an endpoint option into a URL that one of the transports serves.
import type { Transport } from "../api/transport.ts";

/** The server's WebSocket path. */
const WS_PATH = "/ws";

/**
 * `ws(s)://` and `http(s)://` mean the server's WebSocket, at `/ws` unless a path is given. Throws `TypeError` if `written` is not
 * a URL or none of `transports` serves its scheme.
 */
export function endpointOf(written: string, transports: readonly Pick<Transport, "schemes">[]): URL {
	const served = (scheme: string): boolean => transports.some(({ schemes }) => schemes.includes(scheme));
	const wrong = (why: string): TypeError => new TypeError(`the endpoint ${JSON.stringify(written)} ${why}`);
	// `localhost:8080` parses as a URL of the scheme `localhost`.
	if (!/^[a-z][a-z0-9+.-]*:\//i.test(written)) {
		const host = written || "chat.example.org";
		throw wrong(`has no scheme: write ws://${host}, wss://${host} or, with @verbatim/client/node, tcp://${host}`);
	}
	if (!URL.canParse(written)) throw wrong("is no URL");
	const url = new URL(written);
	if (/^https?:$/.test(url.protocol) && !served(url.protocol.slice(0, -1))) {
		url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
	}
	const scheme = url.protocol.slice(0, -1);
	if (!served(scheme)) {
		const hint = ["tcp", "tls", "unix"].includes(scheme) ? "; it takes @verbatim/client/node, on Node or Bun" : "";
		throw wrong(`has a scheme that no transport serves: there are ${transports.flatMap((t) => t.schemes).join(", ")}${hint}`);
	}
	const hasPath = /^[^:]+:\/\/[^/?#]*\//.test(written);
	if (/^wss?$/.test(scheme) && !hasPath) url.pathname = WS_PATH;
	return url;
}
