// Run by tests: takes the lock of the command line again and again, and appends to a log when it has it and when it gives it back.
import { appendFileSync, writeFileSync } from "node:fs";
import { lockFile } from "../../src/node/lock.ts";

const [path = "", log = "", rounds = "0", deadClaim = ""] = process.argv.slice(2);
for (let round = 0; round < Number(rounds); round++) {
	if (deadClaim !== "") writeFileSync(`${deadClaim}${round}-${process.pid}`, "");
	const release = await lockFile(path);
	appendFileSync(log, `+${process.pid}\n`);
	await new Promise((resolve) => setTimeout(resolve, 1));
	appendFileSync(log, `-${process.pid}\n`);
	await release();
}
