// The metrics of several threads as one: what each has counted is added up, of some gauges the greatest counts.
import type { Family, HistogramState, Sample } from "../../base/metrics.ts";

/** The state of a family, as it goes from thread to thread. */
export interface FamilySnapshot {
	readonly name: string;
	readonly samples: readonly Sample[];
	readonly histogram?: HistogramState;
}

export function snapshotOf(families: readonly Family[]): readonly FamilySnapshot[] {
	return families.map((family) => ({
		name: family.name,
		samples: family.samples(),
		...(family.histogram && { histogram: family.histogram() }),
	}));
}

/** `own`, with the snapshots of the same families in other threads. */
export function mergedFamilies(own: readonly Family[], others: readonly (readonly FamilySnapshot[])[]): readonly Family[] {
	const snapshots = new Map<string, FamilySnapshot[]>();
	for (const each of [snapshotOf(own), ...others].flat()) snapshots.set(each.name, [...(snapshots.get(each.name) ?? []), each]);
	return own.map((family) => {
		const all = snapshots.get(family.name) ?? [];
		const histograms = all.flatMap(({ histogram }) => histogram ?? []);
		return {
			...family,
			samples: () => mergedSamples(all, family.across === "greatest" ? Math.max : (a, b) => a + b),
			...(family.histogram && { histogram: () => histograms.reduce(addedHistograms) }),
		};
	});
}

/** By thread, how late its event loop was at worst in the last few seconds: a mean over threads would hide the one that is full. */
export function lagFamily(worstMs: readonly number[]): Family {
	return {
		name: "verbatim_thread_lag_seconds",
		help: "How late timers fired at worst in the last seconds: thread 0 owns the store, the others are the workers.",
		kind: "gauge",
		label: "thread",
		samples: () => worstMs.map((ms, i) => ({ label: String(i), value: ms / 1_000 })),
	};
}

function mergedSamples(all: readonly FamilySnapshot[], join: (a: number, b: number) => number): Sample[] {
	const values = new Map<string | undefined, number>();
	for (const { label, value } of all.flatMap(({ samples }) => samples)) {
		const before = values.get(label);
		values.set(label, before === undefined ? value : join(before, value));
	}
	return [...values].map(([label, value]) => (label === undefined ? { value } : { label, value }));
}

function addedHistograms(a: HistogramState, b: HistogramState): HistogramState {
	return { bounds: a.bounds, counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)), sum: a.sum + b.sum };
}
