// Restoring a backup after a crash: the dead server's write-ahead log is not replayed over it.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/ops/config/load.ts";
import { openData, openRestored } from "../../src/ops/data/open.ts";
import { restoreBackup } from "../../src/ops/data/restore.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite.ts";
import { ann, create, logOf, must, say } from "../store/drafts.ts";
import { withTempDir } from "../store/temp-dir.ts";

const BEFORE = ["1 ann created", "2 ann before"];
const configOf = (data: string) => loadConfig({ flags: new Map([["data", data]]), environment: {} }).config;

/** A data folder of a killed server, with its write-ahead log, and a backup from before its last writes. */
async function crashed(dir: string): Promise<{ readonly data: string; readonly backup: string }> {
	const live = join(dir, "live");
	const data = join(dir, "data");
	const backup = join(dir, "backup.db");
	const store = await openSqliteStore(live);
	await must(store, create("tea", ann));
	await must(store, say("tea", ann, "before"));
	const db = new Database(join(live, "verbatim.db"), { readonly: true });
	writeFileSync(backup, db.serialize());
	db.close();
	for (let i = 0; i < 60; i++) await must(store, say("tea", ann, `after ${i} ${"x".repeat(500)}`));
	mkdirSync(data);
	for (const name of readdirSync(live)) copyFileSync(join(live, name), join(data, name));
	await store.close();
	expect(existsSync(join(data, "verbatim.db-wal"))).toBe(true);
	return { data, backup };
}

async function said(data: string): Promise<string[]> {
	const store = await openSqliteStore(data);
	try {
		return await logOf(store, "tea");
	} finally {
		await store.close();
	}
}

describe("verbatim restore", () => {
	test(
		"restores the backup, whatever write-ahead log a dead server has left, with new epochs; the earlier files are kept aside",
		() =>
			withTempDir(async (dir) => {
				const { data, backup } = await crashed(dir);
				const { movedTo = "", rooms } = await restoreBackup(backup, data);
				expect(rooms).toBe(1);
				expect(readdirSync(data).filter((name) => /-wal|-shm|restoring/.test(name))).toEqual([]);
				expect(await said(data)).toEqual(BEFORE);
				expect(epochOf(data)).not.toBe(7);
				expect(await said(movedTo)).toHaveLength(62);
			}),
		60_000,
	);

	test(
		"restores into a folder that does not exist yet",
		() =>
			withTempDir(async (dir) => {
				const { backup } = await crashed(dir);
				expect(await restoreBackup(backup, join(dir, "other"))).toEqual({ movedTo: undefined, rooms: 1 });
				expect(await said(join(dir, "other"))).toEqual(BEFORE);
			}),
		60_000,
	);

	test(
		"keeps the write-ahead log of a copied folder, which belongs to it",
		() =>
			withTempDir(async (dir) => {
				const { data } = await crashed(dir);
				await restoreBackup(join(data, "verbatim.db"), join(dir, "other"));
				expect(await said(join(dir, "other"))).toHaveLength(62);
			}),
		60_000,
	);

	test(
		"refuses a damaged, foreign or missing backup, the database itself, and a folder in use; then nothing is changed",
		() =>
			withTempDir(async (dir) => {
				const { data, backup } = await crashed(dir);
				const files = () =>
					readdirSync(data)
						.filter((name) => !name.includes("lock"))
						.toSorted();
				const before = files();
				const refused = (from: string, code: string) => expect(restoreBackup(from, data)).rejects.toMatchObject({ code });
				await refused(join(dir, "none"), "missing");
				await refused(join(data, "verbatim.db"), "corrupt");
				writeFileSync(join(dir, "text"), "not a database, ".repeat(1_000));
				await refused(join(dir, "text"), "corrupt");
				new Database(join(dir, "foreign")).exec("CREATE TABLE theirs (n INTEGER)");
				await refused(join(dir, "foreign"), "corrupt");
				damage(backup, join(dir, "damaged"));
				await refused(join(dir, "damaged"), "corrupt");
				expect(files()).toEqual(before);
				expect(await said(data)).toHaveLength(62);
				const store = await openSqliteStore(data);
				await refused(backup, "locked");
				await store.close();
			}),
		60_000,
	);

	test(
		"that was interrupted while files were moved keeps every server from the folder, and can be repeated",
		() =>
			withTempDir(async (dir) => {
				const { data, backup } = await crashed(dir);
				writeFileSync(join(data, "verbatim.restoring"), "");
				await expect(openSqliteStore(data)).rejects.toMatchObject({
					code: "corrupt",
					message: expect.stringContaining("run it again"),
				});
				await restoreBackup(backup, data);
				expect(await said(data)).toEqual(BEFORE);
			}),
		60_000,
	);
});

describe("doctor --restored", () => {
	test(
		"refuses a database with a write-ahead log beside it, and changes neither",
		() =>
			withTempDir(async (dir) => {
				const { data, backup } = await crashed(dir);
				copyFileSync(backup, join(data, "verbatim.db"));
				const log = readFileSync(join(data, "verbatim.db-wal"));
				await expect(openRestored(configOf(data))).rejects.toMatchObject({
					code: "corrupt",
					message: expect.stringContaining("verbatim restore --from"),
				});
				expect(readFileSync(join(data, "verbatim.db")).equals(readFileSync(backup))).toBe(true);
				expect(readFileSync(join(data, "verbatim.db-wal")).equals(log)).toBe(true);
			}),
		60_000,
	);

	test(
		"refuses a damaged database, and opens a sound one",
		() =>
			withTempDir(async (dir) => {
				const { backup } = await crashed(dir);
				const data = join(dir, "by-hand");
				mkdirSync(data);
				damage(backup, join(data, "verbatim.db"));
				await expect(openRestored(configOf(data))).rejects.toMatchObject({ code: "corrupt" });
				await expect(openSqliteStore(data)).rejects.toMatchObject({ code: "corrupt" });
				copyFileSync(backup, join(data, "verbatim.db"));
				const opened = await openRestored(configOf(data));
				await opened.renewEpochs();
				await opened.close();
				expect(epochOf(data)).not.toBe(7);
			}),
		60_000,
	);

	test(
		"and the commands on users create no database: without one they say so, and leave nothing behind",
		() =>
			withTempDir(async (dir) => {
				const data = join(dir, "elsewhere");
				for (const open of [openRestored, openData]) {
					await expect(open(configOf(data))).rejects.toMatchObject({
						code: "missing",
						message: expect.stringContaining("--data"),
					});
				}
				expect(existsSync(data)).toBe(false);
			}),
		60_000,
	);
});

function epochOf(data: string): unknown {
	const db = new Database(join(data, "verbatim.db"));
	try {
		return db.query<{ epoch: number }, []>("SELECT epoch FROM rooms").get()?.epoch;
	} finally {
		db.close();
	}
}

/** Overwrites a page in the middle: the database still opens. */
function damage(from: string, to: string): void {
	const bytes = readFileSync(from);
	const page = 4_096;
	writeFileSync(to, bytes.fill(0xa5, bytes.length - page, bytes.length));
}
