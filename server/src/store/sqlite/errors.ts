// Why a store could not be opened, and what kind of trouble an error of SQLite is.

/**
 * - `unwritable`: the folder cannot be made or written to.
 * - `locked`: another process has the folder open.
 * - `newer`: the database was written by a newer version; it is left as it is.
 * - `corrupt`: the file is no database, not ours, or damaged.
 * - `missing`: there is no database, where one must be.
 * - `io`: the disk failed, or does not sync as it must.
 */
export type StoreOpenCode = "unwritable" | "newer" | "locked" | "corrupt" | "missing" | "io";

/** Thrown by `openSqliteStore`. The message names the path and says what to do. */
export class StoreOpenError extends Error {
	readonly code: StoreOpenCode;

	constructor(code: StoreOpenCode, message: string, cause?: unknown) {
		super(message, cause === undefined ? undefined : { cause });
		this.name = "StoreOpenError";
		this.code = code;
	}
}

/**
 * What an error of a write means for the handle it happened on.
 * - `full`: no space. Rolled back; the handle is sound and the next batch simply tries again.
 * - `draft`: a constraint or a mistake in our code. Rolled back; the handle is sound.
 * - `broken`: anything else (I/O, a failed sync, a damaged page, a file gone read-only). Nothing may be acknowledged on this
 *   handle again.
 */
export type WriteTrouble = "full" | "draft" | "broken";

export function troubleOf(cause: unknown): WriteTrouble {
	const code = sqliteCode(cause);
	if (code === undefined || code.startsWith("SQLITE_CONSTRAINT") || code === "SQLITE_MISMATCH" || code === "SQLITE_TOOBIG") {
		return "draft";
	}
	return code.startsWith("SQLITE_FULL") ? "full" : "broken";
}

/** The name of SQLite's result code; undefined for an error that is not SQLite's. */
export function sqliteCode(cause: unknown): string | undefined {
	if (!(cause instanceof Error) || !("code" in cause)) return undefined;
	return typeof cause.code === "string" && cause.code.startsWith("SQLITE_") ? cause.code : undefined;
}

export function messageOf(cause: unknown): string {
	return cause instanceof Error ? cause.message : String(cause);
}
