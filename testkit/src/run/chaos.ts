// `npm run chaos -- --minutes M --seed N [--json]`: see testkit/src/chaos/chaos.ts. Exit code 1 if anything is wrong; then it says
// where everything was kept.
import { chaos, IMPOSSIBLE, planOf } from "../chaos/chaos.ts";
import { showPlan } from "../chaos/plan.ts";
import { amountOf, argumentsOf, wholeOf } from "./arguments.ts";

const { values } = argumentsOf({
	usage: [
		"npm run chaos -- [--minutes M] [--seed N] [--json]",
		"  --minutes M  how long things go wrong; default 2",
		"  --seed N     the plan of another run again; default: one by chance",
		"  --json       the result as one line",
	].join("\n"),
	options: {
		minutes: { type: "string", default: "2" },
		seed: { type: "string" },
		json: { type: "boolean", default: false },
	},
});

const minutes = amountOf("minutes", values.minutes, true);
const seed = wholeOf("seed", values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
const say = (words: string): void => {
	if (!values.json) console.log(words);
};
const plan = planOf(seed, minutes);
say(showPlan(plan));
if (IMPOSSIBLE.length > 0) say(`NOT DONE, because this machine cannot: ${IMPOSSIBLE.join(", ")}`);
const { verdict, troubles, faults, entries, kept } = await chaos({ plan, tell: say });
const { attempted, acknowledged, unknown, lost, doubled, reordered, phantom } = verdict.counts;
const violations = Object.values(verdict.byClause).reduce((sum, count) => sum + count, 0);
if (values.json) {
	const counts = { attempted, acknowledged, unknown, lost, doubled, reordered, phantom };
	const omitted = IMPOSSIBLE.length > 0 ? { omitted: IMPOSSIBLE } : {};
	const where = kept === undefined ? {} : { kept };
	console.log(JSON.stringify({ seed, ...counts, violations, troubles: troubles.length, entries, faults, ...omitted, ...where }));
} else {
	for (const trouble of troubles) console.log(`TROUBLE ${trouble}`);
	for (const { clause, words } of verdict.violations.slice(0, 10)) console.log(`${clause}: ${words}`);
	console.log(`${attempted} said, ${acknowledged} acknowledged, ${unknown} unknown, ${entries} entries`);
	console.log(`lost ${lost}, doubled ${doubled}, reordered ${reordered}, phantom ${phantom}; ${violations} violations in all`);
}
if (kept !== undefined) console.error(`everything was kept in ${kept}`);
process.exit(kept === undefined ? 0 : 1);
