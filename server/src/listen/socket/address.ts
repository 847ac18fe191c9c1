// Addresses of listeners: `HOST:PORT`, `[v6]:PORT`, `:PORT` (every address of this machine), `unix:/path`.

export type Address =
	| { readonly kind: "tcp"; readonly host: string; readonly port: number }
	| { readonly kind: "unix"; readonly path: string };

/** An invalid address; the message says what is allowed. */
export class AddressError extends Error {
	constructor(text: string, why: string) {
		super(`${JSON.stringify(text)} is no address: ${why}; write HOST:PORT, [IPv6]:PORT, :PORT or unix:/path`);
		this.name = "AddressError";
	}
}

/** Every address of this machine, IPv6 and IPv4. */
export const EVERY_HOST = "::";

/** Longest path of a Unix socket on Linux and the BSDs. */
const UNIX_PATH_BYTES_MAX = 103;

/** Throws `AddressError`. Port 0 asks for any free one. */
export function parseAddress(text: string): Address {
	if (text.startsWith("unix:")) return { kind: "unix", path: parsePath(text) };
	const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]*)):([0-9]{1,5})$/i.exec(text);
	if (match === null) throw new AddressError(text, why(text));
	const [, v6, name, digits] = match;
	const port = Number(digits);
	if (port > 65_535) throw new AddressError(text, "a port is a number from 0 to 65535");
	const host = v6 ?? name ?? "";
	return { kind: "tcp", host: host === "" || host === "*" ? EVERY_HOST : host, port };
}

export function showAddress(address: Address): string {
	if (address.kind === "unix") return `unix:${address.path}`;
	return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

function parsePath(text: string): string {
	const path = text.slice("unix:".length);
	if (path === "") throw new AddressError(text, "the path is missing");
	if (path.includes("\0")) throw new AddressError(text, "the path holds a zero byte");
	if (Buffer.byteLength(path) > UNIX_PATH_BYTES_MAX) {
		throw new AddressError(text, `the path of a Unix socket has at most ${UNIX_PATH_BYTES_MAX} bytes`);
	}
	return path;
}

function why(text: string): string {
	if (!text.includes(":")) return "the port is missing";
	return /^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(text) ? "an IPv6 address stands in brackets" : "host or port cannot be read";
}
