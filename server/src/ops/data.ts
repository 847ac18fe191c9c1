// The data folder without a server: what operators do to users and after a restore. The folder's lock keeps it from a server
// that runs: `StoreOpenError` "locked".
import { createPasswords } from "../account/passwords.ts";
import { createUsers, type Users } from "../account/users.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { newEpoch } from "../command/drafts.ts";
import { accountSettingsOf } from "../main.ts";
import { openSqliteStore } from "../store/sqlite/sqlite.ts";
import type { Config } from "./config/config.ts";

export interface OpenData {
	readonly users: Users;
	/**
	 * To be called once after an older state was put in place: every room's log becomes another one, so that no client takes
	 * its cursor for one into this log, and misses silently what was written twice.
	 */
	renewEpochs(): Promise<void>;
	close(): Promise<void>;
}

/** Rejects with `StoreOpenError` or `KeyFileError`. */
export async function openData(config: Config): Promise<OpenData> {
	const settings = await accountSettingsOf(config);
	const store = await openSqliteStore(config.data, { clock: systemClock, limits: config.limits });
	const passwords = createPasswords(settings.passwords, systemClock, systemRandom);
	return {
		users: createUsers({ store, passwords, clock: systemClock, random: systemRandom }),
		renewEpochs: () => store.renewEpochs(() => newEpoch(systemRandom.bytes(4))),
		close: () => store.close(),
	};
}
