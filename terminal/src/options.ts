// Options of the terminal client.

export interface ChatOptions {
	/** The server's address: one URL or several, tried in turn. Default: `ws://localhost:8080/ws`. */
	readonly server?: string | readonly string[];
	/** DNS servers to query when the system's resolver fails, as `address` or `address:port`. Default: none. */
	readonly resolvers?: readonly string[];
	/** Log in as a guest of this name. */
	readonly name?: string;
	/** Log in to the account of this name. */
	readonly user?: string;
	/** The account's password; prompted for if it is needed and not given. */
	readonly password?: string;
	/** The room to join, with or without `#`; created if necessary. `@name` for a direct conversation. */
	readonly room?: string;
}

export const SERVER_DEFAULT = "ws://localhost:8080/ws";

const SCHEMES = ["ws:", "wss:", "tcp:", "tls:", "unix:"];

/** The server's addresses, or the error in one of them. */
export function endpointsOf(server: ChatOptions["server"]): readonly string[] | { readonly wrong: string } {
	const all = [server ?? SERVER_DEFAULT].flat().flatMap((text) => text.split(","));
	const endpoints = all.map((text) => text.trim()).filter((text) => text !== "");
	for (const endpoint of endpoints) {
		if (URL.canParse(endpoint) && SCHEMES.includes(new URL(endpoint).protocol)) continue;
		return {
			wrong: `"${endpoint}" is no server's address: like ${SERVER_DEFAULT}, wss://chat.example.org/ws or tcp://localhost:9000`,
		};
	}
	return endpoints.length > 0 ? endpoints : [SERVER_DEFAULT];
}
