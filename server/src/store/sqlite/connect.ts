// Opening the database: is it ours and not newer, does it sync as it must, and the steps to the present schema.
import { constants, Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { messageOf, StoreOpenError, sqliteCode } from "./errors.ts";
import { APPLICATION_ID, MIGRATIONS, type Migration } from "./migrations.ts";

/** Value of `PRAGMA synchronous` for FULL: the log is synced at each commit, before it is acknowledged. */
const SYNCHRONOUS_FULL = 2;

/** A connection for writing, on the present schema. Throws `StoreOpenError`. */
export function connectWriter(path: string, migrations: readonly Migration[] = MIGRATIONS): Database {
	return explained(path, () => {
		refuseForeign(path, migrations.length);
		const db = new Database(path, { create: true, readwrite: true, strict: true });
		try {
			db.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
			// On macOS a plain fsync leaves data in the drive's cache; elsewhere this says nothing.
			db.exec("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
			db.exec("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY");
			// 32 MiB of pages. The log is copied into the database every 16 MiB: larger is quicker, and takes longer at a restart.
			db.exec("PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864");
			migrate(db, migrations);
			// Read after the first transaction: some builds fall back to NORMAL when a WAL database is first touched.
			mustBe(db, path, "journal_mode", "wal");
			mustBe(db, path, "synchronous", SYNCHRONOUS_FULL);
			return db;
		} catch (cause) {
			db.close();
			throw cause;
		}
	});
}

/** A connection for reading beside a writer. */
export function connectReader(path: string): Database {
	return explained(path, () => {
		const db = new Database(path, { readonly: true, strict: true });
		db.exec("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384");
		return db;
	});
}

/** Brings `db` up to the last of `migrations`, each in a transaction of its own. */
export function migrate(db: Database, migrations: readonly Migration[]): void {
	for (let version = pragma(db, "user_version") as number; version < migrations.length; version++) {
		db.transaction(() => {
			migrations[version]?.(db);
			db.exec(`PRAGMA user_version = ${version + 1}; PRAGMA application_id = ${APPLICATION_ID}`);
		}).immediate();
	}
}

/** Looks without touching: a file that we must not write to is only ever opened for reading. */
function refuseForeign(path: string, known: number): void {
	if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
	const db = openToLook(path);
	try {
		db.exec("PRAGMA busy_timeout = 5000");
		const version = pragma(db, "user_version") as number;
		const ours = pragma(db, "application_id") === APPLICATION_ID;
		const tables = db.query<{ n: number }, []>("SELECT count(*) AS n FROM sqlite_schema").get()?.n ?? 0;
		if (!ours && (version !== 0 || tables > 0)) {
			throw new StoreOpenError(
				"corrupt",
				`${path} is a database, but not one of Verbatim; move it away, or choose another data folder`,
			);
		}
		if (version > known) {
			throw new StoreOpenError(
				"newer",
				`${path} was written by a newer Verbatim (its version is ${version}, this one knows ${known}); start that one, or restore a ` +
					"backup from before the upgrade. The file was not touched",
			);
		}
	} finally {
		db.close();
	}
}

/** Even reading a database in WAL mode leaves files beside it, unless it is opened as one that nobody changes. */
function openToLook(path: string): Database {
	// What lies in a log counts: then it must be read too.
	if (existsSync(`${path}-wal`)) return new Database(path, { readonly: true });
	const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants;
	return new Database(`${pathToFileURL(path).href}?immutable=1`, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

function mustBe(db: Database, path: string, name: string, wanted: string | number): void {
	const value = pragma(db, name);
	if (value !== wanted) {
		throw new StoreOpenError(
			"io",
			`${path} cannot be made durable: SQLite says ${name} = ${value} where ${wanted} was asked for`,
		);
	}
}

export function pragma(db: Database, name: string): unknown {
	const row = db.query<Record<string, unknown>, []>(`PRAGMA ${name}`).get() ?? {};
	return Object.values(row)[0];
}

/** Databases up to this size are checked at each start: 0.1 s at most. Of larger ones `verbatim doctor` tells. */
const CHECKED_BYTES_MAX = 64 * 1024 * 1024;

/** Throws `StoreOpenError` for a small database that is damaged: one that serves on would only get worse. */
export function refuseDamaged(db: Database, path: string): void {
	if ((pragma(db, "page_count") as number) * (pragma(db, "page_size") as number) > CHECKED_BYTES_MAX) return;
	const [damage] = explained(path, () => damageOf(db, "quick_check", 1));
	if (damage === undefined) return;
	throw new StoreOpenError("corrupt", `${path} is damaged (${damage}); put a backup in place: verbatim restore --from FILE`);
}

/** What SQLite's own check says of the database; nothing: sound. */
export function damageOf(db: Database, check: "quick_check" | "integrity_check", linesMax: number): readonly string[] {
	const found = db.query<Record<string, string>, []>(`PRAGMA ${check}(${linesMax})`).all();
	return found.flatMap((row) => Object.values(row)).filter((words) => words !== "ok");
}

/** Runs `open`; what SQLite says of the database at `path` becomes a `StoreOpenError`. */
export function explained<T>(path: string, open: () => T): T {
	try {
		return open();
	} catch (cause) {
		if (cause instanceof StoreOpenError) throw cause;
		const code = sqliteCode(cause) ?? "";
		const words = messageOf(cause);
		if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
			throw new StoreOpenError(
				"corrupt",
				`${path} is damaged or no database (${words}); put a backup in place: verbatim restore --from FILE`,
				cause,
			);
		}
		if (code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_PERM")) {
			throw new StoreOpenError("unwritable", `${path} cannot be written to (${words}); let this user own it`, cause);
		}
		if (code.startsWith("SQLITE_BUSY")) {
			throw new StoreOpenError("locked", `${path} is held by another program (${words}); end that one`, cause);
		}
		throw new StoreOpenError("io", `${path} cannot be opened: ${words}`, cause);
	}
}
