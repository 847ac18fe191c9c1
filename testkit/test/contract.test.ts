// docs/contract.md names, for each clause of the contract, the tests that prove it. They are there.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
const page = readFileSync(join(ROOT, "docs/contract.md"), "utf8");

const named = [...page.matchAll(/`([\w/.-]+\.ts)`\s+"([^"]+)"/g)].map(([, file = "", name = ""]) => ({ file, name }));

test("each of the eleven clauses names a test", () => {
	const clauses = page.split(/^## /m).filter((section) => /^\d+\. /.test(section));
	expect(clauses.map((clause) => Number.parseInt(clause, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
	for (const clause of clauses) expect(clause).toMatch(/`[\w/.-]+\.ts`\s+"/);
});

test.each(named)("$file has the test $name", ({ file, name }) => {
	expect(readFileSync(join(ROOT, file), "utf8")).toContain(`"${name}"`);
});
