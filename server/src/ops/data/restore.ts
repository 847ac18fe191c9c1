// Restores a backup. Copied by hand, it would lie beside the write-ahead log of the earlier database, which SQLite would replay
// over it: that undoes the restore or damages both. Here the backup is copied, checked and given new epochs in a folder of its
// own; then the present files are moved aside and the copy takes their place, while a marker file keeps servers from opening a
// half-finished folder.
import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { systemClock, systemRandom } from "../../base/clock.ts";
import { newEpoch } from "../../base/ids.ts";
import { StoreOpenError } from "../../store/sqlite/errors.ts";
import { RESTORING_MARK, syncFolder, takeFolder } from "../../store/sqlite/folder.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite.ts";
import { inspectDatabase } from "./inspect.ts";

export interface Restored {
	/** The folder of the replaced files; undefined: there were none. */
	readonly movedTo: string | undefined;
	readonly rooms: number;
}

/** Files of SQLite beside a database. */
const BESIDE = ["-wal", "-shm", "-journal"] as const;

/**
 * Makes the backup `from` the database of the data folder `dir`. Rejects with `StoreOpenError`: `locked` where a server runs,
 * `missing` where there is no backup, `corrupt` and `newer` for one that no server could use; then the folder is unchanged.
 */
export async function restoreBackup(from: string, dir: string): Promise<Restored> {
	const backup = resolve(from);
	const path = resolve(dir);
	if (bytesOf(backup) === 0) throw new StoreOpenError("missing", `there is no backup ${backup}, or it is empty`);
	const folder = takeFolder(path, "restore");
	try {
		if (backup === folder.databasePath || BESIDE.some((end) => backup === folder.databasePath + end))
			throw new StoreOpenError("corrupt", `${backup} is the database itself; name the backup`);
		const copy = join(path, "restoring");
		try {
			const rooms = await prepare(backup, copy);
			return { movedTo: swap(folder.databasePath, join(copy, "verbatim.db")), rooms };
		} finally {
			rmSync(copy, { recursive: true, force: true });
		}
	} catch (cause) {
		if (cause instanceof StoreOpenError || !(cause instanceof Error)) throw cause;
		throw new StoreOpenError("io", `${backup} could not be put in place in ${path}: ${cause.message}`, cause);
	} finally {
		folder.release();
	}
}

/** A copy in a folder of its own: sound, of this version, with new epochs, without a write-ahead log, synced. */
async function prepare(backup: string, copy: string): Promise<number> {
	rmSync(copy, { recursive: true, force: true });
	mkdirSync(copy, { mode: 0o700 });
	const path = join(copy, "verbatim.db");
	copyFileSync(backup, path);
	// A copied folder of a killed server includes its write-ahead log, which belongs to it.
	if (bytesOf(`${backup}-wal`) > 0) copyFileSync(`${backup}-wal`, `${path}-wal`);
	const rooms = mustBeSound(copy, backup);
	const store = await openSqliteStore(copy, { clock: systemClock });
	try {
		await store.renewEpochs(() => newEpoch(systemRandom.bytes(4)));
	} finally {
		await store.close();
	}
	if (bytesOf(`${path}-wal`) > 0)
		throw new StoreOpenError("io", `the log of ${path} could not be copied into it; check the disk`);
	const file = openSync(path, "r");
	try {
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
	return rooms;
}

/** Its number of rooms. Throws `StoreOpenError`; `shown` is its name in the message. */
export function mustBeSound(dir: string, shown: string): number {
	const facts = inspect(dir, shown);
	if (!facts?.ours) throw new StoreOpenError("corrupt", `${shown} is not a database of Verbatim`);
	if (facts.version > facts.versionKnown) {
		throw new StoreOpenError(
			"newer",
			`${shown} was written by a newer Verbatim (its version is ${facts.version}, this one knows ${facts.versionKnown}); use that one`,
		);
	}
	if (facts.damage.length > 0)
		throw new StoreOpenError("corrupt", `${shown} is damaged: ${facts.damage.join("; ")}; take another backup`);
	return facts.rooms;
}

function inspect(dir: string, shown: string): ReturnType<typeof inspectDatabase> {
	try {
		return inspectDatabase(dir, "thorough");
	} catch (cause) {
		const words = cause instanceof Error ? cause.message : String(cause);
		throw new StoreOpenError("corrupt", `${shown} is damaged or no database (${words}); take another backup`, cause);
	}
}

/** The folder of the replaced files. */
function swap(path: string, copy: string): string | undefined {
	const dir = dirname(path);
	const mark = join(dir, RESTORING_MARK);
	closeSync(openSync(mark, "w", 0o600));
	syncFolder(dir);
	const before = ["", ...BESIDE].map((end) => path + end).filter((each) => existsSync(each));
	const aside = join(dir, `before-restore-${new Date(systemClock.now()).toISOString().replaceAll(/[-:.]/g, "")}`);
	if (before.length > 0) mkdirSync(aside, { recursive: true, mode: 0o700 });
	for (const each of before) renameSync(each, join(aside, each.slice(dir.length + 1)));
	renameSync(copy, path);
	if (before.length > 0) syncFolder(aside);
	syncFolder(dir);
	rmSync(mark);
	syncFolder(dir);
	return before.length > 0 ? aside : undefined;
}

function bytesOf(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
