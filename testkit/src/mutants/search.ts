// Searches the first seed that catches a mutant: in a process of its own, because the mutant is applied as its file is loaded, and
// because a run with it may not terminate. That counts as caught.
import { join } from "node:path";
import type { Mutant } from "./list.ts";

export interface SearchResult {
	readonly mutant: string;
	/** The first seed that fails, or undefined: it survives. */
	readonly caughtAtSeed: number | undefined;
	/** The clause that it breaks, or the error. */
	readonly by: string;
}

export interface SearchOptions {
	readonly seedsMax: number;
	/** Timeout of one seed. */
	readonly stuckMs: number;
}

export const SEARCH: SearchOptions = { seedsMax: 2_000, stuckMs: 10_000 };

const HERE = import.meta.dir;

/** A run spreads over all of the code: the last tier of the JIT compiles for longer than what it makes is then run. */
const SIM_ENV = { BUN_JSC_useFTLJIT: "0" };

export async function searchSeeds({ name }: Mutant, { seedsMax, stuckMs }: SearchOptions = SEARCH): Promise<SearchResult> {
	const child = Bun.spawn(
		[process.execPath, "--preload", join(HERE, "apply.ts"), join(HERE, "search-process.ts"), "1", String(seedsMax)],
		{ env: { ...process.env, ...SIM_ENV, VERBATIM_MUTANT: name }, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
	);
	let seed = 0;
	let caught: SearchResult | undefined;
	let stuck = false;
	const killStuck = (): void => {
		stuck = true;
		child.kill("SIGKILL");
	};
	let timer = setTimeout(killStuck, stuckMs);
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of child.stdout) {
		clearTimeout(timer);
		timer = setTimeout(killStuck, stuckMs);
		const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) {
			if (line.startsWith("seed ")) seed = Number(line.slice("seed ".length));
			if (!line.startsWith("caught ")) continue;
			const found = JSON.parse(line.slice("caught ".length)) as { readonly seed: number; readonly by: string };
			caught = { mutant: name, caughtAtSeed: found.seed, by: found.by };
		}
	}
	clearTimeout(timer);
	const exitCode = await child.exited;
	if (caught !== undefined) return caught;
	if (stuck) return { mutant: name, caughtAtSeed: seed, by: "the run never ends" };
	if (exitCode === 0) return { mutant: name, caughtAtSeed: undefined, by: "" };
	const words =
		(await new Response(child.stderr).text())
			.trim()
			.split("\n")
			.find((line) => line.includes("rror")) ?? "";
	// An uncaught error, of a listener or a promise.
	if (seed > 0) return { mutant: name, caughtAtSeed: seed, by: words.trim() };
	throw new Error(`the search for ${name} did not start: ${words}`);
}
