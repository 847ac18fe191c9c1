/** Values of a server's metrics, by name with labels. */
export type Counters = ReadonlyMap<string, number>;

/** Reads the metrics of a server at its operations port. */
export async function countersOf(ops: string): Promise<Counters> {
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
