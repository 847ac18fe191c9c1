// A process that opens the store in a folder and says things in a room until somebody ends it. Each line on its output is an
// acknowledgement: `seq cid`. The text is the cid. First it says `open`.
import { openSqliteStore } from "../../src/store/sqlite/sqlite.ts";
import { ann, create, must, say } from "./drafts.ts";

const [dir = "", run = ""] = process.argv.slice(2);
const store = await openSqliteStore(dir);
process.stdout.write("open\n");
await must(store, create("tea", ann));

let n = 0;
async function talk(): Promise<never> {
	for (;;) {
		const cid = `${run}-${n++}`;
		const { seq } = await must(store, say("tea", ann, cid, { cid }));
		process.stdout.write(`${seq} ${cid}\n`);
	}
}
await Promise.all(Array.from({ length: 16 }, talk));
