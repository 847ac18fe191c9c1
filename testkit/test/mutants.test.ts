// The short form of `npm run mutants`.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hunt } from "../src/mutants/hunt.ts";
import { MUTANTS } from "../src/mutants/list.ts";

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

	test("have names of their own", () => {
		expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
	});
});
