import { CommandError, EXIT } from "../exit.ts";

export const SERVER_DEFAULT = "ws://localhost:8080/ws";

/** What a person writes as an endpoint of the SDK. Throws `CommandError`. */
export function endpointOf(written: string): string {
	const url = URL.parse(/^[a-z]+:\/\/|^unix:/.test(written) ? written : `ws://${written}`);
	if (url === null)
		throw new CommandError(EXIT.usage, `${JSON.stringify(written)} is no address of a server; as in ${SERVER_DEFAULT}`);
	if (url.protocol === "http:" || url.protocol === "https:") url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
	if (!["ws:", "wss:", "tcp:", "tls:", "unix:"].includes(url.protocol)) {
		throw new CommandError(EXIT.usage, `${url.protocol} is not spoken here; use ws, wss, http, https, tcp, tls or unix`);
	}
	if (url.protocol.startsWith("ws")) {
		if (url.port === "" && !/^[a-z]+:/.test(written)) url.port = "8080";
		if (url.pathname === "/") url.pathname = "/ws";
	}
	return url.href;
}
