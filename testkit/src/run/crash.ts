// `npm run crash -- --rounds 300 [--seed N] [--clients N] [--json]`: see testkit/src/crash/crash.ts.
import { parseArgs } from "node:util";
import { crash } from "../crash/crash.ts";

const { values } = parseArgs({
	options: {
		rounds: { type: "string", default: "300" },
		seed: { type: "string" },
		clients: { type: "string", default: "6" },
		json: { type: "boolean", default: false },
	},
});

const rounds = Number(values.rounds);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const report = await crash({
	rounds,
	seed,
	clients: Number(values.clients),
	onRound(round, acknowledged) {
		if (!values.json && (round % 10 === 0 || round === rounds))
			console.log(`round ${round} of ${rounds}: ${acknowledged} acknowledged`);
	},
});
const { lost, doubled, holes, examples } = report;
if (values.json) {
	console.log(
		JSON.stringify({
			rounds,
			acknowledged: report.acknowledged,
			lost,
			doubled,
			holes,
			entries: report.entries,
			clientDeaths: report.clientDeaths,
			seed,
		}),
	);
} else {
	console.log(
		`seed ${seed}: ${report.acknowledged} acknowledged, ${report.entries} entries, ${report.clientDeaths} clients died as well`,
	);
	console.log(`lost ${lost}, doubled ${doubled}, holes ${holes}`);
	for (const example of examples) console.log(`  ${example}`);
}
process.exit(lost + doubled + holes === 0 ? 0 : 1);
