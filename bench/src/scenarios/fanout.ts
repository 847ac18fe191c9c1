// One room, N receivers, R messages/s of 100 bytes, singly or in bursts: the server's cost of a delivery compared with the C relay in the
// same run. Both are measured in turn, A B A B, and the ratio is taken per pair, so that changes on the machine affect both.
import { median } from "../math.ts";
import { startRelay } from "../peers/relay.ts";
import { startVerbatim } from "../peers/verbatim.ts";
import type { Result } from "../result.ts";
import { Contender, costOf, type FanoutOptions } from "./contender.ts";

/** Delivery size for the relay's warm-up, before Verbatim's is measured. */
export const WARM_BYTES = 300;
const DRAIN_MS = 10_000;

export async function fanout(options: FanoutOptions): Promise<Result[]> {
	let deliveryBytes = WARM_BYTES;
	const contenders = await Contender.startAll([startVerbatim, () => startRelay(() => deliveryBytes)], options, DRAIN_MS);
	const [verbatim, relay] = contenders;
	if (verbatim === undefined) throw new Error("the server did not start");
	try {
		for (let pair = 0; pair < options.pairs; pair++) {
			const { bytes, delivered } = await verbatim.measure();
			deliveryBytes = bytes / delivered;
			await relay?.measure();
		}
	} finally {
		await Contender.stopAll(contenders);
	}
	const ours = verbatim.result("fanout");
	return relay === undefined ? [ours] : [compareToLimit(ours, verbatim, relay), relay.result(`fanout, ${relay.peer.name}`)];
}

/** Adds the relay's figures and the ratio to them, per pair. */
function compareToLimit(ours: Result, verbatim: Contender, relay: Contender): Result {
	const limits = relay.windows.map(costOf);
	const ratios = verbatim.windows.map((window, pair) => costOf(window) / (limits[pair] ?? Number.NaN));
	const { p50Ms, p99Ms } = relay.result("");
	return {
		...ours,
		limitCpuUsPerDelivery: median(limits) ?? Number.NaN,
		ratioToLimit: median(ratios) ?? Number.NaN,
		limitP50Ms: p50Ms,
		limitP99Ms: p99Ms,
		more: { ...ours.more, ratios },
	};
}
