/** Latencies in milliseconds, all kept, so that percentiles of merged samples are exact, not averages of percentiles. */
export class Samples {
	private values = new Float64Array(1024);
	private used = 0;
	private isSorted = true;

	get count(): number {
		return this.used;
	}

	add(ms: number): void {
		if (this.used === this.values.length) {
			const wider = new Float64Array(this.used * 2);
			wider.set(this.values);
			this.values = wider;
		}
		this.values[this.used++] = ms;
		this.isSorted = false;
	}

	/** All samples of several runs as one population. */
	static merge(all: readonly Samples[]): Samples {
		const merged = new Samples();
		merged.used = all.reduce((sum, { used }) => sum + used, 0);
		merged.values = new Float64Array(Math.max(1, merged.used));
		let at = 0;
		for (const { values, used } of all) {
			merged.values.set(values.subarray(0, used), at);
			at += used;
		}
		merged.isSorted = false;
		return merged;
	}

	/** The value at or below which `share` (0 to 1) of the samples lie (nearest rank); undefined without samples. */
	percentile(share: number): number | undefined {
		if (this.used === 0) return undefined;
		if (!this.isSorted) this.values.subarray(0, this.used).sort();
		this.isSorted = true;
		return this.values[Math.max(0, Math.ceil(this.used * share) - 1)];
	}
}
