// Writes the report: `bench/report/report.json` and `bench/report/index.html`. Not in the repository: the figures are one machine's.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Report, reportPage } from "./report-page.ts";

export const REPORT_DIR = join(import.meta.dir, "../../report");

/** Returns the page's path. */
export async function writeReport(report: Report, dir = REPORT_DIR): Promise<string> {
	await mkdir(dir, { recursive: true });
	await writeFile(join(dir, "report.json"), `${JSON.stringify(report, null, "\t")}\n`);
	const page = join(dir, "index.html");
	await writeFile(page, reportPage(report));
	return page;
}
