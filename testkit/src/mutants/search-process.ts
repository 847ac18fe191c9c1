// Runs seeds with one mutant applied until one fails. Prints each seed before it runs, so that the parent knows which one did not
// terminate, and then the result.
import { simulate } from "../sim/simulate.ts";

const [from, to] = [Number(process.argv[2]), Number(process.argv[3])];
for (let seed = from; seed <= to; seed++) {
	process.stdout.write(`seed ${seed}\n`);
	const { ok, faults, verdict } = simulate(seed);
	if (ok) continue;
	const by = verdict.violations[0]?.clause ?? faults[0]?.split("\n")[0] ?? "";
	process.stdout.write(`caught ${JSON.stringify({ seed, by })}\n`);
	process.exit(0);
}
