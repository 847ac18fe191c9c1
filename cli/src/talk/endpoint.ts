import { isIP } from "node:net";
import type { Option } from "../args.ts";
import { CommandError, EXIT } from "../exit.ts";

export const SERVER_DEFAULT = "ws://localhost:8080/ws";

export const DNS_OPTION: Option = {
	name: "dns",
	takes: "ADDRESS,…",
	about: "Name servers to ask where the system's resolver fails. VERBATIM_DNS; else none.",
};

/** Parses a comma-separated list of name servers. Throws `CommandError` (usage). */
export function resolversOf(written: string | undefined): readonly string[] {
	const servers = (written ?? "").split(",").filter((server) => server !== "");
	for (const server of servers) {
		const [, address = ""] = /^(?:\[(.+)\](?::\d+)?)$/.exec(server) ?? [undefined, server.replace(/^([\d.]+):\d+$/, "$1")];
		if (isIP(address) === 0)
			throw new CommandError(EXIT.usage, `--dns ${server}: it takes IP addresses, as in 9.9.9.9 or 9.9.9.9:53`);
	}
	return servers;
}

/** Parses a server's address to an endpoint of the SDK; default scheme `ws`, port 8080, path `/ws`. Throws `CommandError` (usage). */
export function parseEndpoint(written: string): string {
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
