// `npm run fuzz`: coverage-guided fuzzing of all code that reads untrusted input (testkit/src/fuzz/).
//
//     npm run fuzz -- [--minutes M] [--seed N] [--only TARGET,…] [--json]    all targets in turn, M minutes in all
//     npm run fuzz -- --keep [--minutes M] [--only TARGET,…]                 and keeps the best inputs in testkit/fuzz-corpus
//     npm run fuzz -- --only TARGET --input 'TEXT'                           one input, as a failure prints it
//     npm run fuzz -- --mutants [--only TARGET,…] [--json]                   deliberate bugs, each of which must be found
//
// Ends with 1 and the smallest failing input at the first failure.
import { escaped, keepBest, keepFound, unescaped } from "../fuzz/corpus.ts";
import { FUZZ_MUTANTS } from "../fuzz/fuzz-mutants.ts";
import type { Failure, Fuzzer } from "../fuzz/fuzzer.ts";
import { loadInstrumented } from "../fuzz/load-instrumented.ts";
import { type FuzzReport, runMutant } from "../fuzz/mutant-run.ts";
import { Watchdog } from "../fuzz/watchdog.ts";
import { amountOf, argumentsOf, mistaken, wholeOf } from "./arguments.ts";

/** Targets take turns of this length, so that a short run reaches all. */
const TURN_MS = 2_000;
/** Inputs are small and short-lived: a run that grows beyond this has found a leak. */
const RSS_MIB_MAX = 1_024;

const { values } = argumentsOf({
	usage: [
		"npm run fuzz -- [--minutes M] [--seed N] [--only TARGET,…] [--keep] [--json]",
		"npm run fuzz -- --only TARGET --input 'TEXT'",
		"npm run fuzz -- --mutants [--only TARGET,…] [--json]",
		"  --minutes M   in all, the targets in turn; default 1",
		"  --seed N      the same chance again; default: another each time",
		"  --only …      these targets; default: all. docs/reliability.md lists them",
		"  --keep        keep the best inputs in testkit/fuzz-corpus",
		"  --input TEXT  one input, as a failure prints it",
		"  --mutants     deliberate bugs, each of which must be found",
		"  --json        the result as one line",
	].join("\n"),
	options: {
		minutes: { type: "string", default: "1" },
		seed: { type: "string" },
		only: { type: "string" },
		input: { type: "string" },
		keep: { type: "boolean", default: false },
		mutants: { type: "boolean", default: false },
		/** Internal: one mutant, by name. */
		mutant: { type: "string" },
		json: { type: "boolean", default: false },
	},
});
const minutes = amountOf("minutes", values.minutes);
const seed = wholeOf("seed", values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
const isChosen = (target: string): boolean => values.only === undefined || values.only.split(",").includes(target);

process.exit(values.mutants ? await runMutants() : await fuzz());

async function fuzz(): Promise<number> {
	const { words, texts, edges } = await loadInstrumented(values.mutant);
	// Loaded only now, so that they load what is instrumented.
	const { TARGETS } = await import("../fuzz/targets.ts");
	const { Fuzzer: Engine } = await import("../fuzz/fuzzer.ts");
	const chosen = TARGETS.filter(({ name }) => isChosen(name));
	if (chosen.length === 0) mistaken(`there is no target ${values.only}; there are ${TARGETS.map(({ name }) => name).join(", ")}`);
	const watchdog = new Watchdog(chosen.map(({ name }) => name));
	const fuzzers: Fuzzer[] = [];
	for (const [index, target] of chosen.entries()) {
		const known = [...words].filter(([path]) => target.words.some((part) => path.includes(part)));
		const pieces = new Set(known.flatMap(([, found]) => found));
		fuzzers.push(await Engine.open(target, seed, [...pieces], watchdog.over(index)));
	}
	if (values.input !== undefined) return replay(fuzzers, values.input);

	if (!values.json) console.log(`seed ${seed}: ${edges} branches in ${texts.size} files`);
	const failure = await inTurn(fuzzers);
	for (const fuzzer of fuzzers) {
		if (values.keep && failure === undefined) keepBest(fuzzer.target.name, await fuzzer.best());
		// Leaks are expected after a failure.
		await fuzzer.close().catch((error: unknown) => {
			if (failure === undefined) throw error;
		});
	}
	watchdog.stop();
	if (failure !== undefined) tell(failure);
	report(fuzzers, failure);
	return failure === undefined ? 0 : 1;
}

/** Runs the targets in turn until the time is over or one fails. */
async function inTurn(fuzzers: readonly Fuzzer[]): Promise<Failure | undefined> {
	const endsMs = performance.now() + minutes * 60_000;
	const turnMs = Math.min(TURN_MS, (minutes * 60_000) / fuzzers.length);
	while (performance.now() < endsMs) {
		for (const fuzzer of fuzzers) {
			const ms = Math.min(turnMs, endsMs - performance.now());
			const failure = ms > 0 ? await fuzzer.run({ ms }) : undefined;
			if (failure !== undefined) return failure;
			if (rssMiB() > RSS_MIB_MAX) {
				console.error(`${fuzzer.target.name}: more than ${RSS_MIB_MAX} MiB are resident, seed ${seed}`);
				process.exit(1);
			}
		}
	}
	return undefined;
}

async function replay([fuzzer, another]: readonly Fuzzer[], line: string): Promise<number> {
	if (fuzzer === undefined || another !== undefined) return mistaken("--input needs --only with one target");
	const failed = await fuzzer.replay(unescaped(line));
	if (failed === undefined) await fuzzer.close();
	console.log(failed === undefined ? "every property holds" : wordsOf(failed.error));
	return failed === undefined ? 0 : 1;
}

async function runMutants(): Promise<number> {
	const caught = [];
	for (const mutant of FUZZ_MUTANTS.filter(({ target }) => isChosen(target))) {
		const found = await runMutant(mutant, seed);
		caught.push(found);
		if (values.json) continue;
		const when = found.inputs === undefined ? "SURVIVES" : `${found.seconds.toFixed(1)} s, ${found.inputs} inputs`;
		console.log(`${when.padStart(22)}  ${found.target}: ${found.mutant}  [${found.by}]`);
	}
	const survivors = caught.filter(({ inputs }) => inputs === undefined).length;
	console.log(values.json ? JSON.stringify(caught) : `seed ${seed}: ${caught.length} mutants, ${survivors} survive`);
	return survivors === 0 ? 0 : 1;
}

function report(fuzzers: readonly Fuzzer[], failure: Failure | undefined): void {
	const targets = fuzzers.map(({ target, fed, spentMs, coverage, kept }) => ({
		target: target.name,
		inputs: fed,
		seconds: Math.round(spentMs / 100) / 10,
		perSecond: Math.round((fed / Math.max(1, spentMs)) * 1_000),
		branches: coverage.edges,
		outcomes: coverage.kinds,
		kept,
	}));
	if (values.json) {
		const failed: FuzzReport["failure"] = failure && {
			by: (wordsOf(failure.error).split("\n")[0] ?? "").slice(0, 120),
			inputs: failure.inputs,
			seconds: Math.round(failure.ms / 100) / 10,
		};
		console.log(JSON.stringify({ seed, minutes, ok: failure === undefined, failure: failed, rssMiB: rssMiB(), targets }));
		return;
	}
	console.log("target         inputs  inputs/s  branches  outcomes  kept");
	for (const { target, inputs, perSecond, branches, outcomes, kept: inputsKept } of targets) {
		const columns = [String(inputs).padStart(9), String(perSecond).padStart(9), String(branches).padStart(9)];
		console.log(`${target.padEnd(12)}${columns.join(" ")} ${String(outcomes).padStart(9)} ${String(inputsKept).padStart(5)}`);
	}
	if (failure === undefined) console.log(`clean for ${minutes} min; resident memory at the end ${rssMiB()} MiB`);
}

function tell({ target, input, error }: Failure): void {
	console.error(`\n${target} is broken, seed ${seed}, by ${input.length} bytes:\n${wordsOf(error)}`);
	// An input that finds a mutant is not kept.
	if (values.mutant === undefined)
		console.error(`kept in ${keepFound(target, input, error instanceof Error ? error.message : String(error))}`);
	console.error(`again: npm run fuzz -- --only ${target} --input '${escaped(input).replaceAll("'", "'\\''")}'\n`);
}

function wordsOf(error: unknown): string {
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function rssMiB(): number {
	return Math.round(process.memoryUsage().rss / 1024 / 1024);
}
