// Hunts one mutant: in a process of its own, because a file is changed as it is loaded, and because a mutant may never come to an
// end. A run without an end counts as caught.
import { join } from "node:path";
import type { Mutant } from "./list.ts";

export interface Catch {
	readonly mutant: string;
	/** The first seed that fails, or undefined: it survives. */
	readonly caughtAtSeed: number | undefined;
	/** The clause that it breaks, or the error. */
	readonly by: string;
}

export interface HuntOptions {
	readonly seedsMax: number;
	/** No seed takes as long; a run that does is stuck. */
	readonly stuckMs: number;
}

export const HUNT: HuntOptions = { seedsMax: 2_000, stuckMs: 10_000 };

const HERE = import.meta.dir;

export async function hunt({ name }: Mutant, { seedsMax, stuckMs }: HuntOptions = HUNT): Promise<Catch> {
	const hunter = Bun.spawn(
		[process.execPath, "--preload", join(HERE, "apply.ts"), join(HERE, "hunter.ts"), "1", String(seedsMax)],
		{ env: { ...process.env, VERBATIM_MUTANT: name }, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
	);
	let seed = 0;
	let caught: Catch | undefined;
	let stuck = false;
	const giveUp = (): void => {
		stuck = true;
		hunter.kill("SIGKILL");
	};
	let patience = setTimeout(giveUp, stuckMs);
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of hunter.stdout) {
		clearTimeout(patience);
		patience = setTimeout(giveUp, stuckMs);
		const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) {
			if (line.startsWith("seed ")) seed = Number(line.slice("seed ".length));
			if (!line.startsWith("caught ")) continue;
			const found = JSON.parse(line.slice("caught ".length)) as { readonly seed: number; readonly by: string };
			caught = { mutant: name, caughtAtSeed: found.seed, by: found.by };
		}
	}
	clearTimeout(patience);
	const exitCode = await hunter.exited;
	if (caught !== undefined) return caught;
	if (stuck) return { mutant: name, caughtAtSeed: seed, by: "the run never ends" };
	if (exitCode === 0) return { mutant: name, caughtAtSeed: undefined, by: "" };
	const words =
		(await new Response(hunter.stderr).text())
			.trim()
			.split("\n")
			.find((line) => line.includes("rror")) ?? "";
	// An error that not even the run has caught, out of a listener or a promise.
	if (seed > 0) return { mutant: name, caughtAtSeed: seed, by: words.trim() };
	throw new Error(`the hunt for ${name} did not begin: ${words}`);
}
