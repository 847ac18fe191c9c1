// Looks at a database without changing it: for `verbatim doctor`.
import type { PostgresAddress } from "./address.ts";
import { checkServer } from "./check.ts";
import { explained } from "./explain.ts";
import { Hosts } from "./hosts.ts";
import { versionOf } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";
import { connectionsOf } from "./postgres.ts";
import { POSTGRES_TIMES } from "./times.ts";

export interface PostgresFacts {
	/** PostgreSQL's own. */
	readonly server: string;
	/** Steps of the schema that the database has; 0: no server of ours has started on it. */
	readonly version: number;
	readonly versionKnown: number;
	readonly sizeBytes: number;
}

/** Rejects with `PostgresOpenError`: what stands against serving from it. */
export async function inspectPostgres({ targets, shown }: PostgresAddress): Promise<PostgresFacts> {
	const { connectMs, answerMs } = POSTGRES_TIMES;
	try {
		const connection = await new Hosts({ targets, shown }).open({
			connectMs,
			answerMs,
			pipeline: false,
			name: "verbatim doctor",
		});
		try {
			await checkServer(connection, shown, connectionsOf());
			const version = await versionOf(connection, MIGRATIONS);
			const { rows } = await connection.ask<{ server: string; size: number }>({
				text: "SELECT current_setting('server_version') AS server, pg_database_size(current_database()) AS size",
			});
			return { server: rows[0]?.server ?? "", version, versionKnown: MIGRATIONS.length, sizeBytes: rows[0]?.size ?? 0 };
		} finally {
			await connection.close();
		}
	} catch (cause) {
		throw explained(shown, cause);
	}
}
