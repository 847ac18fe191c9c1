// `npm test`: all tests, package by package in the order of the imports, each package in a process of its own. Prints skipped tests with
// reason and remedy, and one line of counts. In CI a skipped test fails the run.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNodes, NODES_MISSING } from "../nodes.ts";
import { argumentsOf, mistaken } from "./arguments.ts";

const PACKAGES = ["protocol", "client", "server", "terminal", "web", "cli", "testkit", "bench"];

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

interface Counts {
	passed: number;
	failed: number;
	skipped: string[];
}

const { positionals: only } = argumentsOf({
	usage: `npm test -- [PACKAGE …]\n  PACKAGE  of ${PACKAGES.join(", ")}; default: all. One file: npx bun test PATH`,
	options: {},
	words: true,
});
const unknown = only.find((name) => !PACKAGES.includes(name));
if (unknown !== undefined) mistaken(`there is no package ${JSON.stringify(unknown)}; there are: ${PACKAGES.join(", ")}`);
const inCi = process.env.CI === "true";
const reports = await mkdtemp(join(tmpdir(), "verbatim-tests-"));
const counts: Counts = { passed: 0, failed: 0, skipped: [] };
const brokenPackages: string[] = [];

for (const name of PACKAGES.filter((name) => (only.length === 0 || only.includes(name)) && existsSync(name))) {
	console.log(`\n# ${name}`);
	const report = join(reports, `${name}.xml`);
	const run = Bun.spawn(
		[process.execPath, "test", `./${name}/`, "--reporter=junit", `--reporter-outfile=${report}`, "--timeout=30000"],
		{
			stdin: "ignore",
			stdout: "inherit",
			stderr: "inherit",
		},
	);
	const exitCode = await run.exited;
	const failedBefore = counts.failed;
	await count(report);
	// A file that does not load, or a crashed process, has no failed test in the report.
	if (exitCode !== 0 && counts.failed === failedBefore) {
		counts.failed++;
		brokenPackages.push(`${name}: the run ended with ${exitCode}`);
	}
}
await rm(reports, { recursive: true, force: true });

if (brokenPackages.length > 0) console.log(`\n${brokenPackages.join("\n")}`);
if (counts.skipped.length > 0) {
	console.log(`\nSKIPPED, and therefore not proved here:\n${counts.skipped.map((name) => `  ${name}`).join("\n")}`);
	for (const { command, package: name } of NEEDED) {
		if (Bun.which(command) === null) console.log(`"${command}" is missing; on Debian: apt-get install ${name}`);
	}
	if (findNodes().some(({ path }) => path === undefined)) console.log(NODES_MISSING);
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
