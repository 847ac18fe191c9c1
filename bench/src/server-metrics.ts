/** Values of a server's metrics, by name with labels. */
export type Metrics = ReadonlyMap<string, number>;

/** Reads the metrics of a server at its operations port. */
export async function readMetrics(ops: string): Promise<Metrics> {
	const text = await (await fetch(`${ops}/metrics`)).text();
	const samples = text
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"))
		.map((line): [string, number] => {
			const at = line.lastIndexOf(" ");
			return [line.slice(0, at), Number(line.slice(at + 1))];
		});
	return new Map(samples);
}

/** How much the metrics of one name grew, over all their labels; undefined where the server has none of that name. */
export function metricIncrease(name: string, before: Metrics, after: Metrics): number | undefined {
	const keys = [...after.keys()].filter((key) => key === name || key.startsWith(`${name}{`));
	if (keys.length === 0) return undefined;
	return keys.reduce((sum, key) => sum + (after.get(key) ?? 0) - (before.get(key) ?? 0), 0);
}
