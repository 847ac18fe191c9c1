// The data folder: made if it is not there, checked, and locked for one server.
//
// The lock is SQLite's own on a file beside the database: the operating system holds it for the process, and drops it when the
// process ends in whatever way. It is held by the event loop's thread, not by the writer, so that it outlives a writer that
// dies. (POSIX drops a process's locks on a file when *any* descriptor of it is closed: nothing else may open this file.)
import { Database } from "bun:sqlite";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf, StoreOpenError, sqliteCode } from "./errors.ts";

export interface Folder {
	/** Where the database is. */
	readonly databasePath: string;
	/** Gives the folder free for others. */
	release(): void;
}

/** Takes the folder, or throws `StoreOpenError`: `unwritable`, `locked`, `io`. */
export function takeFolder(dir: string): Folder {
	const path = resolve(dir);
	make(path);
	const lock = lockFolder(path);
	try {
		const databasePath = join(path, "verbatim.db");
		if (!existsSync(databasePath)) createFile(databasePath);
		return { databasePath, release: () => lock.close() };
	} catch (cause) {
		lock.close();
		throw unwritable(path, cause);
	}
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

function syncFolder(path: string): void {
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
