import { expect, test } from "bun:test";
import { expose } from "../../src/ops/metrics/exposition.ts";
import { lagFamily, mergedFamilies, snapshotOf } from "../../src/ops/metrics/merge.ts";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";

test("counters, gauges and histograms of threads are added up; of overload, the greatest counts", () => {
	const [own, ...others] = [createMetrics(), createMetrics(), createMetrics()] as const;
	for (const [i, metrics] of [own, ...others].entries()) {
		metrics.deliveries.add(10 + i);
		metrics.connections.of("ws").set(i);
		metrics.sends.add("committed", 1);
		metrics.commitSeconds.observe(i);
		metrics.overloadLevel.set([1, 3, 2][i] ?? 0);
		metrics.oldestDraftSeconds.set(i / 10);
	}
	others[1].errors.add("a code of one thread");
	const page = expose([
		...mergedFamilies(
			own.families,
			others.map(({ families }) => snapshotOf(families)),
		),
		lagFamily([1, 2_500]),
	]);
	for (const line of [
		"verbatim_deliveries_total 33",
		'verbatim_connections{door="ws"} 3',
		'verbatim_sends_total{outcome="committed"} 3',
		'verbatim_commit_seconds_bucket{le="0.0005"} 1',
		"verbatim_commit_seconds_sum 3",
		"verbatim_commit_seconds_count 3",
		"verbatim_overload_level 3",
		"verbatim_oldest_draft_seconds 0.2",
		'verbatim_errors_total{code="a code of one thread"} 1',
		'verbatim_thread_lag_seconds{thread="1"} 2.5',
	])
		expect(page).toContain(`${line}\n`);
});
