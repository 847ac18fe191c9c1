// What `npm run NAME` takes on its command line, of each program for developers.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
const PROGRAMS = ["test", "crash", "chaos", "sim", "mutants", "overload", "fuzz", "bench"];

describe.each(PROGRAMS)("npm run %s", (name) => {
	test("--help says what there is", async () => {
		const { code, out } = await run(name, ["--help"]);
		expect(code).toBe(0);
		expect(out).toMatch(new RegExp(`^npm (run )?${name} `));
	});

	test("an option that there is not is told in words, with what there is, and ends with 2", async () => {
		const { code, err } = await run(name, ["--nonsense"]);
		expect(code).toBe(2);
		expect(err).toContain("--nonsense");
		expect(err).toContain(`npm ${name === "test" ? "" : "run "}${name} `);
		expect(err).not.toMatch(/^\s+at /m);
	});
});

describe("a value that does not fit", () => {
	const WRONG = [
		["sim", "--seeds=many"],
		["crash", "--rounds=0"],
		["chaos", "--minutes=x"],
		["overload", "--only=nothing"],
		["overload", "--seconds=0"],
		["mutants", "--only=no such words"],
		["fuzz", "--minutes=0"],
		["test", "nothing"],
	] as const;
	for (const [name, word] of WRONG) {
		test(`is refused: npm run ${name} -- ${word}`, async () => {
			const { code, err } = await run(name, [word]);
			expect(code).toBe(2);
			expect(err).toContain(word.replace(/^.*=/, ""));
		});
	}
});

async function run(name: string, words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
	const path = /bun (\S+)/.exec(scripts[name] ?? "")?.[1] ?? "no such program";
	const child = Bun.spawn([process.execPath, path, ...words], { cwd: ROOT, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
	const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
	return { code: await child.exited, out, err };
}
