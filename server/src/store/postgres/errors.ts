// What an error of PostgreSQL, of its client or of our own code means for the transaction it happened in. Codes: PostgreSQL's documentation, appendix A.

/**
 * - `again`: rolled back for reasons of order (deadlock, lock time-out, a name taken meanwhile); tried again on the same connection.
 * - `lost`: the connection is gone, or of no use any more (a standby now, plans of an older schema).
 * - `full`: the server has no room or no memory; rolled back.
 * - `draft`: a value that does not fit, or a mistake in our code; rolled back.
 * - `refused`: anything else that the server says; rolled back.
 */
export type Trouble = "again" | "lost" | "full" | "draft" | "refused";

/** The host answers, and takes no writes. */
export class ReadOnlyError extends Error {}

/** Our mistake: what a draft holds cannot be written. */
export class DraftError extends Error {}

/** Rows are needed under lock that are not, or a row turned out to be another's: roll back and decide again, with these locks. */
export class DecideAgain extends Error {
	readonly users: readonly string[];
	readonly rooms: readonly string[];

	constructor(why: string, users: readonly string[] = [], rooms: readonly string[] = []) {
		super(why);
		this.users = users;
		this.rooms = rooms;
	}
}

const AGAIN = new Set([
	"40P01", // deadlock_detected
	"40001", // serialization_failure
	"55P03", // lock_not_available
	"57014", // query_canceled: statement_timeout
	"23505", // unique_violation: a name or an id that another transaction has taken
]);

const LOST = new Set([
	"25006", // read_only_sql_transaction: it has become a standby
	"25P03", // idle_in_transaction_session_timeout
	"57P01", // admin_shutdown
	"57P02", // crash_shutdown
	"57P03", // cannot_connect_now
	"57P05", // idle_session_timeout
	"0A000", // feature_not_supported: a cached plan of an older schema
	"26000", // invalid_sql_statement_name: a pooler has given another connection
	"42P05", // duplicate_prepared_statement: likewise
	"25P01", // no_active_sql_transaction: likewise
]);

export function troubleOf(cause: unknown): Trouble {
	if (cause instanceof DecideAgain) return "again";
	if (cause instanceof DraftError || cause instanceof TypeError || cause instanceof RangeError) return "draft";
	const code = sqlState(cause);
	// The client's own errors have no state: a closed socket, a time-out.
	if (code === undefined) return "lost";
	if (AGAIN.has(code)) return "again";
	if (LOST.has(code) || code.startsWith("08")) return "lost";
	if (code.startsWith("53") || code.startsWith("58")) return "full";
	return code.startsWith("22") || code.startsWith("23") ? "draft" : "refused";
}

/** PostgreSQL's SQLSTATE; undefined for an error that is not the server's. */
export function sqlState(cause: unknown): string | undefined {
	if (!(cause instanceof Error) || !("code" in cause) || !("severity" in cause)) return undefined;
	return typeof cause.code === "string" && /^[0-9A-Z]{5}$/.test(cause.code) ? cause.code : undefined;
}

export function messageOf(cause: unknown): string {
	return cause instanceof Error ? cause.message : String(cause);
}
