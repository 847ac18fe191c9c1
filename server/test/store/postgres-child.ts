// A process with a store of its own on a database that another process uses too: it sends what it is told to, as fast as it can, and says at the end,
// in one line, what became of each send. First it says `open`, and waits for a line.
import { openPostgresStore } from "../../src/store/postgres/postgres.ts";
import { contend } from "./postgres-contend.ts";

const [url = "", node = "", seed = ""] = process.argv.slice(2);
const store = await openPostgresStore(url, { node, limits: { roomsPerUserMax: 6 } });
process.stdout.write("open\n");
await Bun.stdin.stream().getReader().read();
const outcomes = await contend(store, Number(seed));
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await store.close();
process.exit(0);
