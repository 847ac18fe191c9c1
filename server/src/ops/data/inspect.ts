// Inspects a database without changing it, beside a server or without one: for `verbatim doctor`.
import { Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PostgresFacts } from "../../store/postgres/inspect.ts";
import { damageOf, pragma } from "../../store/sqlite/connect.ts";
import { takeFolder } from "../../store/sqlite/folder.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../store/sqlite/migrations.ts";
import type { DatabaseSettings } from "../config/config.ts";
import { storeAddressOf } from "../config/key-files.ts";

/** Results; a field is undefined where an earlier one made the check pointless. */
export interface DatabaseFacts {
	readonly path: string;
	/** Of all its files. */
	readonly sizeBytes: number;
	/** Bytes of SQLite's write-ahead log: committed, and not yet in the database file. */
	readonly logBytes: number;
	readonly ours: boolean;
	/** The version of its schema, and the newest this program knows. */
	readonly version: number;
	readonly versionKnown: number;
	/** Errors of SQLite's own check; empty: sound. */
	readonly damage: readonly string[];
	readonly rooms: number;
	/** The time of the newest entry of any room by its server's clock, ms; undefined if there is none. */
	readonly newestMs: number | undefined;
}

const DAMAGE_LINES_MAX = 10;

/**
 * Undefined if there is no database yet. `thorough`: indexes are compared with their tables, too, which takes several times as
 * long. Throws SQLite's error for a file that is no database.
 */
export function inspectDatabase(dir: string, how: "quick" | "thorough" = "quick"): DatabaseFacts | undefined {
	const path = join(resolve(dir), "verbatim.db");
	const fileBytes = bytesOf(path);
	if (fileBytes === 0) return undefined;
	const logBytes = bytesOf(`${path}-wal`);
	const sizeBytes = fileBytes + logBytes;
	const db = new Database(path, { readonly: true, strict: true });
	try {
		db.exec("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF");
		const version = Number(pragma(db, "user_version"));
		const ours = pragma(db, "application_id") === APPLICATION_ID;
		const facts = { path, sizeBytes, logBytes, ours, version, versionKnown: MIGRATIONS.length };
		if (!ours || version > MIGRATIONS.length) return { ...facts, damage: [], rooms: 0, newestMs: undefined };
		const damage = damageOf(db, how === "quick" ? "quick_check" : "integrity_check", DAMAGE_LINES_MAX);
		if (damage.length > 0) return { ...facts, damage, rooms: 0, newestMs: undefined };
		const counted = db.query<{ rooms: number; newest: number | null }, []>(NEWEST).get();
		return { ...facts, damage, rooms: counted?.rooms ?? 0, newestMs: counted?.newest ?? undefined };
	} finally {
		db.close();
	}
}

function bytesOf(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** By the head of each room: the time of entries has no index. */
const NEWEST = `
	SELECT count(*) AS rooms, max(entries.at_ms) AS newest
	FROM rooms LEFT JOIN entries ON entries.room_no = rooms.no AND entries.seq = rooms.head`;

/** Does a server have this folder open? Takes and releases its lock; throws `StoreOpenError` for other problems. */
export function isFolderInUse(dir: string): boolean {
	if (!existsSync(join(resolve(dir), "verbatim.lock"))) return false;
	try {
		takeFolder(dir, "restore").release();
		return false;
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "locked") return true;
		throw error;
	}
}

/** Inspects a PostgreSQL. Rejects with `PostgresOpenError`: why no server can serve from it, `KeyFileError` or `PostgresAddressError`. */
export async function inspectStore(database: DatabaseSettings): Promise<PostgresFacts> {
	const { inspectPostgres } = await import("../../store/postgres/inspect.ts");
	return inspectPostgres(await storeAddressOf(database));
}
