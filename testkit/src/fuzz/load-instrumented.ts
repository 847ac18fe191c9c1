// Loads the code under test instrumented, and with a mutant if one is given. The code must be imported after this.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { plugin } from "bun";
import { FUZZ_MUTANTS } from "./fuzz-mutants.ts";
import { type Instrumented, instrument } from "./instrument.ts";

const ROOT = join(import.meta.dir, "../../..");

/** `mutant`: a name of `FUZZ_MUTANTS`. The file that it changes is not instrumented. */
export async function loadInstrumented(mutant: string | undefined): Promise<Instrumented> {
	const wanted = (path: string): boolean =>
		/\/(protocol|server)\/src\//.test(path) && !/\/gen\/|\.data\.ts$|\/store\/sqlite\/|\.d\.ts$|\/node_modules\//.test(path);
	const projects = ["protocol", "server"].map((name) => join(ROOT, name, "tsconfig.json"));
	const made = await instrument(ROOT, projects, wanted);
	const changed = mutant === undefined ? undefined : withMutant(mutant);
	plugin({
		name: "branches that count themselves",
		setup(build) {
			build.onLoad({ filter: /\/(protocol|server)\/src\/.*\.ts$/ }, ({ path }) => ({
				contents: (path === changed?.path ? changed.text : made.texts.get(path)) ?? readFileSync(path, "utf8"),
				loader: "ts",
			}));
		},
	});
	return made;
}

function withMutant(name: string): { readonly path: string; readonly text: string } {
	const mutant = FUZZ_MUTANTS.find((each) => each.name === name);
	if (mutant === undefined) throw new Error(`there is no mutant ${JSON.stringify(name)}`);
	const path = join(ROOT, mutant.file);
	return { path, text: readFileSync(path, "utf8").replace(mutant.find, () => mutant.replace) };
}
