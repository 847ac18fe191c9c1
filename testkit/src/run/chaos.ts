// `npm run chaos -- --minutes M --seed N [--workers N] [--json]`: see testkit/src/chaos/chaos-run.ts. Exit code 1 on a failure, with the folder of
// plan, histories, verdict, log and database.
import { planForSeed, runChaos, UNSUPPORTED_FAULTS } from "../chaos/chaos-run.ts";
import { describePlan } from "../chaos/plan.ts";
import { amountOf, argumentsOf, wholeOf } from "./arguments.ts";

const { values } = argumentsOf({
	usage: [
		"npm run chaos -- [--minutes M] [--seed N] [--workers N] [--json]",
		"  --minutes M  how long things go wrong; default 2",
		"  --seed N     the plan of another run again; default: one by chance",
		"  --workers N  worker threads of the server; default 1",
		"  --json       the result as one line",
	].join("\n"),
	options: {
		minutes: { type: "string", default: "2" },
		seed: { type: "string" },
		workers: { type: "string", default: "1" },
		json: { type: "boolean", default: false },
	},
});

const minutes = amountOf("minutes", values.minutes, true);
const seed = wholeOf("seed", values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
const workers = wholeOf("workers", values.workers, 1);
const say = (words: string): void => {
	if (!values.json) console.log(words);
};
const plan = planForSeed(seed, minutes);
say(describePlan(plan));
if (UNSUPPORTED_FAULTS.length > 0) say(`NOT DONE, because this machine cannot: ${UNSUPPORTED_FAULTS.join(", ")}`);
const { verdict, troubles, faults, entries, artifacts } = await runChaos({ plan, workers, onProgress: say });
const { attempted, acknowledged, unknown, lost, doubled, reordered, phantom } = verdict.counts;
const violations = Object.values(verdict.byClause).reduce((sum, count) => sum + count, 0);
if (values.json) {
	const counts = { attempted, acknowledged, unknown, lost, doubled, reordered, phantom };
	const omitted = UNSUPPORTED_FAULTS.length > 0 ? { omitted: UNSUPPORTED_FAULTS } : {};
	const where = artifacts === undefined ? {} : { kept: artifacts };
	console.log(JSON.stringify({ seed, ...counts, violations, troubles: troubles.length, entries, faults, ...omitted, ...where }));
} else {
	for (const trouble of troubles) console.log(`TROUBLE ${trouble}`);
	for (const { clause, words } of verdict.violations.slice(0, 10)) console.log(`${clause}: ${words}`);
	console.log(`${attempted} said, ${acknowledged} acknowledged, ${unknown} unknown, ${entries} entries`);
	console.log(`lost ${lost}, doubled ${doubled}, reordered ${reordered}, phantom ${phantom}; ${violations} violations in all`);
}
if (artifacts !== undefined) console.error(`everything was kept in ${artifacts}`);
process.exit(artifacts === undefined ? 0 : 1);
