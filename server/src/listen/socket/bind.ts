// Binds an address, with errors that say what to do.
//
// The file of a Unix socket outlives a killed server. It is removed only if it is a socket and no process accepts on it; the new one is created
// under a umask that denies other users access from the start.
import { lstat, unlink } from "node:fs/promises";
import { type Address, EVERY_HOST, showAddress } from "./address.ts";

/** An address that cannot be bound; the message says what to do. */
export class BindError extends Error {
	readonly code: string;

	constructor(code: string, message: string, cause?: unknown) {
		super(message, { cause });
		this.name = "BindError";
		this.code = code;
	}
}

export type BindTarget = { readonly hostname: string; readonly port: number } | { readonly unix: string };

/** Owner and group may connect. */
const UNIX_UMASK = 0o117;
/** The owner alone may connect. */
export const OWNER_UMASK = 0o177;

/**
 * Calls `listen` with the target of `address`. `flag` is the option that changes it (`--http`). Rejects with `BindError`.
 */
export async function bind<Listener>(
	flag: string,
	address: Address,
	listen: (target: BindTarget) => Listener,
	umask = UNIX_UMASK,
): Promise<Listener> {
	try {
		if (address.kind === "unix") return await bindUnix(flag, address.path, listen, umask);
		return bindTcp(address, listen);
	} catch (cause) {
		throw cause instanceof BindError ? cause : bindError(flag, address, cause);
	}
}

function bindTcp<Listener>({ host, port }: { host: string; port: number }, listen: (target: BindTarget) => Listener): Listener {
	try {
		return listen({ hostname: host, port });
	} catch (cause) {
		// Without IPv6, "every address" is every IPv4 address.
		const noV6 = host === EVERY_HOST && ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(codeOf(cause));
		if (!noV6) throw cause;
		return listen({ hostname: "0.0.0.0", port });
	}
}

async function bindUnix<Listener>(
	flag: string,
	path: string,
	listen: (target: BindTarget) => Listener,
	mask: number,
): Promise<Listener> {
	const before = await lstat(path).catch(() => undefined);
	if (before !== undefined) {
		if (!before.isSocket())
			throw new BindError("EEXIST", `${path} is there and is no socket: remove it or choose another with ${flag}`);
		if (await isAccepting(path)) {
			throw new BindError("EADDRINUSE", `somebody listens on ${path}: stop that or choose another with ${flag} unix:/path`);
		}
		await unlink(path);
	}
	const umask = process.umask(mask);
	try {
		return listen({ unix: path });
	} finally {
		process.umask(umask);
	}
}

async function isAccepting(path: string): Promise<boolean> {
	try {
		const socket = await Bun.connect({ unix: path, socket: { data() {} } });
		socket.terminate();
		return true;
	} catch (cause) {
		return !["ECONNREFUSED", "ENOENT"].includes(codeOf(cause));
	}
}

function bindError(flag: string, address: Address, cause: unknown): BindError {
	const code = codeOf(cause);
	const shown = showAddress(address);
	const another = `choose another with ${flag} ${address.kind === "unix" ? "unix:/path" : "HOST:PORT"}`;
	switch (code) {
		case "EADDRINUSE":
			return new BindError(code, `the address ${shown} is in use: stop what listens there or ${another}`, cause);
		case "EACCES":
		case "EPERM":
			return new BindError(code, `this user may not listen on ${shown}: ports below 1024 need a privilege; ${another}`, cause);
		case "EADDRNOTAVAIL":
		case "EAFNOSUPPORT":
			return new BindError(code, `this machine has no such address as ${shown}: ${another}`, cause);
		case "ENOENT":
		case "ENOTDIR":
			return new BindError(code, `the folder of ${shown} is not there: make it or ${another}`, cause);
		default:
			return new BindError(
				code,
				`cannot listen on ${shown} (${cause instanceof Error ? cause.message : String(cause)}): ${another}`,
				cause,
			);
	}
}

function codeOf(cause: unknown): string {
	return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
