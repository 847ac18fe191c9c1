// Metric families in the Prometheus text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format). Why by hand: docs/decisions/metrics.md.
import type { Family, HistogramState } from "../../base/metrics.ts";

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The response to a scrape. */
export function expose(families: readonly Family[]): string {
	return families.map(familyText).join("");
}

function familyText(family: Family): string {
	const { name, help, kind, label } = family;
	const lines = [`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${kind}`];
	for (const sample of family.samples()) {
		const labels = label === undefined || sample.label === undefined ? "" : `{${label}="${escaped(sample.label)}"}`;
		lines.push(`${name}${labels} ${number(sample.value)}`);
	}
	if (family.histogram) lines.push(...histogramLines(name, family.histogram()));
	return `${lines.join("\n")}\n`;
}

function histogramLines(name: string, { bounds, counts, sum }: HistogramState): string[] {
	const lines: string[] = [];
	let total = 0;
	for (const [i, count] of counts.entries()) {
		total += count;
		const bound = bounds[i];
		lines.push(`${name}_bucket{le="${bound === undefined ? "+Inf" : number(bound)}"} ${total}`);
	}
	lines.push(`${name}_sum ${number(sum)}`, `${name}_count ${total}`);
	return lines;
}

function escaped(label: string): string {
	return label.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function number(value: number): string {
	if (value === Number.POSITIVE_INFINITY) return "+Inf";
	if (value === Number.NEGATIVE_INFINITY) return "-Inf";
	return String(value);
}
