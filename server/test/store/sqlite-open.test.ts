// Opening a data folder: durable settings at every opening, steps forward only, and clear words for what cannot be opened.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectReader, connectWriter, migrate, pragma } from "../../src/store/sqlite/connect.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../src/store/sqlite/migrations.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite.ts";
import { ann, create, direct, leave, logOf, must } from "./drafts.ts";
import { withTempDir } from "./temp-dir.ts";

const dan = { id: "u-dan", name: "dan" };

describe("durability", () => {
	test("a new database and a reopened one sync the log at each commit: WAL, synchronous = FULL", () =>
		withTempDir(async (dir) => {
			const path = join(dir, "verbatim.db");
			for (const _ of ["new", "reopened", "reopened again"]) {
				const db = connectWriter(path);
				db.exec("INSERT INTO meta VALUES ('k', '1') ON CONFLICT DO NOTHING");
				expect([pragma(db, "journal_mode"), pragma(db, "synchronous")]).toEqual(["wal", 2]);
				db.close();
			}
		}));

	test("a database that does not take these settings is refused", () => {
		expect(() => connectWriter(":memory:")).toThrow(expect.objectContaining({ code: "io" }));
	});

	test("a reader cannot write", () =>
		withTempDir(async (dir) => {
			const path = join(dir, "verbatim.db");
			const writer = connectWriter(path);
			const reader = connectReader(path);
			expect(() => reader.exec("DELETE FROM meta")).toThrow();
			reader.close();
			writer.close();
		}));
});

describe("migrations", () => {
	test("a database of any older version is brought to the present one and keeps its data", () =>
		withTempDir(async (dir) => {
			for (let version = 1; version < MIGRATIONS.length + 1; version++) {
				const old = join(dir, `v${version}`);
				mkdirSync(old);
				const db = connectWriter(join(old, "verbatim.db"), MIGRATIONS.slice(0, version));
				db.exec("INSERT INTO meta VALUES ('k', 'kept')");
				db.close();
				const store = await openSqliteStore(old);
				expect(await store.putOnce("k", "new")).toBe("kept");
				await must(store, create("tea", ann));
				await store.close();
				expect(versionOf(old)).toBe(MIGRATIONS.length);
			}
		}));

	test("a database of before invitations were counted apart tells which rooms others have brought a user into", () =>
		withTempDir(async (dir) => {
			const db = connectWriter(join(dir, "verbatim.db"), MIGRATIONS.slice(0, 3));
			const member = (room: number, user: string, standing: number) =>
				db.exec(`INSERT INTO members VALUES (${room}, '${user}', '${user}', ${standing})`);
			const said = (room: number, seq: number, user: string) =>
				db.exec(`INSERT INTO entries VALUES (${room}, ${seq}, 1, '${user}', '${user}', '', 7, x'')`);
			db.exec(
				"INSERT INTO rooms (no, id, kind, name, skeleton, epoch, head, members) VALUES (1, 'den', 2, 'den', 'den', 7, 2, 1)",
			);
			member(1, "u-bob", 2);
			member(1, "u-ann", 3);
			for (const [no, peer] of [
				[2, "u-bob"],
				[3, "u-cat"],
			] as const) {
				db.exec(
					`INSERT INTO rooms (no, id, kind, name, direct_key, epoch, head, members) VALUES (${no}, 'd${no}', 3, '', 'u-ann|${peer}', 7, 2, 2)`,
				);
				member(no, "u-ann", 1);
				member(no, peer, 1);
				said(no, 1, peer);
			}
			said(3, 2, "u-ann");
			db.close();
			const store = await openSqliteStore(dir, { limits: { roomsPerUserMax: 2, invitationsPerUserMax: 4 } });
			expect((await store.append(direct("d4", dan, ann))).ok).toBe(false);
			await must(store, create("tea", ann));
			expect(await store.append(create("milk", ann))).toEqual({ ok: false, code: "too_many_rooms" });
			await must(store, leave("den", ann));
			await must(store, direct("d4", dan, ann));
			await store.close();
		}));

	test("steps that are missing are taken in order, each once", () =>
		withTempDir(async (dir) => {
			const path = join(dir, "verbatim.db");
			const steps = [
				...MIGRATIONS,
				(db: Database) => db.exec("CREATE TABLE further (n INTEGER)"),
				(db: Database) => db.exec("INSERT INTO further VALUES (1)"),
			];
			connectWriter(path).close();
			for (const _ of [1, 2]) {
				const db = connectWriter(path, steps);
				expect(pragma(db, "user_version")).toBe(steps.length);
				expect(db.query("SELECT n FROM further").all()).toEqual([{ n: 1 }]);
				db.close();
			}
		}));

	test("a step that fails leaves the version before it", () => {
		const db = new Database(":memory:");
		const broken = (inside: Database) => inside.exec("CREATE TABLE half (n INTEGER); SELECT nonsense");
		expect(() => migrate(db, [...MIGRATIONS, broken])).toThrow();
		expect(pragma(db, "user_version")).toBe(MIGRATIONS.length);
		expect(() => db.query("SELECT * FROM half").all()).toThrow();
	});

	test("a database of a newer version is refused, and not touched", () =>
		withTempDir(async (dir) => {
			await (await openSqliteStore(dir)).close();
			const path = join(dir, "verbatim.db");
			const db = new Database(path);
			db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
			db.close();
			const before = readFileSync(path);
			await expect(openSqliteStore(dir)).rejects.toMatchObject({
				name: "StoreOpenError",
				code: "newer",
				message: expect.stringMatching(/newer Verbatim.*start that one/s),
			});
			expect(readFileSync(path).equals(before)).toBe(true);
		}));
});

describe("what cannot be opened", () => {
	test("a file that is no database is corrupt", () =>
		withTempDir(async (dir) => {
			writeFileSync(join(dir, "verbatim.db"), "not a database, ".repeat(1_000));
			await expect(openSqliteStore(dir)).rejects.toMatchObject({ code: "corrupt", message: expect.stringContaining("backup") });
		}));

	test("a database whose pages are damaged is corrupt, or refuses what touches them; it never answers wrongly", () =>
		withTempDir(async (dir) => {
			const first = await openSqliteStore(dir);
			await must(first, create("tea", ann));
			await first.close();
			const path = join(dir, "verbatim.db");
			const bytes = readFileSync(path);
			// The schema is on the first page, behind the header.
			writeFileSync(path, bytes.fill(0xa5, 100, 4_096));
			await expect(openSqliteStore(dir)).rejects.toMatchObject({ code: "corrupt" });
		}));

	test("a database of another program is refused and left alone", () =>
		withTempDir(async (dir) => {
			const path = join(dir, "verbatim.db");
			const other = new Database(path);
			other.exec("CREATE TABLE theirs (n INTEGER)");
			other.close();
			const before = readFileSync(path);
			await expect(openSqliteStore(dir)).rejects.toMatchObject({
				code: "corrupt",
				message: expect.stringContaining("not one of Verbatim"),
			});
			expect(readFileSync(path).equals(before)).toBe(true);
		}));

	test("a folder that cannot be made or written to is unwritable, and the words name it", () =>
		withTempDir(async (dir) => {
			const file = join(dir, "file");
			writeFileSync(file, "");
			for (const path of [file, join(file, "below")]) {
				await expect(openSqliteStore(path)).rejects.toMatchObject({
					code: "unwritable",
					message: expect.stringMatching(new RegExp(`${path}.*--data`, "s")),
				});
			}
		}));

	test("a refusal leaves the folder free: it opens once the reason is gone", () =>
		withTempDir(async (dir) => {
			writeFileSync(join(dir, "verbatim.db"), "not a database, ".repeat(1_000));
			await expect(openSqliteStore(dir)).rejects.toMatchObject({ code: "corrupt" });
			writeFileSync(join(dir, "verbatim.db"), "");
			const store = await openSqliteStore(dir);
			await must(store, create("tea", ann));
			expect(await logOf(store, "tea")).toEqual(["1 ann created"]);
			await store.close();
		}));

	test("the folder and the database are made for their owner alone", () =>
		withTempDir(async (dir) => {
			const data = join(dir, "deep", "data");
			await (await openSqliteStore(data)).close();
			expect(statSync(data).mode & 0o077).toBe(0);
			expect(statSync(join(data, "verbatim.db")).mode & 0o077).toBe(0);
		}));
});

function versionOf(dir: string): unknown {
	const db = new Database(join(dir, "verbatim.db"), { readonly: true });
	try {
		expect(pragma(db, "application_id")).toBe(APPLICATION_ID);
		return pragma(db, "user_version");
	} finally {
		db.close();
	}
}
