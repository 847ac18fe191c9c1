// `npm run bench -- fanout|idle [--receivers N --rate R --seconds S --burst B] [--json]`. The load generator is this process; the
// server is another, and its cost is read from the kernel's accounts of it alone.
import { parseArgs } from "node:util";
import { fanout } from "./fanout.ts";
import { idle } from "./idle.ts";
import type { Result } from "./scenario.ts";

const { positionals, values } = parseArgs({
	args: process.argv.slice(2),
	allowPositionals: true,
	options: {
		receivers: { type: "string" },
		rate: { type: "string", default: "200" },
		seconds: { type: "string", default: "10" },
		burst: { type: "string", default: "1" },
		json: { type: "boolean", default: false },
	},
});

const receivers = Number(values.receivers ?? 0);
const scenarios: Record<string, () => Promise<Result>> = {
	fanout: () =>
		fanout({
			receivers: receivers || 1_000,
			rate: Number(values.rate),
			seconds: Number(values.seconds),
			burst: Number(values.burst),
		}),
	idle: () => idle({ receivers: receivers || 10_000, seconds: Number(values.seconds) }),
};

const wanted = positionals.length === 0 ? Object.keys(scenarios) : positionals;
let failed = false;
for (const name of wanted) {
	const run = scenarios[name];
	if (run === undefined) {
		console.error(`there is no scenario "${name}"; there are: ${Object.keys(scenarios).join(", ")}`);
		process.exit(64);
	}
	const result = await run();
	failed ||= result.failed;
	console.log(values.json ? JSON.stringify(result) : table(result));
}
process.exit(failed ? 1 : 0);

function table(result: Result): string {
	return Object.entries(result)
		.map(([key, value]) => `${key.padEnd(24)}${typeof value === "number" ? Number(value.toFixed(2)) : value}`)
		.join("\n")
		.concat("\n");
}
