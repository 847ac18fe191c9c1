// The report as one self-contained HTML page, from the same results as the JSON.
import { disturbance, rowsOf, show } from "../print.ts";
import type { Result } from "../result.ts";
import { summary } from "../summary.ts";
import { barChart, escapeHtml } from "./chart.ts";
import type { Environment } from "./environment.ts";
import { STYLE } from "./style.ts";
import type { ThresholdResult } from "./thresholds.ts";

export interface Report {
	readonly environment: Environment;
	readonly results: readonly Result[];
	readonly verdicts: readonly ThresholdResult[];
	/** Unavailable peers, as text. */
	readonly absent: readonly string[];
}

export function reportPage({ environment, results, verdicts, absent }: Report): string {
	const failures = results.flatMap(({ scenario, failures: all }) => all.map((failure) => `${scenario}: ${failure}`));
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Verbatim, measured</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Verbatim, measured</h1>
${facts(environment)}
${failures.length === 0 ? '<p class="good">Nothing was missing, doubled, out of order or refused.</p>' : list("This run failed", failures, "bad")}
${disturbance(results) === "" ? "" : `<p class="bad">${escapeHtml(disturbance(results))}</p>`}
${absent.length === 0 ? "" : list("Not here", absent, "")}
${section("What it is held to", verdicts.length === 0 ? "" : verdictTable(verdicts))}
${charts(results)}
<h2>All results</h2>
${summaryTable(results)}
<p>Processor time and memory are the server's own, all its threads, from <code>/proc</code>; the load generator is another process.
Latencies are from the send to the last step of the receiver, of samples merged over receivers and windows. Deliveries are counted at
every receiver, each held to the order and to the bytes that the first one was given.</p>
${results.map(details).join("\n")}
</body>
</html>
`;
}

function facts({ date, commit, cpu, cores, memoryGiB, kernel, runtime, disk }: Environment): string {
	const all = [date, `commit ${commit}`, `${cpu}, ${cores} cores, ${memoryGiB} GiB`, kernel, runtime, `data on ${disk}`];
	return `<p class="facts">${all.map(escapeHtml).join(" · ")}</p>`;
}

function verdictTable(verdicts: readonly ThresholdResult[]): string {
	const rows = verdicts.map(
		({ what, bar, value, unit, isMet }) =>
			`<tr><td>${escapeHtml(what)}</td><td class="number">${escapeHtml(bar)}</td><td class="number">${show(value)} ${escapeHtml(unit)}</td><td class="${isMet ? "good" : "bad"}">${isMet ? "met" : "missed"}</td></tr>`,
	);
	return `<table><thead><tr><th></th><th class="number">bar</th><th class="number">measured</th><th></th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function summaryTable(results: readonly Result[]): string {
	const { head, rows } = summary(results);
	const last = head.length - 1;
	const line = (row: readonly string[], tag: string): string =>
		`<tr>${row.map((text, i) => `<${tag}${i === 0 || i === last ? "" : ' class="number"'}>${escapeHtml(text)}</${tag}>`).join("")}</tr>`;
	const body = rows.map((row) => line(row, "td")).join("\n");
	return `<div class="wide"><table><thead>${line(head, "th")}</thead><tbody>${body}</tbody></table></div>`;
}

function charts(results: readonly Result[]): string {
	return [comparison(results), fanouts(results), memory(results)].join("\n");
}

function comparison(results: readonly Result[]): string {
	const all = results.filter(({ scenario }) => scenario === "compare" || scenario.startsWith("compare, "));
	const roundOf = ({ more }: Result): string => `${String(more?.messagesPerSecond)} messages/s, ${burstOf(more?.burst)}`;
	const figures = [...new Set(all.map(roundOf))].flatMap((round) => {
		const group = all.filter((result) => roundOf(result) === round);
		const receivers = `${show(group[0]?.receivers)} receivers × ${round}`;
		const rows = group.map((result) => ({
			label: result.peer,
			isOurs: result.peer === "Verbatim",
			note: result.more?.couldNotKeepUp === undefined ? "" : "(could not keep up)",
			result,
		}));
		return [
			barChart({
				title: `Processor time of a delivery, ${receivers}`,
				hint: "less is better",
				unit: "µs",
				series: ["processor time"],
				rows: rows.map(({ result, ...row }) => ({ ...row, values: [result.cpuUsPerDelivery] })),
			}),
			barChart({
				title: `Latency, ${receivers}`,
				hint: "less is better",
				unit: "ms",
				series: ["p50", "p99"],
				rows: rows.map(({ result, ...row }) => ({
					...row,
					values: row.note === "" ? [result.p50Ms, result.p99Ms] : [undefined, undefined],
				})),
			}),
		];
	});
	const does = [...new Map(all.map(({ peer, durability, more }) => [peer, { durability, doesNot: more?.doesNot }]))].map(
		([peer, { durability, doesNot }]) =>
			`${peer}: durability ${durability}${doesNot === undefined ? "" : `; does not ${String(doesNot)}`}`,
	);
	return section("Beside its peers", figures.join("\n") + (does.length === 0 ? "" : list("What each is", does, "")));
}

function fanouts(results: readonly Result[]): string {
	const all = results.filter(({ scenario }) => scenario === "fanout");
	const rows = all.map((result) => ({
		label: `${show(result.receivers)} × ${show(result.more?.messagesPerSecond)}/s, ${burstOf(result.more?.burst)}`,
		isOurs: true,
		result,
	}));
	if (rows.length === 0) return "";
	const cost = barChart({
		title: "Fan-out: processor time of a delivery",
		hint: "less is better",
		unit: "µs",
		series: ["Verbatim", "C relay, the limit"],
		isBesideLimit: true,
		rows: rows.map(({ result, ...row }) => ({
			...row,
			values: [result.cpuUsPerDelivery, result.limitCpuUsPerDelivery],
			...(result.ratioToLimit === undefined ? {} : { note: `(${show(result.ratioToLimit)} × of it)` }),
		})),
	});
	const latency = barChart({
		title: "Fan-out: median latency, the commit included",
		hint: "less is better",
		unit: "ms",
		series: ["Verbatim", "C relay, which stores nothing"],
		isBesideLimit: true,
		rows: rows.map(({ result, ...row }) => ({ ...row, values: [result.p50Ms, result.limitP50Ms] })),
	});
	return section("Fan-out", cost + latency);
}

function memory(results: readonly Result[]): string {
	const rows = results
		.filter(({ scenario }) => scenario === "idle")
		.map(({ more, receivers, rssBytesPerConnection }) => ({
			label: `${show(receivers)} over ${String(more?.door)}`,
			isOurs: true,
			values: [rssBytesPerConnection],
		}));
	if (rows.length === 0) return "";
	const chart = { title: "Memory of an idle connection", hint: "less is better", unit: "bytes", series: ["memory"], rows };
	return section("Idle connections", barChart(chart));
}

function details(result: Result): string {
	const rows = rowsOf(result).map(
		([key, value]) =>
			`<tr><th>${escapeHtml(key)}</th><td${key === "FAILED" ? ' class="bad"' : ""}>${escapeHtml(value)}</td></tr>`,
	);
	const title = `${result.scenario} · ${result.receivers === undefined ? "" : `${show(result.receivers)} · `}${result.durability}`;
	return `<details${result.failures.length > 0 ? " open" : ""}><summary>${escapeHtml(title)}</summary><table class="keys">${rows.join("")}</table></details>`;
}

function section(title: string, body: string): string {
	return body === "" ? "" : `<h2>${escapeHtml(title)}</h2>\n${body}`;
}

function list(title: string, items: readonly string[], kind: string): string {
	return `<p class="${kind}">${escapeHtml(title)}:</p><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
}

function burstOf(burst: unknown): string {
	return burst === 1 || burst === undefined ? "singly" : `in bursts of ${String(burst)}`;
}
