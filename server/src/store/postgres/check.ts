// Start-up check of a database: version, permissions, and settings that durability depends on.
import type { Connection } from "./connection.ts";
import { PostgresOpenError } from "./open-error.ts";

/** The oldest supported version. */
const VERSION_MIN = 140_000;

interface Facts {
	readonly version: number;
	readonly encoding: string;
	readonly fsync: string;
	readonly synchronous_commit: string;
	readonly tcp_user_timeout: string;
	readonly is_local: boolean;
	readonly free: number;
	readonly role_limit: number;
	readonly database_limit: number;
}

/** Rejects with `PostgresOpenError`: everything that is wrong, with what to do. `connections`: how many will be opened. */
export async function checkServer(connection: Connection, shown: string, connections: number): Promise<void> {
	const { rows } = await connection.ask<Facts>({
		text: `SELECT current_setting('server_version_num')::int AS version,
			(SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()) AS encoding,
			current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
			current_setting('tcp_user_timeout') AS tcp_user_timeout, inet_server_addr() IS NULL AS is_local,
			current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS free,
			(SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
			(SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit`,
	});
	const [facts] = rows;
	if (facts === undefined) throw new PostgresOpenError("unreachable", `${shown} answers nothing`);
	if (facts.version < VERSION_MIN) {
		throw new PostgresOpenError(
			"settings",
			`${shown} is PostgreSQL ${Math.floor(facts.version / 10_000)}; 14 or later is needed`,
		);
	}
	if (facts.encoding !== "UTF8") {
		throw new PostgresOpenError(
			"foreign",
			`the database ${shown} keeps its texts in ${facts.encoding}; make one with UTF8: ` +
				"CREATE DATABASE verbatim ENCODING 'UTF8' TEMPLATE template0",
		);
	}
	const wrong = wrongSettings(facts);
	if (wrong.length > 0) {
		throw new PostgresOpenError(
			"settings",
			`${shown} cannot keep what is promised:\n${wrong.map((line) => `  ${line}`).join("\n")}`,
		);
	}
	const limits = [facts.free, facts.role_limit, facts.database_limit].filter((limit) => limit >= 0);
	const most = Math.min(...limits);
	if (most < connections) {
		throw new PostgresOpenError(
			"connections",
			`${shown} lets in ${most} connections of this user, and ${connections} are needed; raise max_connections, or the limit of the ` +
				"role (ALTER ROLE … CONNECTION LIMIT) or of the database (ALTER DATABASE … CONNECTION LIMIT)",
		);
	}
}

function wrongSettings({ fsync, synchronous_commit: commit, tcp_user_timeout: timeout, is_local: isLocal }: Facts): string[] {
	const wrong: string[] = [];
	if (fsync !== "on") wrong.push("fsync is off: what is acknowledged would not survive a power cut; set fsync = on");
	if (commit === "off") {
		wrong.push(
			"synchronous_commit is off: what is acknowledged could be lost; set synchronous_commit = on (ALTER ROLE … SET does, too)",
		);
	}
	// On a Unix socket the kernel has no such time, and it reads as 0.
	if (!isLocal && (timeout === "0" || timeout === "")) {
		wrong.push(
			"tcp_user_timeout is 0: a server of ours that has stopped could hold its locks for hours; set tcp_user_timeout = '3s' " +
				"(ALTER ROLE … SET tcp_user_timeout = '3s' does, too)",
		);
	}
	return wrong;
}
