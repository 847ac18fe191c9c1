// The store on PostgreSQL keeps the store's contract.
import { openPostgresStore } from "../../src/store/postgres/postgres.ts";
import { storeContract } from "./contract.ts";
import { Databases, describePostgres } from "./postgres-place.ts";

describePostgres("PostgreSQL", (postgres) => {
	const databases = new Databases(postgres);
	storeContract("PostgreSQL", async () => {
		const url = await databases.take();
		const open = (limits = {}) => openPostgresStore(url, { node: crypto.randomUUID(), limits });
		return { open, reopen: open, remove: () => databases.giveBack(url) };
	});
});
