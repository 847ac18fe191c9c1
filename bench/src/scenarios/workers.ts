// All cores: a server with several worker threads beside one with one, in the same run. Fan-out at a rate that nearly fills one thread, measured in turn, A B A B, with the ratio of the
// costs per pair; then ingest with full windows, in turn as well.
import { median } from "../math.ts";
import { startVerbatim } from "../peers/verbatim.ts";
import type { Result } from "../result.ts";
import { Contender, costOf, type FanoutOptions } from "./contender.ts";
import { type IngestOptions, ingest } from "./ingest.ts";

const DRAIN_MS = 10_000;

export interface WorkersOptions extends FanoutOptions, Pick<IngestOptions, "senders" | "rooms" | "window" | "store"> {
	readonly workers: number;
}

export async function workers(options: WorkersOptions): Promise<Result[]> {
	return [...(await fanouts(options)), ...(await ingests(options))];
}

async function fanouts(options: WorkersOptions): Promise<Result[]> {
	const counts = [1, options.workers];
	const contenders = await Contender.startAll(
		counts.map((count) => () => startVerbatim(count)),
		options,
		DRAIN_MS,
	);
	const [one, many] = contenders;
	if (one === undefined || many === undefined) throw new Error("a server did not start");
	try {
		for (let pair = 0; pair < options.pairs; pair++) for (const each of contenders) await each.measure();
	} finally {
		await Contender.stopAll(contenders);
	}
	const ratios = many.windows.map((window, pair) => costOf(window) / costOf(one.windows[pair] ?? window));
	const theirs = many.result(`workers, ${options.workers}`);
	return [
		one.result("workers, 1"),
		{ ...theirs, more: { ...theirs.more, ratioToOne: median(ratios) ?? Number.NaN, ratiosToOne: ratios } },
	];
}

async function ingests(options: WorkersOptions): Promise<Result[]> {
	const results: Result[] = [];
	for (let pair = 0; pair < options.pairs; pair++) {
		for (const count of [1, options.workers]) {
			const [full] = await ingest({ ...options, rate: 1_000, workers: count });
			if (full !== undefined) results.push({ ...full, scenario: `workers, ${count}: ingest` });
		}
	}
	return results;
}
