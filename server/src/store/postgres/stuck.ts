// Frees rows that a node holds which no time-out of the server reaches: its backend is in the midst of an answer that nobody reads. Such a
// backend can be terminated only. One that waits for a synchronous standby is left alone: its commit would "succeed" without the standby.
import type { Connection, Statement } from "./connection.ts";

/** Longer than any transaction of ours may take. */
const STUCK_MS = 5_000;

/** How connections of lanes are called in `pg_stat_activity`. */
export function laneName(index: number): string {
	return `verbatim lane ${index}`;
}

const TERMINATE: Statement = {
	text:
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user " +
		`AND application_name LIKE '${laneName(0).slice(0, -1)}%' AND pid <> pg_backend_pid() AND wait_event IS DISTINCT FROM 'SyncRep' ` +
		`AND xact_start < clock_timestamp() - interval '${STUCK_MS} ms'`,
};

/**
 * Rolls back, and ends transactions of any of our nodes that are too old: for whoever has waited for a lock in vain. Never rejects: who fails at
 * this fails at the next attempt, too.
 */
export async function freeLocks(connection: Connection): Promise<void> {
	try {
		await connection.run("ROLLBACK");
		await connection.ask(TERMINATE);
	} catch {
		// The next attempt meets the same.
	}
}
