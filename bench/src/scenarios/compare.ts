// The same work for everybody, in the same run: one room, the same receivers, the same messages. Each peer is started, measured and ended
// in turn, and again, so that what changes on the machine meanwhile meets all alike; ratios to the C relay are taken round by round.
// Verbatim goes first in each round, since the relay's messages are made as long as its pushes.
import { unlessAbsent } from "../absent.ts";
import { Swarm } from "../load/swarm.ts";
import { Stage, type Window } from "../load/window.ts";
import { median } from "../median.ts";
import { startNats } from "../peers/nats.ts";
import { startNgircd } from "../peers/ngircd.ts";
import { startSocketIo, startWs } from "../peers/node-peers.ts";
import type { Peer } from "../peers/peer.ts";
import { type Relay, startRelay } from "../peers/relay.ts";
import { startVerbatim } from "../peers/verbatim.ts";
import type { Result } from "../result.ts";
import { costOf, type FanoutOptions, resultOf } from "./fanout.ts";

const WARM_SECONDS = 1;
const WARM_BYTES = 300;
/** How long a peer that cannot keep up is waited for. */
const DRAIN_MS = 3_000;

interface Entrant {
	readonly peer: Peer;
	readonly stage: Stage;
	readonly windows: Window[];
}

export async function compare(options: FanoutOptions): Promise<Result[]> {
	const swarm = new Swarm();
	const peers: Peer[] = [];
	try {
		let relay: Relay | undefined;
		const starts = [
			startVerbatim,
			async () => {
				relay = await startRelay(WARM_BYTES);
				return relay;
			},
			startNats,
			startNgircd,
			startWs,
			startSocketIo,
		];
		const entrants: Entrant[] = [];
		for (const start of starts) {
			const peer = await start().catch(unlessAbsent);
			if (peer === undefined) continue;
			peers.push(peer);
			const stage = new Stage(swarm, await peer.audience(swarm, options.receivers), peer.pid);
			await stage.window({ ...options, seconds: Math.min(WARM_SECONDS, options.seconds) }, DRAIN_MS);
			entrants.push({ peer, stage, windows: [] });
			console.error(`${peer.name} is ready`);
		}
		for (let round = 0; round < options.pairs; round++) {
			for (const { peer, stage, windows } of entrants) {
				const window = await stage.window(options, DRAIN_MS);
				windows.push(window);
				if (peer === peers[0] && relay !== undefined) relay.deliveryBytes = window.bytes / window.delivered;
			}
		}
		const limit = entrants.find(({ peer }) => peer === relay)?.windows.map(costOf);
		return entrants.map((entrant) => beside(resultOf(options, entrant.peer, entrant.stage, entrant.windows), entrant, limit));
	} finally {
		swarm.close();
		for (const peer of peers) await peer.stop();
	}
}

/** A peer that could not keep up is a finding, not a failure of the run; only Verbatim has promised otherwise. */
function beside(result: Result, { peer, windows }: Entrant, limit: readonly number[] | undefined): Result {
	const isOurs = peer.durability !== "none";
	const ratio = limit === undefined ? undefined : median(windows.map((window, i) => costOf(window) / (limit[i] ?? Number.NaN)));
	return {
		...result,
		scenario: isOurs ? "compare" : `compare, ${peer.name}`,
		...(ratio === undefined || limit === undefined
			? {}
			: { limitCpuUsPerDelivery: median(limit) ?? Number.NaN, ratioToLimit: ratio }),
		failures: isOurs ? result.failures : [],
		more: {
			...result.more,
			...(peer.doesNot === "" ? {} : { doesNot: peer.doesNot }),
			...(isOurs || result.failures.length === 0 ? {} : { couldNotKeepUp: result.failures.join("; ") }),
		},
	};
}
