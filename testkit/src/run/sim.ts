// `npm run sim`: runs the whole system in a simulation, seed by seed (testkit/src/sim/).
//
//     npm run sim -- --seeds 1000 [--from N] [--json]    many seeds
//     npm run sim -- --seed N                            one seed: its options, its script, its history
//     npm run sim -- --shrink N                          the shortest script with which seed N still fails
import { wholeStory, whyFailed } from "../sim/report.ts";
import { shrink } from "../sim/shrink.ts";
import { simulate } from "../sim/simulate.ts";
import { argumentsOf, wholeOf } from "./arguments.ts";

/** Failures told of in full; the others are counted. */
const SHOWN_MAX = 10;

const { values } = argumentsOf({
	usage: [
		"npm run sim -- [--seeds N] [--from N] [--json]",
		"npm run sim -- --seed N | --shrink N",
		"  --seeds N   how many runs; default 1000",
		"  --from N    the first seed; default 1",
		"  --seed N    one run: its options, its script, its history",
		"  --shrink N  the shortest script with which seed N still fails",
		"  --json      the result as one line",
	].join("\n"),
	options: {
		seeds: { type: "string", default: "1000" },
		from: { type: "string", default: "1" },
		seed: { type: "string" },
		shrink: { type: "string" },
		json: { type: "boolean", default: false },
	},
});

if (values.seed !== undefined) {
	const outcome = simulate(wholeOf("seed", values.seed));
	console.log(wholeStory(outcome));
	process.exit(outcome.ok ? 0 : 1);
}

if (values.shrink !== undefined) {
	const shortest = shrink(wholeOf("shrink", values.shrink), (steps) => console.log(`still fails with ${steps} steps`));
	console.log(shortest === undefined ? `seed ${values.shrink} does not fail` : wholeStory(shortest));
	process.exit(shortest === undefined ? 0 : 1);
}

const [seeds, from] = [wholeOf("seeds", values.seeds), wholeOf("from", values.from)];
let failed = 0;
const totals = { attempted: 0, acknowledged: 0, unknown: 0, lost: 0, doubled: 0, reordered: 0, phantom: 0 };
const beganMs = performance.now();
for (let seed = from; seed < from + seeds; seed++) {
	const outcome = simulate(seed);
	for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += outcome.verdict.counts[name];
	if (outcome.ok) continue;
	failed++;
	if (!values.json && failed <= SHOWN_MAX) console.log(whyFailed(outcome));
}
const seedsPerSecond = Math.round((seeds / (performance.now() - beganMs)) * 1_000);
if (values.json) {
	console.log(JSON.stringify({ seeds, failed, seedsPerSecond }));
} else {
	console.log(`${seeds} seeds from ${from}: ${failed} failed, ${seedsPerSecond} seeds/s`);
	console.log(JSON.stringify(totals));
}
process.exit(failed === 0 ? 0 : 1);
