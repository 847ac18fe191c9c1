// Where Redis is: `redis://[USER[:PASSWORD]@]HOST[:PORT]`, or `rediss://` for TLS.
import { readFileSync } from "node:fs";

export interface RedisAddress {
	readonly host: string;
	readonly port: number;
	readonly user?: string;
	readonly password?: string;
	/** Absent: without TLS. `ca`: certificates (PEM) that are trusted instead of the system's. */
	readonly tls?: { readonly ca?: string };
	/** For people: without the password. */
	readonly shown: string;
}

/** The message says why, without the password. */
export class RedisAddressError extends RangeError {}

export interface RedisAddressFiles {
	/** A file whose first line is the password. */
	readonly passwordFile?: string | undefined;
	readonly caFile?: string | undefined;
}

const PORT = 6379;

/** Throws `RedisAddressError`, or what reading the files throws. */
export function parseRedisAddress(address: string, files: RedisAddressFiles = {}): RedisAddress {
	const [, scheme, who, hosts = "", rest = ""] = /^(rediss?):\/\/(?:([^@/?]*)@)?([^/?]*)(.*)$/.exec(address) ?? [];
	if (scheme === undefined) throw new RedisAddressError("the address of the bus is not redis://HOST or rediss://HOST");
	if (rest !== "" && rest !== "/")
		throw new RedisAddressError(`after the host there is "${rest}"; channels belong to no database of Redis: leave it out`);
	const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:,]*))(?::(\d{1,5}))?$/.exec(hosts) ?? [];
	const host = bracketed ?? plain ?? "";
	if (host === "") throw new RedisAddressError("the address of the bus names no host, or more than one");
	const [user = "", inline] = (who ?? "").split(":").map(decoded);
	const password =
		files.passwordFile === undefined ? inline : (readFileSync(files.passwordFile, "utf8").split(/\r?\n/, 1)[0] ?? "");
	if (scheme === "redis" && files.caFile !== undefined)
		throw new RedisAddressError("busCaFile is for TLS: the address must begin with rediss://");
	return {
		host,
		port: port === undefined ? PORT : Number(port),
		...(user === "" ? {} : { user }),
		...(password === undefined ? {} : { password }),
		...(scheme === "redis" ? {} : { tls: files.caFile === undefined ? {} : { ca: readFileSync(files.caFile, "utf8") } }),
		shown: `${scheme}://${user === "" ? "" : `${encodeURIComponent(user)}@`}${hosts}`,
	};
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		throw new RedisAddressError("the address of the bus has a % that stands for no character; write %25 for it");
	}
}
