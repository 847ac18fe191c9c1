// `npm run fuzz`: feeds both doors, and everything behind them that reads what strangers send, with bytes nobody has thought of
// (testkit/src/fuzz/).
//
//     npm run fuzz -- [--minutes M] [--seed N] [--only TARGET] [--json]    all targets in turn, M minutes in all
//     npm run fuzz -- --keep [--minutes M]                                 and keeps what was found new in testkit/fuzz-corpus
//     npm run fuzz -- --only TARGET --input 'TEXT'                         one input, as a failure prints it
//
// Ends with 1 and the smallest failing input at the first failure.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { plugin } from "bun";
import { escaped, keepBest, keepFound, unescaped } from "../fuzz/corpus.ts";
import type { Failure, Fuzzer } from "../fuzz/fuzzer.ts";
import { type Instrumented, instrument } from "../fuzz/instrument.ts";

const ROOT = join(import.meta.dir, "../../..");
/** Each target's turn: long enough to get somewhere, short enough that all have theirs in a short run. */
const TURN_MS = 2_000;

const { values } = parseArgs({
	options: {
		minutes: { type: "string", default: "1" },
		seed: { type: "string" },
		only: { type: "string" },
		input: { type: "string" },
		keep: { type: "boolean", default: false },
		json: { type: "boolean", default: false },
	},
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(minutes > 0) || !Number.isSafeInteger(seed)) fail("--minutes takes a number above 0, --seed a whole number");

const { words, texts, edges } = await instrumented();
// Loaded only now, so that they load what is instrumented.
const { TARGETS } = await import("../fuzz/list.ts");
const { Fuzzer: Engine } = await import("../fuzz/fuzzer.ts");
const chosen = TARGETS.filter(({ name }) => values.only === undefined || values.only.split(",").includes(name));
if (chosen.length === 0) fail(`there is no target ${values.only}; there are ${TARGETS.map(({ name }) => name).join(", ")}`);

const fuzzers: Fuzzer[] = [];
for (const target of chosen) {
	const known = [...words].filter(([path]) => target.words.some((part) => path.includes(part))).flatMap(([, found]) => found);
	fuzzers.push(await Engine.open(target, seed, [...new Set(known)]));
}
if (values.input !== undefined) process.exit(await replay(values.input));

if (!values.json) console.log(`seed ${seed}: ${edges} branches in ${texts.size} files`);
const endsMs = performance.now() + minutes * 60_000;
let failure: Failure | undefined;
while (failure === undefined && performance.now() < endsMs) {
	for (const fuzzer of fuzzers) {
		const ms = Math.min(TURN_MS, endsMs - performance.now(), (minutes * 60_000) / fuzzers.length);
		if (ms > 0) failure ??= await fuzzer.run({ ms });
	}
}
for (const fuzzer of fuzzers) {
	if (values.keep && failure === undefined) keepBest(fuzzer.target.name, await fuzzer.best());
	await fuzzer.close();
}
report();
process.exit(failure === undefined ? 0 : 1);

/** Every branch of what is fuzzed counts itself from here on. */
async function instrumented(): Promise<Instrumented> {
	const wanted = (path: string): boolean =>
		/\/(protocol|server)\/src\//.test(path) && !/\/gen\/|\.data\.ts$|\/store\/sqlite\/|\.d\.ts$|\/node_modules\//.test(path);
	const projects = ["protocol", "server"].map((name) => join(ROOT, name, "tsconfig.json"));
	const made = await instrument(ROOT, projects, wanted);
	plugin({
		name: "branches that count themselves",
		setup(build) {
			build.onLoad({ filter: /\/(protocol|server)\/src\/.*\.ts$/ }, async ({ path }) => ({
				contents: made.texts.get(path) ?? (await Bun.file(path).text()),
				loader: "ts",
			}));
		},
	});
	return made;
}

async function replay(line: string): Promise<number> {
	const [fuzzer, another] = fuzzers;
	if (fuzzer === undefined || another !== undefined) return fail("--input needs --only with one target");
	const failed = await fuzzer.replay(unescaped(line));
	await fuzzer.close();
	console.log(failed === undefined ? "every property holds" : wordsOf(failed.error));
	return failed === undefined ? 0 : 1;
}

function report(): void {
	const rows = fuzzers.map((fuzzer) => ({
		target: fuzzer.target.name,
		inputs: fuzzer.fed,
		perSecond: Math.round((fuzzer.fed / Math.max(1, fuzzer.spentMs)) * 1_000),
		branches: fuzzer.coverage.edges,
		outcomes: fuzzer.coverage.kinds,
		kept: fuzzer.kept,
	}));
	if (failure !== undefined) tell(failure);
	if (values.json) {
		console.log(JSON.stringify({ seed, minutes, ok: failure === undefined, rssMiB: rssMiB(), targets: rows }));
		return;
	}
	console.log("target         inputs  inputs/s  branches  outcomes  kept");
	for (const { target, inputs, perSecond, branches, outcomes, kept } of rows) {
		const columns = [String(inputs).padStart(9), String(perSecond).padStart(9), String(branches).padStart(9)];
		console.log(`${target.padEnd(12)}${columns.join(" ")} ${String(outcomes).padStart(9)} ${String(kept).padStart(5)}`);
	}
	if (failure === undefined) console.log(`clean for ${minutes} min; resident memory at the end ${rssMiB()} MiB`);
}

function tell({ target, input, error }: Failure): void {
	const path = keepFound(target, input, error instanceof Error ? error.message : String(error));
	console.error(`\n${target} is broken, seed ${seed}, by ${input.length} bytes, kept in ${path}:\n${wordsOf(error)}`);
	console.error(`again: npm run fuzz -- --only ${target} --input '${escaped(input).replaceAll("'", "'\\''")}'\n`);
}

function wordsOf(error: unknown): string {
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function rssMiB(): number {
	return Math.round(process.memoryUsage().rss / 1024 / 1024);
}

function fail(message: string): never {
	console.error(message);
	return process.exit(2);
}
