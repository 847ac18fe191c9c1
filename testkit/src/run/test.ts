// `npm test`: all tests; `npm run test:fast`: those of the class `fast`. As many files at once as there are cores, the slowest first.
// Prints skipped tests with reason and remedy, and one line of counts. In CI a skipped test fails the run.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNodes, NODES_MISSING } from "../nodes.ts";
import { findPostgres, POSTGRES_MISSING } from "../process/postgres.ts";
import { argumentsOf, mistaken } from "./arguments.ts";
import { classOf, PACKAGES, type TestClass, testFiles } from "./test-classes.ts";

/** What tests need beyond Node and npm, and the Debian package that brings it. */
const NEEDED = [
	{ command: "chromium", package: "chromium" },
	{ command: "nc", package: "netcat-openbsd" },
	{ command: "tmux", package: "tmux" },
	{ command: "openssl", package: "openssl" },
	{ command: "cc", package: "gcc libc6-dev" },
	{ command: "strace", package: "strace" },
	{ command: "faketime", package: "faketime" },
	{ command: "systemd-analyze", package: "systemd" },
] as const;

/** For the order alone: the slowest files start first, so that none of them is left alone at the end. */
const EXPECTED_MS: Readonly<Record<TestClass, number>> = { long: 20_000, browser: 15_000, process: 5_000, fast: 200 };

interface Counts {
	passed: number;
	failed: number;
	skipped: string[];
}

const { positionals: only, values } = argumentsOf({
	usage: `npm test -- [PACKAGE …], npm run test:fast -- [PACKAGE …]
  PACKAGE  of ${PACKAGES.join(", ")}; default: all. One file: npx bun test PATH
  --fast   no browsers, no processes of ours, no long runs: what \`npm run test:fast\` gives`,
	options: { fast: { type: "boolean", default: false } },
	words: true,
});
const unknown = only.find((name) => !PACKAGES.includes(name));
if (unknown !== undefined) mistaken(`there is no package ${JSON.stringify(unknown)}; there are: ${PACKAGES.join(", ")}`);
const inCi = process.env.CI === "true";
const counts: Counts = { passed: 0, failed: 0, skipped: [] };

const paths = testFiles(only.length === 0 ? PACKAGES : only).filter((path) => !values.fast || classOf(path) === "fast");
const folder = await mkdtemp(join(tmpdir(), "verbatim-tests-"));
const report = join(folder, "report.xml");
const timings = join(folder, "timings.json");
await writeFile(
	timings,
	JSON.stringify({ version: 1, files: Object.fromEntries(paths.map((path) => [path, EXPECTED_MS[classOf(path)]])) }),
);
const run = Bun.spawn(
	[
		...[process.execPath, "test", ...paths.map((path) => `./${path}`)],
		...["--parallel", "--no-isolate", `--timings=${timings}`, "--timeout=30000"],
		...["--reporter=junit", `--reporter-outfile=${report}`],
	],
	{ stdin: "ignore", stdout: "inherit", stderr: "inherit" },
);
const exitCode = await run.exited;
await count(report);
// A file that does not load, or a crashed process, has no failed test in the report.
if (exitCode !== 0 && counts.failed === 0) {
	counts.failed++;
	console.log(`\nthe run ended with ${exitCode}`);
}
await rm(folder, { recursive: true, force: true });

if (counts.skipped.length > 0) {
	console.log(`\nSKIPPED, and therefore not proved here:\n${counts.skipped.map((name) => `  ${name}`).join("\n")}`);
	for (const { command, package: name } of NEEDED) {
		if (Bun.which(command) === null) console.log(`"${command}" is missing; on Debian: apt-get install ${name}`);
	}
	if (findNodes().some(({ path }) => path === undefined)) console.log(NODES_MISSING);
	if (findPostgres() === undefined) console.log(POSTGRES_MISSING);
	if (inCi) console.log("In CI nothing may be skipped: this run counts as failed.");
}
const skipped = counts.skipped.length > 0 ? `, ${counts.skipped.length} skipped` : "";
console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exit(counts.failed > 0 || counts.passed === 0 || (inCi && counts.skipped.length > 0) ? 1 : 0);

/** Adds the test cases of a JUnit report. */
async function count(report: string): Promise<void> {
	if (!existsSync(report)) return;
	const xml = await readFile(report, "utf8");
	for (const [, attributes = "", , body = ""] of xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
		if (/<(failure|error)\b/.test(body)) counts.failed++;
		else if (/<skipped\b/.test(body)) counts.skipped.push(`${attribute(attributes, "file")}: ${attribute(attributes, "name")}`);
		else counts.passed++;
	}
}

function attribute(attributes: string, name: string): string {
	const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "?";
	return value
		.replaceAll("&quot;", '"')
		.replaceAll("&lt;", "<")
		.replaceAll("&gt;", ">")
		.replaceAll("&apos;", "'")
		.replaceAll("&amp;", "&");
}
