// The PostgreSQL that tests start: real, their own, and gone afterwards.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { findPostgres, POSTGRES_MISSING, PostgresProcess } from "../src/process/postgres.ts";

describe.skipIf(findPostgres() === undefined)(`a PostgreSQL of the tests (${POSTGRES_MISSING})`, () => {
	let postgres: PostgresProcess;
	beforeAll(async () => {
		postgres = await PostgresProcess.start({ settings: { work_mem: "5MB" } });
	}, 60_000);
	afterAll(() => postgres?.remove());

	test("syncs what it commits, has the settings asked for, and a new database for each test", async () => {
		expect(await postgres.sql("SHOW fsync")).toBe("on");
		expect(await postgres.sql("SHOW synchronous_commit")).toBe("on");
		expect(await postgres.sql("SHOW work_mem")).toBe("5MB");
		const [first, second] = [await postgres.database(), await postgres.database()];
		expect(first).not.toBe(second);
		expect(await postgres.sql("SHOW server_encoding", new URL(second).pathname.slice(1))).toBe("UTF8");
		await postgres.set({ work_mem: "6MB" });
		expect(await postgres.sql("SHOW work_mem")).toBe("6MB");
	}, 60_000);

	test("has after a kill what was committed before", async () => {
		await postgres.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
		await postgres.stop("SIGKILL");
		await postgres.restart();
		expect(await postgres.sql("SELECT n FROM kept")).toBe("7");
	}, 60_000);

	test("leaves nothing behind", async () => {
		const other = await PostgresProcess.start();
		await other.remove();
		expect(existsSync(other.folder)).toBe(false);
	}, 60_000);
});
