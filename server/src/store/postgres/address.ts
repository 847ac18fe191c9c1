// Where the database is: `postgres://USER[:PASSWORD]@HOST[:PORT][,HOST[:PORT]…]/DATABASE[?sslmode=…]`, with several hosts where one of them is
// the primary at a time. A host that begins with `/` (written `%2F…`) is the folder of a Unix socket.

/** What one connection needs. */
export interface Target {
	readonly host: string;
	readonly port: number;
	readonly user: string;
	readonly database: string;
	readonly password?: string;
	readonly ssl: false | { readonly rejectUnauthorized: boolean; readonly ca?: string; readonly host: string };
}

export interface PostgresAddress {
	/** In the order in which they are tried. */
	readonly targets: readonly Target[];
	/** For people: without the password. */
	readonly shown: string;
}

/** Invalid address; the message says why, without the password. */
export class PostgresAddressError extends RangeError {}

const PORT = 5432;
const MODES = ["disable", "require", "verify-full"] as const;

/** The address without its password, for people. */
export function withoutPassword(address: string): string {
	return address.replace(/(postgres(?:ql)?:\/\/[^:@/?]*):[^@/?]*@/, "$1@");
}

export function isPostgresAddress(value: string): boolean {
	return /^postgres(ql)?:\/\//.test(value);
}

/** What stands in files beside the address. */
export interface AddressSecrets {
	readonly password?: string;
	/** CA certificates (PEM); with them, the default of `sslmode` is `verify-full`. */
	readonly ca?: string;
}

/** Throws `PostgresAddressError`. */
export function parsePostgresAddress(address: string, { password: given, ca }: AddressSecrets = {}): PostgresAddress {
	const [, scheme, who = "", hosts = "", path = "", query = ""] =
		/^(postgres(?:ql)?):\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(address) ?? [];
	if (scheme === undefined) throw new PostgresAddressError("the address of the database is not postgres://USER@HOST/DATABASE");
	const colon = who.indexOf(":");
	const user = decoded(colon < 0 ? who : who.slice(0, colon));
	const inline = colon < 0 ? undefined : decoded(who.slice(colon + 1));
	if (user === "") throw new PostgresAddressError("the address of the database names no user: postgres://USER@HOST/DATABASE");
	const database = decoded(path);
	if (database === "") throw new PostgresAddressError("the address names no database: postgres://USER@HOST/DATABASE");
	const mode = sslMode(new URLSearchParams(query), ca !== undefined);
	const password = given ?? inline;
	const targets = hosts.split(",").map((each): Target => {
		const { host, port } = hostAndPort(each);
		const isSocket = host.startsWith("/");
		const ssl =
			mode === "disable" || isSocket
				? (false as const)
				: { rejectUnauthorized: mode === "verify-full", ...(ca === undefined ? {} : { ca }), host };
		return { host, port, user, database, ...(password === undefined ? {} : { password }), ssl };
	});
	return { targets, shown: `${scheme}://${encodeURIComponent(user)}@${hosts}/${path}` };
}

function sslMode(query: URLSearchParams, hasCa: boolean): (typeof MODES)[number] {
	for (const key of query.keys()) {
		if (key !== "sslmode")
			throw new PostgresAddressError(`the address of the database has ${key}=…; only sslmode=… may stand there`);
	}
	const given = query.get("sslmode");
	const mode = MODES.find((each) => each === given);
	if (given !== null && mode === undefined) {
		throw new PostgresAddressError(
			`sslmode=${given} in the address of the database does not exist here; there are: ${MODES.join(", ")}`,
		);
	}
	if (mode !== undefined && mode !== "verify-full" && hasCa) {
		throw new PostgresAddressError(
			`sslmode=${mode} would not look at the certificates of storeCaFile; leave it out, or say verify-full`,
		);
	}
	return mode ?? (hasCa ? "verify-full" : "disable");
}

function hostAndPort(given: string): { readonly host: string; readonly port: number } {
	const [, name = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(given) ?? [];
	const host = decoded(name).replace(/^\[(.*)\]$/, "$1");
	if (host === "") throw new PostgresAddressError(`the address of the database has no host where it says "${given}"`);
	return { host, port: port === undefined ? PORT : Number(port) };
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		throw new PostgresAddressError("the address of the database has a % that stands for no character; write %25 for it");
	}
}
