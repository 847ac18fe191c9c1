// Why a store on PostgreSQL could not be opened.

/**
 * - `unreachable`: nothing answers at the address, or what answers is not PostgreSQL, or not with the TLS asked for.
 * - `denied`: user or password are wrong, or the user may not do what is needed.
 * - `missing`: there is no such database.
 * - `standby`: it can only be read.
 * - `newer`: it was changed by a newer version; it is left as it is.
 * - `foreign`: it holds something else under our name, or texts that are not UTF-8.
 * - `settings`: the server's settings would break a promise.
 * - `connections`: it does not let in as many connections as are needed.
 */
export type PostgresOpenCode =
	| "unreachable"
	| "denied"
	| "missing"
	| "standby"
	| "newer"
	| "foreign"
	| "settings"
	| "connections";

/** Thrown by `openPostgresStore`. The message names the address, without the password, and says what to do. */
export class PostgresOpenError extends Error {
	readonly code: PostgresOpenCode;

	constructor(code: PostgresOpenCode, message: string, cause?: unknown) {
		super(message, cause === undefined ? undefined : { cause });
		this.name = "PostgresOpenError";
		this.code = code;
	}
}
