// The data folder: made if it is not there, checked, and locked for one server.
//
// The lock is SQLite's own on a file beside the database: the operating system holds it for the process, and drops it when the
// process ends in whatever way. It is held by the event loop's thread, not by the writer, so that it outlives a writer that
// dies. (POSIX drops a process's locks on a file when *any* descriptor of it is closed: nothing else may open this file.)
import { Database } from "bun:sqlite";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf, StoreOpenError, sqliteCode } from "./errors.ts";

export interface Folder {
	/** Where the database is. */
	readonly databasePath: string;
	/** Gives the folder free for others. */
	release(): void;
}

/**
 * - `make`: folder and database are made where they are not there.
 * - `existing`: the folder must have a database (`missing`).
 * - `restore`: the folder is made; what is in it, the mark of a restore among it, is left as it is.
 */
export type Taking = "make" | "existing" | "restore";

/** The file that is there while a restore puts files in place. */
export const RESTORING_MARK = "verbatim.restoring";

/** Takes the folder, or throws `StoreOpenError`: `unwritable`, `locked`, `io`, `missing`, or `corrupt` after half a restore. */
export function takeFolder(dir: string, taking: Taking = "make"): Folder {
	const path = resolve(dir);
	const databasePath = join(path, "verbatim.db");
	if (taking === "existing") mustHaveDatabase(path, databasePath);
	else make(path);
	const lock = lockFolder(path);
	try {
		if (taking !== "restore") {
			refuseHalfRestored(path);
			if (!existsSync(databasePath)) createFile(databasePath);
		}
		return { databasePath, release: () => lock.close() };
	} catch (cause) {
		lock.close();
		throw cause instanceof StoreOpenError ? cause : unwritable(path, cause);
	}
}

function mustHaveDatabase(path: string, databasePath: string): void {
	if (existsSync(join(path, RESTORING_MARK)) || (statSync(databasePath, { throwIfNoEntry: false })?.size ?? 0) > 0) return;
	throw new StoreOpenError(
		"missing",
		`there is no database in ${path}; name the data folder of the server (--data DIR), which makes its database at its first start`,
	);
}

function refuseHalfRestored(path: string): void {
	if (!existsSync(join(path, RESTORING_MARK))) return;
	throw new StoreOpenError(
		"corrupt",
		`a restore into ${path} was begun and not finished; run it again: verbatim restore --from FILE --data ${path}`,
	);
}

function make(path: string): void {
	try {
		// What was said in private is nobody else's on this machine.
		if (mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(dirname(path));
	} catch (cause) {
		throw unwritable(path, cause);
	}
}

function lockFolder(path: string): Database {
	let lock: Database | undefined;
	try {
		// Opening it here, before any worker does, also loads SQLite once: where Bun takes it from the system (macOS), two threads
		// that load it at the same time have crashed.
		lock = new Database(join(path, "verbatim.lock"), { create: true, readwrite: true });
		lock.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
		return lock;
	} catch (cause) {
		lock?.close();
		const code = sqliteCode(cause) ?? "";
		if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
			throw new StoreOpenError(
				"locked",
				`another server is using the data folder ${path}; stop it, or give this one a folder of its own (--data DIR)`,
				cause,
			);
		}
		if (code.startsWith("SQLITE_IOERR")) {
			throw new StoreOpenError("io", `the data folder ${path} cannot be locked: ${messageOf(cause)}; check the disk`, cause);
		}
		throw unwritable(path, cause);
	}
}

/** The database with its folder entry on disk; SQLite gives its other files the same rights. */
function createFile(path: string): void {
	closeSync(openSync(path, "a", 0o600));
	syncFolder(dirname(path));
}

export function syncFolder(path: string): void {
	const folder = openSync(path, "r");
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}

function unwritable(path: string, cause: unknown): StoreOpenError {
	return new StoreOpenError(
		"unwritable",
		`the data folder ${path} cannot be written to (${messageOf(cause)}); let this user own it, or choose another (--data DIR)`,
		cause,
	);
}
