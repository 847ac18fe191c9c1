// Fuzzes with a mutant, in a process of its own, because the mutant is applied as its file is loaded.
import { join } from "node:path";
import type { FuzzMutant } from "./fuzz-mutants.ts";

/** Every mutant must be found within this time. */
const MINUTES_MAX = 1;
const RUNNER = join(import.meta.dir, "../run/fuzz.ts");

export interface FuzzMutantResult {
	readonly mutant: string;
	readonly target: string;
	/** Undefined: it survives. */
	readonly inputs: number | undefined;
	readonly seconds: number;
	/** The property that it breaks. */
	readonly by: string;
}

/** The JSON output of a run. */
export interface FuzzReport {
	/** The first failure. */
	readonly failure?: { readonly by: string; readonly inputs: number; readonly seconds: number };
}

export async function runMutant({ name, target }: FuzzMutant, seed: number): Promise<FuzzMutantResult> {
	const flags = ["--mutant", name, "--only", target, "--seed", String(seed), "--minutes", String(MINUTES_MAX), "--json"];
	const run = Bun.spawn([process.execPath, RUNNER, ...flags], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
	const printed = await new Response(run.stdout).text();
	await run.exited;
	const { failure } = JSON.parse(printed) as FuzzReport;
	return { mutant: name, target, inputs: failure?.inputs, seconds: failure?.seconds ?? MINUTES_MAX * 60, by: failure?.by ?? "" };
}
