// In a process of its own, with one mutant applied: runs seeds until one fails. Tells each seed before it begins, so that a run that
// never ends is known by its number, and then what caught it.
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
