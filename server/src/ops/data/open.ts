// Opens the data folder without a server, for operators: users, and the step after a restore. The folder's lock excludes a
// running server: `StoreOpenError` "locked".
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { createPasswords } from "../../account/passwords.ts";
import { createUsers } from "../../account/users.ts";
import { systemClock, systemRandom } from "../../base/clock.ts";
import { newEpoch, newId } from "../../base/ids.ts";
import { accountSettingsOf, storeAddressOf } from "../config/key-files.ts";
import { StoreOpenError } from "../../store/sqlite/errors.ts";
import { takeFolder } from "../../store/sqlite/folder.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite.ts";
import type { Store } from "../../store/store.ts";
import { type UserAdmin, userAdmin } from "../admin/admin-user.ts";
import type { Config } from "../config/config.ts";
import { mustBeSound } from "./restore.ts";

export interface OpenData {
	readonly users: UserAdmin;
	/**
	 * To be called once after a restore: gives every room a new epoch, so that no client takes its cursor in the lost log for one
	 * in this log, and misses entries.
	 */
	renewEpochs(): Promise<void>;
	close(): Promise<void>;
}

/** Rejects with `PostgresOpenError`, `StoreOpenError` (`missing` where there is no database: only a server makes one) or `KeyFileError`. */
export async function openData(config: Config): Promise<OpenData> {
	const settings = await accountSettingsOf(config);
	const store = await openStore(config);
	const passwords = createPasswords(settings.passwords, systemClock, systemRandom);
	return {
		users: userAdmin(createUsers({ store, passwords, clock: systemClock, random: systemRandom })),
		renewEpochs: () => store.renewEpochs(() => newEpoch(systemRandom.bytes(4))),
		close: () => store.close(),
	};
}

async function openStore({ data, database, limits }: Config): Promise<Store> {
	if (database === undefined) return openSqliteStore(data, { clock: systemClock, limits, taking: "existing" });
	const { openPostgresStore } = await import("../../store/postgres/postgres.ts");
	const node = newId("s", systemClock, systemRandom);
	return openPostgresStore(await storeAddressOf(database), { node, limits, lanes: 1, pool: { connectionsMax: 1 } });
}

/**
 * Opens a folder into which a backup was copied by hand. Rejects as `openData` does, and with `corrupt` for a damaged database or
 * a write-ahead log beside it: if that log is not the backup's own, SQLite would replay it over the backup.
 */
export async function openRestored(config: Config): Promise<OpenData> {
	if (config.database !== undefined) return openData(config);
	const { databasePath, release } = takeFolder(config.data, "existing");
	try {
		const log = `${databasePath}-wal`;
		if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0) {
			throw new StoreOpenError(
				"corrupt",
				`${log} lies beside the database: if it is left from before the restore, it would undo or damage what was restored. Nothing was ` +
					`changed. Put the backup in place with: verbatim restore --from FILE --data ${resolve(config.data)}`,
			);
		}
		mustBeSound(resolve(config.data), databasePath);
	} finally {
		release();
	}
	return openData(config);
}
