// Preloaded into a server's worker threads: the first of them throws, uncaught, once the file named in the environment is there.
import { existsSync, rmSync } from "node:fs";

const fuse = process.env.TEST_WORKER_BOMB ?? "";
const timer = setInterval(() => {
	if (!existsSync(fuse)) return;
	clearInterval(timer);
	rmSync(fuse);
	throw new Error("a bug in a worker");
}, 10);
