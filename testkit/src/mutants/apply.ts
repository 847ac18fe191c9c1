// Preloaded into the search process: applies the mutant named in the environment as its file is loaded. Not part of any build.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { plugin } from "bun";
import { MUTANTS, type Mutant } from "./list.ts";

const ROOT = join(import.meta.dir, "../../..");
const name = process.env.VERBATIM_MUTANT ?? "";
const mutant = MUTANTS.find((each) => each.name === name);
if (mutant !== undefined) apply(mutant);
else if (name !== "none") throw new Error(`there is no mutant ${JSON.stringify(name)}`);

function apply({ file, find, replace }: Mutant): void {
	const path = join(ROOT, file);
	plugin({
		name: "mutant",
		setup(build) {
			build.onLoad({ filter: new RegExp(`${RegExp.escape(file)}$`) }, ({ path: loaded }) => {
				const text = readFileSync(loaded, "utf8");
				return { contents: loaded === path ? text.replace(find, () => replace) : text, loader: "ts" };
			});
		},
	});
}
