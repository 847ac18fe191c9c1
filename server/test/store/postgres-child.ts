// A process with a store of its own on a database that another process uses too: it sends what it is told to, round by round, and says at the
// end, in one line, what became of each send. Before each round it says `ready`, and waits for a line.
import { openPostgresStore } from "../../src/store/postgres/postgres.ts";
import { contend, LIMITS } from "./postgres-contend.ts";

const [url = "", node = "", seed = ""] = process.argv.slice(2);
const store = await openPostgresStore(url, { node, limits: LIMITS });
const input = Bun.stdin.stream().getReader();
const outcomes = await contend(store, Number(seed), async () => {
	process.stdout.write("ready\n");
	await input.read();
});
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await store.close();
process.exit(0);
