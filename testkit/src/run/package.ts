// Before and after `npm pack` or `npm publish` of `protocol/` and `client/`, by their `prepack` and `postpack`. In the repository both
// run from their sources, by the condition `bun` of their exports; what is published has modules, types and source maps in `dist`
// beside the sources that the maps point to.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mistaken } from "./arguments.ts";

const ROOT = join(import.meta.dir, "../../..");
/** In the order of the imports: types of the second come from what is made of the first. */
const PACKAGES = ["protocol", "client"] as const;

const [step] = process.argv.slice(2);
if (step !== "build" && step !== "clean") mistaken("bun testkit/src/run/package.ts build|clean");

for (const name of PACKAGES) {
	const dist = join(ROOT, name, "dist");
	rmSync(dist, { recursive: true, force: true });
	if (step === "clean") continue;
	const project = join(ROOT, name, "tsconfig.build.json");
	const { exitCode } = Bun.spawnSync([join(ROOT, "node_modules/.bin/tsc"), "-p", project], { stdout: 2, stderr: 2 });
	if (exitCode !== 0) process.exit(exitCode);
	for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
		if (file.endsWith(".d.ts")) namedAsModules(join(dist, file));
	}
}

/** The compiler rewrites `./x.ts` in modules and leaves it in their types, where older compilers do not take it. */
function namedAsModules(path: string): void {
	const text = readFileSync(path, "utf8");
	writeFileSync(path, text.replace(/((?:from|import)[ (]?"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"'));
}
