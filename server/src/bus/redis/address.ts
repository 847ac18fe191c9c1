// Where Redis is: `redis://[USER[:PASSWORD]@]HOST[:PORT]`, or `rediss://` for TLS.

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

/** What stands in files beside the address. */
export interface RedisSecrets {
	readonly password?: string;
	/** Certificates (PEM) that are trusted instead of the system's. */
	readonly ca?: string;
}

const PORT = 6379;

/** Throws `RedisAddressError`. */
export function parseRedisAddress(address: string, { password: given, ca }: RedisSecrets = {}): RedisAddress {
	const [, scheme, who, hosts = "", rest = ""] = /^(rediss?):\/\/(?:([^@/?]*)@)?([^/?]*)(.*)$/.exec(address) ?? [];
	if (scheme === undefined) throw new RedisAddressError("the address of the bus is not redis://HOST or rediss://HOST");
	if (rest !== "" && rest !== "/")
		throw new RedisAddressError(`after the host there is "${rest}"; channels belong to no database of Redis: leave it out`);
	const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:,]*))(?::(\d{1,5}))?$/.exec(hosts) ?? [];
	const host = bracketed ?? plain ?? "";
	if (host === "") throw new RedisAddressError("the address of the bus names no host, or more than one");
	const [, name = "", secret] = /^([^:]*)(?::(.*))?$/.exec(who ?? "") ?? [];
	const user = decoded(name);
	const inline = secret === undefined ? undefined : decoded(secret);
	const password = given ?? inline;
	if (scheme === "redis" && ca !== undefined)
		throw new RedisAddressError("busCaFile is for TLS: the address must begin with rediss://");
	return {
		host,
		port: port === undefined ? PORT : Number(port),
		...(user === "" ? {} : { user }),
		...(password === undefined ? {} : { password }),
		...(scheme === "redis" ? {} : { tls: ca === undefined ? {} : { ca } }),
		shown: `${scheme}://${user === "" ? "" : `${encodeURIComponent(user)}@`}${hosts}`,
	};
}

export function withoutRedisPassword(address: string): string {
	return address.replace(/^(rediss?:\/\/[^:@/?]*):[^@/?]*@/, "$1@");
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		throw new RedisAddressError("the address of the bus has a % that stands for no character; write %25 for it");
	}
}
