// The database of a measured server, where it is a PostgreSQL: the one given, or one that is started for the run on this machine.
import { PostgresProcess } from "@verbatim/testkit";
import { registerCleanup } from "./cleanup.ts";

/** Sized as for a small machine that it shares with the server; syncs are real. */
const SETTINGS = { shared_buffers: "256MB", max_wal_size: "2GB" };

export interface BenchDatabase {
	/** For the server. */
	readonly flags: readonly string[];
	close(): Promise<void>;
}

/** `store`: `sqlite`, `postgres` or an address. */
export async function openDatabase(store = "sqlite"): Promise<BenchDatabase> {
	if (store === "sqlite") return { flags: [], close: async () => {} };
	if (store !== "postgres") return { flags: [`--store=${store}`], close: async () => {} };
	const postgres = await PostgresProcess.start({ settings: SETTINGS });
	const cleanup = registerCleanup(() => postgres.remove());
	return {
		flags: [`--store=${await postgres.database()}`],
		async close() {
			cleanup.done();
			await postgres.remove();
		},
	};
}
