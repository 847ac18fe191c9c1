// The short form of `npm run mutants`.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MUTANTS } from "../src/mutants/list.ts";
import { SEARCH, searchSeeds } from "../src/mutants/search.ts";

const ROOT = join(import.meta.dir, "../..");

describe("the mutants", () => {
	test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
		"%s: what it changes is there exactly once",
		(_name, mutant) => {
			const text = readFileSync(join(ROOT, mutant.file), "utf8");
			expect(text.split(mutant.find).length - 1).toBe(1);
			expect(mutant.replace).not.toBe(mutant.find);
		},
	);

	// One of each kind, of those that do not hide long; the others take seconds each.
	test.each([
		"acknowledge before the commit",
		"no idempotency key",
		"seq from the clock",
		"resume one too early",
		"read, then subscribe: the stream of a join begins at the head",
		"drop without skipped: a full outbox swallows a push",
		"membership is checked only at the beginning",
		"live and catch-up overlap",
	])(
		"%s: is caught",
		async (name) => {
			const mutant = MUTANTS.find((each) => each.name === name);
			if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
			const { caughtAtSeed, by } = await searchSeeds(mutant, { ...SEARCH, seedsMax: 400 });
			expect(caughtAtSeed).toBeGreaterThan(0);
			expect(by).not.toBe("");
		},
		60_000,
	);

	test("what changes nothing is not caught", async () => {
		const [mutant] = MUTANTS;
		if (mutant === undefined) throw new Error("there are no mutants");
		expect((await searchSeeds({ ...mutant, name: "none" }, { ...SEARCH, seedsMax: 20 })).caughtAtSeed).toBeUndefined();
	}, 60_000);

	test("are all on the page, those that survive with their reasons", () => {
		const page = readFileSync(join(ROOT, "docs/reliability.md"), "utf8");
		for (const { name, survives } of MUTANTS)
			expect(page).toContain(survives === undefined ? `| ${name} |` : `- **${name}**: ${survives}.`);
	});

	test("have names of their own", () => {
		expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
	});
});
