// Results for people: one block per result on the terminal while the run goes on, one line of a table each at its end.
import type { Verdict } from "./report/bars.ts";
import type { Result } from "./result.ts";
import type { Scenario } from "./table.ts";

/** Key and value of all that a result has, in a fixed order, `more` last. */
export function rowsOf(result: Result): [string, string][] {
	const { failures, more, ...rest } = result;
	const rows = Object.entries({ ...rest, ...more }).filter(([, value]) => value !== undefined);
	return [
		...rows.map(([key, value]): [string, string] => [key, show(value)]),
		...failures.map((failure): [string, string] => ["FAILED", failure]),
	];
}

export function block(result: Result): string {
	return rowsOf(result)
		.map(([key, value]) => `${key.padEnd(26)}${value}`)
		.join("\n")
		.concat("\n");
}

/** A number with as many digits as one reads, anything else as it is. */
export function show(value: unknown): string {
	if (Array.isArray(value)) return value.map(show).join("  ");
	if (typeof value !== "number") return String(value);
	if (!Number.isFinite(value)) return "–";
	const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
	return value.toLocaleString("en", { maximumFractionDigits: digits, useGrouping: Math.abs(value) >= 10_000 });
}

/** Cores that others may use before a figure is doubtful. */
const OTHERS_MAX = 0.2;

/** Words for a run in which the machine had other work too; "" for one that had it for itself. */
export function disturbance(results: readonly Result[]): string {
	const most = Math.max(0, ...results.map(({ more }) => (typeof more?.otherCores === "number" ? more.otherCores : 0)));
	if (most <= OTHERS_MAX) return "";
	return `The machine was not this run's alone: other processes used up to ${show(most)} cores while it measured. Ratios bear that better than times.`;
}

export function verdictLines(verdicts: readonly Verdict[]): string {
	return verdicts
		.map(({ what, bar, value, unit, isMet }) => `${isMet ? "met   " : "MISSED"}  ${show(value)} ${unit} (${bar})  ${what}`)
		.join("\n");
}

export function help(scenarios: readonly Scenario[]): string {
	const lines = scenarios.map(({ name, does, defaults }) => {
		const flags = Object.entries(defaults).map(([key, value]) => `--${key} ${value}`);
		return `  ${name.padEnd(10)}${does}\n${" ".repeat(12)}${flags.join(" ")}`;
	});
	return [
		"npm run bench -- [scenario …] [flags] [--json]",
		"Without a scenario all are run, and bench/report/index.html and report.json are written.",
		"A run in which anything is missing, doubled, out of order or refused exits with 1.",
		"",
		...lines,
	].join("\n");
}
