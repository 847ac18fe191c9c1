// A PostgreSQL for the tests of one file.
import { afterAll, beforeAll, describe, setDefaultTimeout } from "bun:test";
import { findPostgres, POSTGRES_MISSING, PostgresProcess } from "@verbatim/testkit";

const START_MS = 60_000;

/** Runs `tests` beside a PostgreSQL, which `postgres` gives; where it is not installed they are skipped, which fails the run in CI. */
export function describePostgres(name: string, tests: (postgres: () => PostgresProcess) => void): void {
	describe.skipIf(findPostgres() === undefined)(`${name} (${POSTGRES_MISSING})`, () => {
		setDefaultTimeout(30_000);
		let started: PostgresProcess | undefined;
		beforeAll(async () => {
			started = await PostgresProcess.start();
		}, START_MS);
		afterAll(() => started?.remove(), START_MS);
		tests(() => {
			if (started === undefined) throw new Error("PostgreSQL was not started");
			return started;
		});
	});
}

/** Databases for one test after the other: emptied, since making one takes longer. */
export class Databases {
	private readonly postgres: () => PostgresProcess;
	private readonly free: string[] = [];

	constructor(postgres: () => PostgresProcess) {
		this.postgres = postgres;
	}

	/** The address of one that holds nothing. */
	async take(): Promise<string> {
		return this.free.pop() ?? (await this.postgres().database());
	}

	async giveBack(url: string): Promise<void> {
		const database = new URL(url).pathname.slice(1);
		const tables = await this.postgres().sql(
			"SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables WHERE schemaname = 'verbatim' AND tablename <> 'migrations'",
			database,
		);
		if (tables !== "") await this.postgres().sql(`TRUNCATE ${tables}`, database);
		this.free.push(url);
	}
}
