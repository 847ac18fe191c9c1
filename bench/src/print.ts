// Results as text: a block for each during the run, a line of the table for each at its end.
import type { ThresholdResult } from "./report/thresholds.ts";
import type { Result } from "./result.ts";
import type { Scenario } from "./scenarios.ts";

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

/** Numbers rounded to three digits or so; anything else unchanged. */
export function show(value: unknown): string {
	if (Array.isArray(value)) return value.map(show).join("  ");
	if (typeof value !== "number") return String(value);
	if (!Number.isFinite(value)) return "–";
	const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
	return value.toLocaleString("en", { maximumFractionDigits: digits, useGrouping: Math.abs(value) >= 10_000 });
}

/** Cores that other processes may use before the figures are doubtful. */
const OTHERS_MAX = 0.2;

/** A warning for a run on a machine with other load; "" otherwise. */
export function disturbance(results: readonly Result[]): string {
	const most = Math.max(0, ...results.map(({ more }) => (typeof more?.otherCores === "number" ? more.otherCores : 0)));
	if (most <= OTHERS_MAX) return "";
	return `The machine was not this run's alone: other processes used up to ${show(most)} cores while it measured. Ratios bear that better than times.`;
}

export function verdictLines(verdicts: readonly ThresholdResult[]): string {
	return verdicts
		.map(({ what, bar, value, unit, isMet }) => `${isMet ? "met   " : "MISSED"}  ${show(value)} ${unit} (${bar})  ${what}`)
		.join("\n");
}

export function help(scenarios: readonly Scenario[]): string {
	const lines = scenarios.map(({ name, description, defaults }) => {
		const flags = Object.entries(defaults).map(([key, value]) => `--${key} ${value}`);
		return `  ${name.padEnd(10)}${description}\n${" ".repeat(12)}${flags.join(" ")}`;
	});
	return [
		"npm run bench -- [scenario …] [flags] [--json]",
		"Without a scenario all are run, and bench/report/index.html and report.json are written.",
		"A run in which anything is missing, doubled, out of order or refused exits with 1.",
		"",
		...lines,
	].join("\n");
}
