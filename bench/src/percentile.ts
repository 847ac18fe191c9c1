/** The value below which `share` (0 to 1) of the samples lie; NaN without samples. Sorts in place. */
export function percentile(samples: number[], share: number): number {
	samples.sort((a, b) => a - b);
	return samples[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? Number.NaN;
}
