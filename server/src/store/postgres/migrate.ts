// Brings a database to the present schema. Nodes that start at once wait for each other on an advisory lock; a step has a short
// lock timeout and is retried, so that nothing queues behind it for long.
import type { Clock } from "../../base/clock.ts";
import type { Connection } from "./connection.ts";
import { sqlState } from "./errors.ts";
import { MIGRATIONS, type Migration } from "./migrations.ts";
import { PostgresOpenError } from "./open-error.ts";

/** "VRBT": transactions that change the schema hold this advisory lock. */
const LOCK = 0x5652_4254;
const LOCK_WAIT_MS = 2_000;
const TRIES_MAX = 30;
const BETWEEN_MS = 200;
/** An index over a long log takes its time. */
const STEP_MS = 3_600_000;

/** Rejects with `PostgresOpenError` `newer` or `foreign`, or with what the database says. */
export async function migrate(
	connection: Connection,
	clock: Pick<Clock, "after">,
	migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
	for (let tries = 1; (await versionOf(connection, migrations)) < migrations.length; tries++) {
		try {
			await step(connection, migrations);
		} catch (cause) {
			// Others hold a table, or have made the schema meanwhile.
			const code = sqlState(cause) ?? "";
			if (!["55P03", "40P01", "23505", "42P06", "42P07"].includes(code) || tries >= TRIES_MAX) throw cause;
			await connection.run("ROLLBACK");
			await new Promise<void>((resolve) => void clock.after(BETWEEN_MS, resolve));
		}
	}
}

/** The steps that the database has; 0: none. Rejects with `PostgresOpenError` `newer` or `foreign`. */
export async function versionOf(connection: Connection, migrations: readonly Migration[]): Promise<number> {
	const { rows } = await connection.ask<{ ours: boolean; schema: boolean }>({
		text: `SELECT to_regclass('verbatim.migrations') IS NOT NULL AS ours,
			EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('verbatim')) AS schema`,
	});
	if (rows[0]?.ours !== true) {
		if (rows[0]?.schema !== true) return 0;
		throw new PostgresOpenError(
			"foreign",
			"the database has a schema `verbatim` that is not of Verbatim; name a database of its own for it",
		);
	}
	const { rows: found } = await connection.ask<{ version: number; needs: number }>({
		text: "SELECT coalesce(max(version), 0)::int AS version, coalesce(max(needs), 0)::int AS needs FROM verbatim.migrations",
	});
	const { version = 0, needs = 0 } = found[0] ?? {};
	if (needs > migrations.length) {
		throw new PostgresOpenError(
			"newer",
			`the database was changed by a newer Verbatim (its version is ${version}, which needs ${needs}; this one knows ` +
				`${migrations.length}); start that one, or restore a backup from before the upgrade. The database was not touched`,
		);
	}
	return version;
}

async function step(connection: Connection, migrations: readonly Migration[]): Promise<void> {
	await connection.run(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
	await connection.run(`SELECT pg_advisory_xact_lock(${LOCK})`);
	await connection.run(
		"CREATE SCHEMA IF NOT EXISTS verbatim; CREATE TABLE IF NOT EXISTS verbatim.migrations " +
			"(version int PRIMARY KEY, needs int NOT NULL, at timestamptz NOT NULL DEFAULT now())",
	);
	// Read again, under the lock.
	const version = await versionOf(connection, migrations);
	const next = migrations[version];
	if (next !== undefined) {
		await connection.run(next.sql, STEP_MS);
		await connection.run(`INSERT INTO verbatim.migrations (version, needs) VALUES (${version + 1}, ${next.needs})`);
	}
	await connection.run("COMMIT");
}
