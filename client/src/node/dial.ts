// Opens a TCP or TLS socket to a host, trying each of its addresses in turn. Used by the transports of this folder.
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { ConnectError } from "../base/errors.ts";
import { connectError } from "../transport/failure.ts";
import type { Addresses } from "./addresses.ts";

/** Of `node:tls`: certificate authorities and the like. */
export type TlsOptions = Pick<ConnectionOptions, "ca" | "cert" | "key" | "passphrase" | "servername" | "minVersion">;

/** Time-out of each address but the last; the last one has the rest of the caller's time. */
export const ADDRESS_MS = 3_000;

export interface Target {
	/** A name or an address, without brackets. */
	readonly host: string;
	readonly port: number;
	/** Set for TLS. */
	readonly tls?: TlsOptions | undefined;
}

/** Resolves with an open socket; rejects with a `ConnectError`, also when the signal aborts. */
export async function dial({ host, port, tls }: Target, addresses: Addresses, signal: AbortSignal): Promise<Socket> {
	const where = hostPort(host, port);
	return eachAddress(where, host, addresses, signal, async (address, waitMs) => {
		const at = { host: address, port };
		if (tls === undefined) return opened(connectTcp(at), where, "connect", signal, waitMs);
		return opened(connectTls({ ...at, ...serverName(host), ...tls }), where, "secureConnect", signal, waitMs);
	});
}

/** Resolves with the socket at `path`; rejects with a `ConnectError`. */
export function dialUnix(path: string, signal: AbortSignal): Promise<Socket> {
	return opened(connectTcp({ path }), path, "connect", signal, undefined);
}

/** The result of `attempt` for the first address at which it succeeds. Rejects with a `ConnectError` of the first failure. */
export async function eachAddress<T>(
	where: string,
	host: string,
	addresses: Addresses,
	signal: AbortSignal,
	attempt: (address: string, waitMs: number | undefined) => Promise<T>,
): Promise<T> {
	const found = await addresses.of(host);
	signal.throwIfAborted();
	const causes: unknown[] = [];
	for (const [at, address] of found.entries()) {
		try {
			const gained = await attempt(address, at === found.length - 1 ? undefined : ADDRESS_MS);
			addresses.worked(host, address);
			return gained;
		} catch (cause) {
			addresses.didNotWork(address);
			causes.push(cause);
			if (signal.aborted) break;
		}
	}
	throw connectError(where, causes.length === 1 ? causes[0] : new AggregateError(causes));
}

/** The SNI option. RFC 6066 section 3 allows names only; the certificate is also checked against an address. */
export function serverName(host: string): { readonly servername?: string } {
	return isIP(host) === 0 ? { servername: host } : {};
}

export function hostPort(host: string, port: number): string {
	return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** `hostname` of a URL, without the brackets of an IPv6 address. */
export function bareHost({ hostname }: URL): string {
	return hostname.replace(/^\[|\]$/g, "");
}

/** Calls `fail` when the signal aborts or after `waitMs`. Returns the function that cancels it. */
export function failWhenOver(
	where: string,
	signal: AbortSignal,
	waitMs: number | undefined,
	fail: (cause: unknown) => void,
): () => void {
	const onAbort = (): void => fail(signal.reason);
	const onLate = (): void => fail(new ConnectError("timeout", where, `no answer within ${waitMs} ms`));
	const timer = waitMs === undefined ? undefined : setTimeout(onLate, waitMs);
	signal.addEventListener("abort", onAbort);
	return () => {
		clearTimeout(timer);
		signal.removeEventListener("abort", onAbort);
	};
}

/** Resolves when the socket is open; on failure, abort or after `waitMs` destroys it and rejects. */
function opened(
	socket: Socket,
	where: string,
	event: "connect" | "secureConnect",
	signal: AbortSignal,
	waitMs: number | undefined,
): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const settle = (): void => {
			release();
			socket.off("error", fail);
			socket.off("close", onClose);
			// An error before the next owner adds its listener must not be uncaught.
			socket.on("error", () => {});
		};
		const fail = (cause: unknown): void => {
			settle();
			socket.destroy();
			reject(connectError(where, cause));
		};
		const onClose = (): void => fail(new ConnectError("closed", where, "the other end hung up"));
		const release = failWhenOver(where, signal, waitMs, fail);
		socket.once(event, () => {
			settle();
			resolve(socket);
		});
		socket.on("error", fail);
		socket.on("close", onClose);
	});
}
