// The table of all results of a run, for the terminal and the report page.
import { show } from "./print.ts";
import type { Result } from "./result.ts";

interface Column {
	readonly title: string;
	of(result: Result): unknown;
}

const COLUMNS: readonly Column[] = [
	{ title: "scenario", of: whatOf },
	{ title: "receivers", of: ({ receivers }) => receivers },
	{ title: "delivered/s", of: ({ deliveriesPerSecond }) => deliveriesPerSecond },
	{ title: "acked/s", of: ({ ackedPerSecond }) => ackedPerSecond },
	{ title: "p50 ms", of: ({ p50Ms }) => p50Ms },
	{ title: "p99 ms", of: ({ p99Ms }) => p99Ms },
	{ title: "CPU µs", of: ({ cpuUsPerDelivery }) => cpuUsPerDelivery },
	{ title: "× relay", of: ({ ratioToLimit }) => ratioToLimit },
	{ title: "B/conn", of: ({ rssBytesPerConnection }) => rssBytesPerConnection },
	{ title: "durability", of: ({ durability }) => durability },
];

/** Header and rows; a cell without a figure is empty. */
export function summary(results: readonly Result[]): {
	readonly head: readonly string[];
	readonly rows: readonly (readonly string[])[];
} {
	const used = COLUMNS.filter(({ of }) => results.some((result) => of(result) !== undefined));
	const cell = (value: unknown): string => (value === undefined ? "" : show(value));
	return { head: used.map(({ title }) => title), rows: results.map((result) => used.map(({ of }) => cell(of(result)))) };
}

/** As text: the first column to the left, the figures to the right. */
export function summaryText(results: readonly Result[]): string {
	const { head, rows } = summary(results);
	const all = [head, ...rows];
	const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
	const last = head.length - 1;
	const line = (row: readonly string[]): string =>
		row.map((text, i) => (i === 0 || i === last ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join("  ");
	return all.map((row) => line(row).trimEnd()).join("\n");
}

/** The scenario with the parameters that distinguish its rounds. */
function whatOf({ scenario, more }: Result): string {
	const parts = [
		more?.messagesPerSecond === undefined ? "" : `${show(more.messagesPerSecond)}/s`,
		more?.burst === undefined || more.burst === 1 ? "" : `bursts of ${show(more.burst)}`,
		more?.door === undefined ? "" : String(more.door),
	];
	return [scenario, ...parts.filter((part) => part !== "")].join(", ");
}
