// One room, N receivers, R messages a second of 100 bytes, singly or in bursts: what does a delivery cost the server, beside the C relay
// in the same run? Both are measured in turn, A B A B: whatever changes on the machine meanwhile changes for both, and the ratio is
// taken pair by pair.
import { median } from "../median.ts";
import { startRelay } from "../peers/relay.ts";
import { startVerbatim } from "../peers/verbatim.ts";
import type { Result } from "../result.ts";
import { costOf, Entrant, type FanoutOptions } from "./entrant.ts";

/** The size of a delivery that the relay is warmed up with, before the real one is known. */
export const WARM_BYTES = 300;
const DRAIN_MS = 10_000;

export async function fanout(options: FanoutOptions): Promise<Result[]> {
	let deliveryBytes = WARM_BYTES;
	const entrants = await Entrant.enterAll([startVerbatim, () => startRelay(() => deliveryBytes)], options, DRAIN_MS);
	const [verbatim, relay] = entrants;
	if (verbatim === undefined) throw new Error("the server did not start");
	try {
		for (let pair = 0; pair < options.pairs; pair++) {
			const { bytes, delivered } = await verbatim.measure();
			deliveryBytes = bytes / delivered;
			await relay?.measure();
		}
	} finally {
		await Entrant.leaveAll(entrants);
	}
	const ours = verbatim.result("fanout");
	return relay === undefined ? [ours] : [besideLimit(ours, verbatim, relay), relay.result(`fanout, ${relay.peer.name}`)];
}

/** With the relay's figures, and how many times its cost ours is, pair by pair. */
function besideLimit(ours: Result, verbatim: Entrant, relay: Entrant): Result {
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
