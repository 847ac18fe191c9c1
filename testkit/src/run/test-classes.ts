// The class of each test file. `npm run test:fast` runs the fast ones; `npm test` runs all, the slowest classes first.
import { join } from "node:path";

export const PACKAGES = ["protocol", "client", "server", "terminal", "web", "cli", "testkit", "bench"];

/** `browser`: needs Chromium. `process`: starts processes of ours. `long`: waits for real time, or takes seconds of CPU. */
export type TestClass = "fast" | "process" | "browser" | "long";
type SlowClass = Exclude<TestClass, "fast">;

/** The test files that are not fast. A path that ends in `/` is a folder. */
export const SLOW: Readonly<Record<SlowClass, readonly string[]>> = {
	browser: ["client/test/browser/", "web/test/browser/"],
	process: [
		"bench/test/scenarios.test.ts",
		"cli/test/build.test.ts",
		"cli/test/commands.test.ts",
		"cli/test/deploy.test.ts",
		"cli/test/log.test.ts",
		"cli/test/tail.test.ts",
		"cli/test/user.test.ts",
		"client/test/end-to-end.test.ts",
		"client/test/node/full-disk.test.ts",
		"client/test/node/guest-tokens.test.ts",
		"client/test/node/lock.test.ts",
		"client/test/node/network.test.ts",
		"client/test/package/",
		"client/test/transport/failure.test.ts",
		"server/test/bus/redis.test.ts",
		"server/test/listen/bind.test.ts",
		"server/test/store/postgres-open.test.ts",
		"server/test/store/postgres-pool.test.ts",
		"server/test/store/postgres-rows.test.ts",
		"server/test/store/postgres-trouble.test.ts",
		"server/test/store/postgres-two.test.ts",
		"server/test/store/postgres.test.ts",
		"server/test/store/sqlite-durable.test.ts",
		"terminal/test/tmux.test.ts",
		"testkit/test/arguments.test.ts",
		"testkit/test/e2e/",
		"testkit/test/postgres.test.ts",
		"testkit/test/syscalls.test.ts",
	],
	long: [
		"server/test/listen/flood.test.ts",
		"server/test/listen/fragments.test.ts",
		"server/test/listen/slowloris.test.ts",
		"testkit/test/chaos.test.ts",
		"testkit/test/crash.test.ts",
		"testkit/test/fuzz.test.ts",
		"testkit/test/mutants.test.ts",
		"testkit/test/overload.test.ts",
		"testkit/test/sim.test.ts",
	],
};

/** All classes that `SLOW` gives to the file at `path`; of a file that is in order, one or none. */
export function slowClassesOf(path: string): SlowClass[] {
	return (Object.keys(SLOW) as SlowClass[]).flatMap((name) =>
		SLOW[name].filter((entry) => (entry.endsWith("/") ? path.startsWith(entry) : path === entry)).map(() => name),
	);
}

export function classOf(path: string): TestClass {
	return slowClassesOf(path)[0] ?? "fast";
}

/** The test files of `packages`, by paths from the repository's root. */
export function testFiles(packages: readonly string[] = PACKAGES): string[] {
	const files = new Bun.Glob(`{${packages.join(",")}}/test/**/*.test.ts`).scanSync(join(import.meta.dir, "../../.."));
	return [...files].sort();
}
