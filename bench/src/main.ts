// `npm run bench -- [scenario …] [flags]`. This process is the load generator; every server is a process of its own, whose cost is read
// from /proc. Without a scenario all are run, and the report is written.
import { tmpdir } from "node:os";
import { argumentsOf, mistaken } from "@verbatim/testkit";
import { cleanUpOnSignals, unlessInterrupted } from "./cleanup.ts";
import { block, disturbance, help, verdictLines } from "./print.ts";
import { environment } from "./report/environment.ts";
import { checkThresholds } from "./report/thresholds.ts";
import { writeReport } from "./report/write-report.ts";
import type { Result } from "./result.ts";
import { FLAGS, type Flags, SCENARIOS, type Scenario } from "./scenarios.ts";
import { removeStored } from "./stored.ts";
import { summaryText } from "./summary.ts";
import { unavailablePeers } from "./unavailable.ts";

const { positionals, values } = argumentsOf({
	usage: help(SCENARIOS),
	words: true,
	options: {
		...Object.fromEntries(Object.keys(FLAGS).map((name) => [name, { type: "string" as const }])),
		json: { type: "boolean", default: false },
	},
});
const unknown = positionals.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown !== undefined)
	mistaken(`there is no scenario "${unknown}"; there are: ${SCENARIOS.map(({ name }) => name).join(", ")}`);

cleanUpOnSignals();
const isWhole = positionals.length === 0;
const results: Result[] = [];
for (const scenario of SCENARIOS) {
	if (!isWhole && !positionals.includes(scenario.name)) continue;
	for (const round of isWhole ? (scenario.rounds ?? [{}]) : [{}]) {
		for (const result of await unlessInterrupted(scenario.run(flagsOf(scenario, round)))) {
			results.push(result);
			console.log(values.json ? JSON.stringify(flat(result)) : block(result));
		}
	}
}
await removeStored();
const judged = checkThresholds(results);
if (!values.json) console.log([summaryText(results), verdictLines(judged)].filter((part) => part !== "").join("\n\n"));
if (isWhole) {
	const page = await writeReport({
		environment: environment(tmpdir()),
		verdicts: judged,
		absent: [...unavailablePeers],
		results,
	});
	console.error(`the report is in ${page}`);
}
if (disturbance(results) !== "") console.error(disturbance(results));
const failed = results.filter(({ failures }) => failures.length > 0);
for (const { scenario, failures } of failed) console.error(`FAILED: ${scenario}: ${failures.join("; ")}`);
process.exit(failed.length > 0 ? 1 : 0);

function flagsOf(scenario: Scenario, round: Partial<Flags>): Flags {
	const { json: _, ...texts } = values;
	const given = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, read(name, String(text))]));
	return { ...FLAGS, ...scenario.defaults, ...round, ...given };
}

function read(name: string, text: string): number | string {
	if (name === "door" && (text === "ws" || text === "tcp")) return text;
	if (name === "store") {
		if (/^(sqlite|postgres|postgres:\/\/.+)$/.test(text)) return text;
		return mistaken(`--store is sqlite, postgres or postgres://USER@HOST/DATABASE, not "${text}"`);
	}
	const value = Number(text);
	if (name !== "door" && value > 0 && Number.isFinite(value)) return value;
	return mistaken(`--${name} is ${name === "door" ? "ws or tcp" : "a number above 0"}, not "${text}"`);
}

/** One flat object; numbers are rounded to thousandths, the precision of the measurement. */
function flat({ more, ...result }: Result): object {
	const rounded = (value: unknown): unknown => {
		if (Array.isArray(value)) return value.map(rounded);
		return typeof value === "number" ? Number(value.toFixed(3)) : value;
	};
	return Object.fromEntries(Object.entries({ ...result, ...more }).map(([key, value]) => [key, rounded(value)]));
}
