import { expect, test } from "bun:test";
import { ERRORS } from "@verbatim/protocol";
import { expose } from "../../src/ops/metrics/exposition.ts";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";
import { processFamilies } from "../../src/ops/metrics/process.ts";

test("counters, gauges and histograms are exposed in Prometheus' format", () => {
	const metrics = createMetrics();
	metrics.deliveries.add(3);
	metrics.deliveries.add();
	metrics.connections.of("ws").add(2);
	metrics.connections.of("ws").add(-1);
	metrics.sends.add("committed", 5);
	metrics.outboxBytes.watch(() => 42);
	metrics.batchDrafts.observe(1);
	metrics.batchDrafts.observe(7);
	metrics.batchDrafts.observe(1e9);
	const page = expose(metrics.families);
	expect(page).toContain("# TYPE verbatim_deliveries_total counter\nverbatim_deliveries_total 4\n");
	expect(page).toContain('verbatim_connections{door="ws"} 1\n');
	expect(page).toContain('verbatim_sends_total{outcome="committed"} 5\n');
	expect(page).toContain("verbatim_outbox_bytes 42\n");
	expect(page).toContain('verbatim_batch_drafts_bucket{le="1"} 1\n');
	expect(page).toContain('verbatim_batch_drafts_bucket{le="5"} 1\n');
	expect(page).toContain('verbatim_batch_drafts_bucket{le="10"} 2\n');
	expect(page).toContain('verbatim_batch_drafts_bucket{le="+Inf"} 3\n');
	expect(page).toContain("verbatim_batch_drafts_sum 1000000008\nverbatim_batch_drafts_count 3\n");
});

test("every line is of the format, every family has help and type, no name occurs twice", () => {
	const metrics = createMetrics();
	metrics.errors.add('quo"te\\and\nline');
	const families = [...metrics.families, ...processFamilies({ version: "1.2.3", bun: "1", startedMs: 0 })];
	const label = '[a-z]+="([^"\\\\\n]|\\\\["\\\\n])*"';
	const line = new RegExp(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{${label}\\})? [-+0-9.eInf]+)$`);
	for (const each of expose(families).trimEnd().split("\n")) expect(each).toMatch(line);
	expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
	for (const { name, help, kind } of families) {
		expect(help).not.toBe("");
		if (kind === "counter") expect(name).toEndWith("_total");
	}
});

test("labels are bounded, whatever a caller passes", () => {
	const metrics = createMetrics();
	for (let i = 0; i < 10_000; i++) metrics.errors.add(`code${i}`);
	const lines = expose(metrics.families)
		.split("\n")
		.filter((line) => line.startsWith("verbatim_errors_total{"));
	expect(lines.length).toBeLessThanOrEqual(101);
	expect(lines.at(-1)).toBe(`verbatim_errors_total{code="other"} ${10_000 - 100 + Object.keys(ERRORS).length}`);
});

test("labels that are known stand at 0 before anything has happened", () => {
	const page = expose(createMetrics().families);
	for (const sample of [
		'verbatim_errors_total{code="rate_limited"}',
		'verbatim_logins_total{outcome="credentials_wrong"}',
		'verbatim_sends_total{outcome="committed"}',
		'verbatim_connections_closed_total{close="slow"}',
		'verbatim_connections_refused_total{reason="address"}',
		'verbatim_http_requests_total{status="5xx"}',
		'verbatim_faults_total{place="session"}',
		'verbatim_admin_requests_total{outcome="unauthenticated"}',
		'verbatim_connections{door="tcp"}',
	])
		expect(page).toContain(`${sample} 0\n`);
});

test("the process reports its CPU time, memory and files", () => {
	const byName = new Map(processFamilies({ version: "1", bun: "1", startedMs: 5_000 }).map((family) => [family.name, family]));
	const value = (name: string) => byName.get(name)?.samples()[0]?.value ?? 0;
	expect(value("process_start_time_seconds")).toBe(5);
	expect(value("process_cpu_seconds_total")).toBeGreaterThan(0);
	expect(value("process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
	if (process.platform === "linux") expect(value("process_max_fds")).toBeGreaterThan(0);
});
