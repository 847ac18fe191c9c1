import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment } from "../src/report/environment.ts";
import { reportPage } from "../src/report/report-page.ts";
import { checkThresholds } from "../src/report/thresholds.ts";
import { writeReport } from "../src/report/write-report.ts";
import type { Result } from "../src/result.ts";
import { summary } from "../src/summary.ts";

const ours: Result = {
	scenario: "fanout",
	peer: "Verbatim",
	durability: "sqlite, synchronous=FULL",
	receivers: 1_000,
	cpuUsPerDelivery: 3,
	limitCpuUsPerDelivery: 2.5,
	ratioToLimit: 1.2,
	p50Ms: 8,
	limitP50Ms: 4,
	failures: [],
	more: { messagesPerSecond: 200, burst: 1 },
};
const compared: Result = { ...ours, scenario: "compare" };
const peer: Result = {
	...compared,
	scenario: "compare, <peer> & co",
	peer: "<peer> & co",
	durability: "none",
	more: { ...compared.more, doesNot: "store", couldNotKeepUp: "5 of 9 deliveries were missing" },
};

let dir = "";
beforeAll(async () => {
	dir = await mkdtemp(join(tmpdir(), "verbatim-report-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe("the report", () => {
	const report = {
		environment: environment(tmpdir()),
		results: [ours, compared, peer],
		verdicts: checkThresholds([ours]),
		absent: ["ngircd: not installed here"],
	};

	test("is one page that needs nothing from elsewhere, with a chart for each comparison", () => {
		const page = reportPage(report);
		expect(page.match(/<svg /g)?.length).toBe(4);
		expect(page).not.toMatch(/<script|<link|src=|href=|url\(|@import/);
		expect(page).toContain("prefers-color-scheme: dark");
	});

	test("says on what it was measured, what was absent, who could not keep up, and how durable each is", () => {
		const page = reportPage(report);
		const said = [report.environment.kernel, report.environment.cpu, "ngircd: not installed here", "(could not keep up)"];
		for (const words of [...said, "durability none; does not store", "durability sqlite, synchronous=FULL"])
			expect(page).toContain(words);
	});

	test("shows names as they are, never as markup", () => {
		expect(reportPage(report)).toContain("&lt;peer&gt; &amp; co");
		expect(reportPage(report)).not.toContain("<peer>");
	});

	test("has every result in one table, with what sets its round apart", () => {
		const { head, rows } = summary([ours, { ...ours, more: { messagesPerSecond: 1_000, burst: 10 } }, peer]);
		expect(head).toEqual(["scenario", "receivers", "p50 ms", "CPU µs", "× relay", "durability"]);
		expect(rows.map(([what]) => what)).toEqual(["fanout, 200/s", "fanout, 1000/s, bursts of 10", "compare, <peer> & co, 200/s"]);
		expect(rows[0]).toEqual(["fanout, 200/s", "1000", "8", "3", "1.2", "sqlite, synchronous=FULL"]);
	});

	test("says when the machine had other work meanwhile, and nothing where it had not", () => {
		const at = (otherCores: number): Result => ({ ...ours, more: { ...ours.more, otherCores } });
		expect(reportPage({ ...report, results: [at(0.1), at(0.9)] })).toContain("other processes used up to 0.9 cores");
		expect(reportPage({ ...report, results: [at(0.1)] })).not.toContain("other processes");
	});

	test("says first when the run failed", () => {
		const page = reportPage({ ...report, results: [{ ...ours, failures: ["1 of 2 deliveries were missing"] }] });
		expect(page).toContain("fanout: 1 of 2 deliveries were missing");
		expect(page).not.toContain("Nothing was missing");
	});

	test("is written as JSON too, with the same results", async () => {
		const page = await writeReport(report, dir);
		expect(await readFile(page, "utf8")).toBe(reportPage(report));
		expect(JSON.parse(await readFile(join(dir, "report.json"), "utf8"))).toEqual(JSON.parse(JSON.stringify(report)));
	});
});

describe("bars", () => {
	test("are judged by the results that they speak of", () => {
		const judged = checkThresholds([ours]).map(({ value, isMet }) => [value, isMet]);
		expect(judged).toEqual([
			[1.2, true],
			[2, true],
		]);
		expect(checkThresholds([{ ...ours, ratioToLimit: 1.3 }])[0]?.isMet).toBe(false);
	});

	test("are not judged by a smaller run, or by none", () => {
		expect(checkThresholds([])).toEqual([]);
		expect(checkThresholds([{ ...ours, receivers: 10 }])).toEqual([]);
		expect(checkThresholds([{ ...ours, scenario: "storm", receivers: 10, more: { allHaveAllMs: 1, missedEach: 100 } }])).toEqual(
			[],
		);
	});
});
