// `npm run crash -- --rounds 300 [--seed N] [--clients N] [--workers N] [--json]`: see testkit/src/crash/crash-run.ts.
import { runCrash } from "../crash/crash-run.ts";
import { argumentsOf, wholeOf } from "./arguments.ts";

const { values } = argumentsOf({
	usage: [
		"npm run crash -- [--rounds N] [--seed N] [--clients N] [--workers N] [--json]",
		"  --rounds N   how often the server is killed; default 300",
		"  --seed N     the same chance again; default: another each time",
		"  --clients N  who speak meanwhile; default 6",
		"  --workers N  worker threads of the server; default 1",
		"  --json       the result as one line",
	].join("\n"),
	options: {
		rounds: { type: "string", default: "300" },
		seed: { type: "string" },
		clients: { type: "string", default: "6" },
		workers: { type: "string", default: "1" },
		json: { type: "boolean", default: false },
	},
});

const rounds = wholeOf("rounds", values.rounds, 1);
const clients = wholeOf("clients", values.clients, 1);
const workers = wholeOf("workers", values.workers, 1);
const seed = wholeOf("seed", values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
const { verdict, entries, clientDeaths } = await runCrash({
	rounds,
	seed,
	clients,
	workers,
	onRound(round, acknowledged) {
		if (!values.json && (round % 10 === 0 || round === rounds))
			console.log(`round ${round} of ${rounds}: ${acknowledged} acknowledged`);
	},
});
const { acknowledged, lost, doubled } = verdict.counts;
// Everything else that is not as it should be.
const holes = Object.values(verdict.byClause).reduce((sum, count) => sum + count, 0) - lost - doubled;
if (values.json) {
	console.log(JSON.stringify({ rounds, acknowledged, lost, doubled, holes, entries, clientDeaths, seed }));
} else {
	console.log(`seed ${seed}: ${acknowledged} acknowledged, ${entries} entries, ${clientDeaths} clients died as well`);
	console.log(`lost ${lost}, doubled ${doubled}, holes ${holes}`);
	for (const { clause, words } of verdict.violations.slice(0, 10)) console.log(`  ${clause}: ${words}`);
}
process.exit(verdict.ok ? 0 : 1);
