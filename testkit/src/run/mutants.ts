// `npm run mutants [-- --only WORDS] [--json]`: each deliberate bug of testkit/src/mutants/list.ts, and how many seeds it takes until
// the simulation catches it. Fails if one survives without a reason.

import { MUTANTS } from "../mutants/list.ts";
import { SEARCH, searchSeeds } from "../mutants/search.ts";
import { argumentsOf, mistaken } from "./arguments.ts";

const { values } = argumentsOf({
	usage: [
		"npm run mutants -- [--only WORDS] [--json]",
		"  --only WORDS  the deliberate bugs with these words in their names; default: all",
		"  --json        the result as one line",
	].join("\n"),
	options: { only: { type: "string", default: "" }, json: { type: "boolean", default: false } },
});
const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
if (chosen.length === 0) mistaken(`no mutant has ${JSON.stringify(values.only)} in its name; docs/reliability.md lists them`);

const caught: { readonly mutant: string; readonly caughtAtSeed: number | null }[] = [];
let escaped = 0;
for (const mutant of chosen) {
	const { caughtAtSeed, by } = await searchSeeds(mutant);
	caught.push({ mutant: mutant.name, caughtAtSeed: caughtAtSeed ?? null });
	if (caughtAtSeed === undefined && mutant.survives === undefined) escaped++;
	if (values.json) continue;
	const where = caughtAtSeed === undefined ? "survives" : `seed ${caughtAtSeed}`;
	console.log(`${where.padStart(10)}  ${mutant.name}  [${caughtAtSeed === undefined ? (mutant.survives ?? "UNEXPLAINED") : by}]`);
}
if (values.json) console.log(JSON.stringify(caught));
else console.log(`${caught.length} mutants, ${escaped} escaped within ${SEARCH.seedsMax} seeds`);
process.exit(escaped === 0 ? 0 : 1);
