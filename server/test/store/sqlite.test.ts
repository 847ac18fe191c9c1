// The store on SQLite keeps the store's contract.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite/sqlite.ts";
import { storeContract } from "./contract.ts";

storeContract("SQLite", async () => {
	const dir = await mkdtemp(join(tmpdir(), "verbatim-store-"));
	return {
		open: (limits = {}) => openSqliteStore(dir, { limits }),
		reopen: (limits = {}) => openSqliteStore(dir, { limits }),
		remove: () => rm(dir, { recursive: true, force: true }),
	};
});
