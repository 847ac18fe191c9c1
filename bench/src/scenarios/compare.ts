// The same fan-out by all peers in one run: one room, the same receivers, the same messages. Measured in interleaved rounds, so that
// changes on the machine affect all alike; ratios to the C relay are taken per round. Verbatim is first in each round, since the relay's
// messages are padded to the size of its pushes.
import { median } from "../math.ts";
import { startNats } from "../peers/nats.ts";
import { startNgircd } from "../peers/ngircd.ts";
import { startSocketIo, startWs } from "../peers/node-peers.ts";
import { startRelay } from "../peers/relay.ts";
import { startVerbatim } from "../peers/verbatim.ts";
import type { Result } from "../result.ts";
import { Contender, costOf, type FanoutOptions } from "./contender.ts";
import { WARM_BYTES } from "./fanout.ts";

/** Drain time for a peer that cannot keep up. */
const DRAIN_MS = 3_000;

export async function compare(options: FanoutOptions): Promise<Result[]> {
	let deliveryBytes = WARM_BYTES;
	const relayed = () => startRelay(() => deliveryBytes);
	const starts = [startVerbatim, relayed, startNats, startNgircd, startWs, startSocketIo];
	const contenders = await Contender.startAll(starts, options, DRAIN_MS);
	try {
		for (let round = 0; round < options.pairs; round++) {
			for (const contender of contenders) {
				const { bytes, delivered } = await contender.measure();
				if (contender === contenders[0]) deliveryBytes = bytes / delivered;
			}
		}
	} finally {
		await Contender.stopAll(contenders);
	}
	const limit = contenders.find(({ peer }) => peer.isLimit === true)?.windows.map(costOf);
	return contenders.map((contender) => compareToLimit(contender, limit));
}

/** A peer that could not keep up is a result, not a failure of the run; only Verbatim must keep up. */
function compareToLimit(contender: Contender, limit: readonly number[] | undefined): Result {
	const { peer, windows } = contender;
	const isOurs = peer.durability !== "none";
	const result = contender.result(isOurs ? "compare" : `compare, ${peer.name}`);
	const ratios = windows.map((window, round) => costOf(window) / (limit?.[round] ?? Number.NaN));
	return {
		...result,
		...(limit === undefined
			? {}
			: { limitCpuUsPerDelivery: median(limit) ?? Number.NaN, ratioToLimit: median(ratios) ?? Number.NaN }),
		failures: isOurs ? result.failures : [],
		more: {
			...result.more,
			...(peer.doesNot === "" ? {} : { doesNot: peer.doesNot }),
			...(isOurs || result.failures.length === 0 ? {} : { couldNotKeepUp: result.failures.join("; ") }),
		},
	};
}
