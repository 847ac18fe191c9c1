// `npm run bench -- [scenario …] [flags]`. This process is the load generator; every server is another, and its cost is read from the
// kernel's accounts of that one alone.
import { parseArgs } from "node:util";
import { endOnSignals } from "./ending.ts";
import { block } from "./print.ts";
import type { Result } from "./result.ts";
import { removeStored } from "./stored.ts";
import { FLAGS, type Flags, SCENARIOS, type Scenario } from "./table.ts";

const { positionals, values } = parseArgs({
	args: process.argv.slice(2),
	allowPositionals: true,
	options: {
		...Object.fromEntries(Object.keys(FLAGS).map((name) => [name, { type: "string" as const }])),
		json: { type: "boolean", default: false },
		help: { type: "boolean", default: false },
	},
});

if (values.help) {
	console.log(help());
	process.exit(0);
}
const unknown = positionals.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown !== undefined) {
	console.error(`there is no scenario "${unknown}"; there are: ${SCENARIOS.map(({ name }) => name).join(", ")}`);
	process.exit(64);
}
endOnSignals();
const results: Result[] = [];
for (const scenario of SCENARIOS) {
	if (positionals.length > 0 && !positionals.includes(scenario.name)) continue;
	const rounds = positionals.length === 0 ? (scenario.rounds ?? [{}]) : [{}];
	for (const round of rounds) {
		for (const result of await scenario.run(flagsOf(scenario, round))) {
			results.push(result);
			console.log(values.json ? JSON.stringify(flat(result)) : block(result));
		}
	}
}
await removeStored();
process.exit(results.some(({ failures }) => failures.length > 0) ? 1 : 0);

function flagsOf(scenario: Scenario, round: Partial<Flags>): Flags {
	const { json: _, help: __, ...texts } = values;
	const given = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, read(name, String(text))]));
	return { ...FLAGS, ...scenario.defaults, ...round, ...given };
}

function read(name: string, text: string): number | string {
	if (name === "door" && (text === "ws" || text === "tcp")) return text;
	const value = Number(text);
	if (value > 0 && Number.isFinite(value)) return value;
	console.error(`--${name} is ${name === "door" ? "ws or tcp" : "a number above 0"}, not "${text}"`);
	process.exit(64);
}

/** One object of plain keys. */
function flat({ more, ...result }: Result): object {
	return { ...result, ...more };
}

function help(): string {
	const lines = SCENARIOS.map(({ name, does, defaults }) => {
		const flags = Object.entries(defaults).map(([key, value]) => `--${key} ${value}`);
		return `  ${name.padEnd(10)}${does}\n${" ".repeat(12)}${flags.join(" ")}`;
	});
	return `npm run bench -- [scenario …] [flags] [--json]\n\n${lines.join("\n")}`;
}
