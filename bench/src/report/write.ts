// The report on disk: `bench/report/report.json` for programs, `bench/report/index.html` for people. Not kept in the repository: its
// figures are those of one machine.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Report, reportPage } from "./page.ts";

export const REPORT_DIR = join(import.meta.dir, "../../report");

/** Gives the page's path. */
export async function writeReport(report: Report, dir = REPORT_DIR): Promise<string> {
	await mkdir(dir, { recursive: true });
	await writeFile(join(dir, "report.json"), `${JSON.stringify(report, null, "\t")}\n`);
	const page = join(dir, "index.html");
	await writeFile(page, reportPage(report));
	return page;
}
