// Hunts the deliberate bugs: each in a process of its own, because a file is changed as it is loaded.
import { join } from "node:path";
import type { FuzzMutant } from "./mutants.ts";

/** No mutant may need longer. */
const MINUTES_MAX = 1;
const RUNNER = join(import.meta.dir, "../run/fuzz.ts");

export interface FuzzCatch {
	readonly mutant: string;
	readonly target: string;
	/** Undefined: it survives. */
	readonly inputs: number | undefined;
	readonly seconds: number;
	/** The property that it breaks. */
	readonly by: string;
}

/** What a run tells as JSON. */
export interface FuzzReport {
	/** What failed first. */
	readonly failure?: { readonly by: string; readonly inputs: number; readonly seconds: number };
}

export async function huntOne({ name, target }: FuzzMutant, seed: number): Promise<FuzzCatch> {
	const flags = ["--mutant", name, "--only", target, "--seed", String(seed), "--minutes", String(MINUTES_MAX), "--json"];
	const run = Bun.spawn([process.execPath, RUNNER, ...flags], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
	const printed = await new Response(run.stdout).text();
	await run.exited;
	const { failure } = JSON.parse(printed) as FuzzReport;
	return { mutant: name, target, inputs: failure?.inputs, seconds: failure?.seconds ?? MINUTES_MAX * 60, by: failure?.by ?? "" };
}
