// `npm run overload [-- --only NAME] [--seconds N] [--json]`: see testkit/src/overload/experiment.ts. With --json one line per experiment.
import { run } from "../overload/experiment.ts";
import { EXPERIMENTS } from "../overload/experiments/all.ts";
import { amountOf, argumentsOf, chosenFrom } from "./arguments.ts";

const { values } = argumentsOf({
	usage: [
		"npm run overload -- [--only NAME] [--seconds N] [--json]",
		`  --only NAME  one of ${EXPERIMENTS.map(({ name }) => name).join(", ")}; default: all`,
		"  --seconds N  of load; default 8",
		"  --json       one line for each",
	].join("\n"),
	options: { only: { type: "string" }, seconds: { type: "string", default: "8" }, json: { type: "boolean", default: false } },
});

const seconds = amountOf("seconds", values.seconds);

let failed = 0;
for (const experiment of chosenFrom(EXPERIMENTS, values.only)) {
	const outcome = await run(experiment, seconds);
	if (outcome.failures.length > 0) failed++;
	if (values.json) {
		console.log(JSON.stringify(outcome));
		continue;
	}
	const refused = Object.entries(outcome.refused).map(([code, count]) => `${count} ${code}`);
	console.log(`${outcome.name}: ${outcome.about}`);
	console.log(
		`  offered ${outcome.offered}, done ${outcome.done}, refused ${refused.join(", ") || "none"}, of these without a time ${outcome.untimed}`,
	);
	console.log(`  lost ${outcome.lost}, doubled ${outcome.doubled}, violations ${outcome.violations.length}`);
	console.log(
		`  memory ${outcome.rssMiB.toFixed(0)} of ${outcome.rssMiBMax.toFixed(0)} MiB, outboxes ${outcome.outboxMiB.toFixed(1)} MiB, ` +
			`highest level ${outcome.level}, normal service ${(outcome.backMs / 1_000).toFixed(1)} s after the load`,
	);
	for (const note of outcome.notes) console.log(`  ${note}`);
	for (const failure of outcome.failures) console.log(`  FAILED: ${failure}`);
}
process.exit(failed === 0 ? 0 : 1);
