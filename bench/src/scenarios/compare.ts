// The same work for everybody, in the same run: one room, the same receivers, the same messages. All are measured in turn, and again, so
// that what changes on the machine meanwhile meets all alike; ratios to the C relay are taken round by round. Verbatim goes first in
// each round, since the relay's messages are made as long as its pushes.
import { median } from "../median.ts";
import { startNats } from "../peers/nats.ts";
import { startNgircd } from "../peers/ngircd.ts";
import { startSocketIo, startWs } from "../peers/node-peers.ts";
import { startRelay } from "../peers/relay.ts";
import { startVerbatim } from "../peers/verbatim.ts";
import type { Result } from "../result.ts";
import { costOf, Entrant, type FanoutOptions } from "./entrant.ts";
import { WARM_BYTES } from "./fanout.ts";

/** How long a peer that cannot keep up is waited for. */
const DRAIN_MS = 3_000;

export async function compare(options: FanoutOptions): Promise<Result[]> {
	let deliveryBytes = WARM_BYTES;
	const relayed = () => startRelay(() => deliveryBytes);
	const starts = [startVerbatim, relayed, startNats, startNgircd, startWs, startSocketIo];
	const entrants = await Entrant.enterAll(starts, options, DRAIN_MS);
	try {
		for (let round = 0; round < options.pairs; round++) {
			for (const entrant of entrants) {
				const { bytes, delivered } = await entrant.measure();
				if (entrant === entrants[0]) deliveryBytes = bytes / delivered;
			}
		}
	} finally {
		await Entrant.leaveAll(entrants);
	}
	const limit = entrants.find(({ peer }) => peer.isLimit === true)?.windows.map(costOf);
	return entrants.map((entrant) => beside(entrant, limit));
}

/** A peer that could not keep up is a finding, not a failure of the run; only Verbatim has promised otherwise. */
function beside(entrant: Entrant, limit: readonly number[] | undefined): Result {
	const { peer, windows } = entrant;
	const isOurs = peer.durability !== "none";
	const result = entrant.result(isOurs ? "compare" : `compare, ${peer.name}`);
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
