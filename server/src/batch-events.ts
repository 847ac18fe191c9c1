// What becomes of batches, for operators: counted and logged in the thread that owns the store.
import type { Faults } from "./base/faults.ts";
import type { Metrics } from "./base/metrics.ts";
import type { LogSampler } from "./limit/log-sampler.ts";
import type { StoreEvents } from "./store/store.ts";

export interface BatchParts {
	readonly metrics: Pick<Metrics, "batchDrafts" | "commitSeconds" | "batchesFailed">;
	readonly lines: LogSampler;
	readonly faults: Pick<Faults, "report">;
}

export function batchEvents({ metrics, lines, faults }: BatchParts): Pick<StoreEvents, "batch" | "broken"> {
	return {
		batch({ drafts, commitMs, error }) {
			metrics.batchDrafts.observe(drafts);
			metrics.commitSeconds.observe(commitMs / 1_000);
			if (error === undefined) return;
			metrics.batchesFailed.add(1);
			lines.line(
				{ about: "trouble", kind: "a batch that failed", address: "" },
				() => ({ drafts, reason: error }),
				"the store could not write a batch; its sends were refused as unavailable",
			);
		},
		broken(cause) {
			faults.report("store", "a batch met an unexpected error", cause);
		},
	};
}
