// Preloaded by a test: a server whose database commits without a sync, which the check of system calls must find. Workers get the
// preload too, because the writer's thread sets the pragma.
import { readFileSync } from "node:fs";
import { plugin } from "bun";

const WANTED = /PRAGMA synchronous = FULL/;
const READ_BACK = /mustBe\(db, path, "synchronous", SYNCHRONOUS_FULL\);/;

plugin({
	name: "commit without sync",
	setup(build) {
		build.onLoad({ filter: /server\/src\/store\/sqlite\/connect\.ts$/ }, ({ path }) => {
			const text = readFileSync(path, "utf8");
			if (!WANTED.test(text) || !READ_BACK.test(text)) throw new Error(`${path} sets another pragma now`);
			return { contents: text.replace(WANTED, "PRAGMA synchronous = NORMAL").replace(READ_BACK, ""), loader: "ts" };
		});
	},
});

if (Bun.isMainThread) {
	const Plain = globalThis.Worker;
	globalThis.Worker = class extends Plain {
		constructor(url: string | URL, options: WorkerOptions = {}) {
			super(url, { ...options, preload: [import.meta.path] });
		}
	};
}
