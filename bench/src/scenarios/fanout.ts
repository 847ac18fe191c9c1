// One room, N receivers, R messages a second of 100 bytes, singly or in bursts: what does a delivery cost the server, beside the C relay
// in the same run? Both stand ready with their receivers and are measured in turn, A B A B: whatever changes on the machine meanwhile
// changes for both, and the ratio is taken pair by pair.
import { unlessAbsent } from "../absent.ts";
import { Samples } from "../load/samples.ts";
import { Swarm } from "../load/swarm.ts";
import { type Pace, Stage, type Window } from "../load/window.ts";
import { median } from "../median.ts";
import type { Peer } from "../peers/peer.ts";
import { startRelay } from "../peers/relay.ts";
import { startVerbatim } from "../peers/verbatim.ts";
import type { Result } from "../result.ts";

export interface FanoutOptions extends Pace {
	readonly receivers: number;
	/** How often each is measured. */
	readonly pairs: number;
}

/** Traffic before the first window, so that code is compiled and buffers have grown. */
const WARM_SECONDS = 1;
/** The size of a delivery that the relay is warmed up with, before the real one is known. */
const WARM_BYTES = 300;

export async function fanout(options: FanoutOptions): Promise<Result[]> {
	const swarm = new Swarm();
	const peers: Peer[] = [];
	try {
		const verbatim = await startVerbatim();
		peers.push(verbatim);
		const relay = await startRelay(WARM_BYTES).catch(unlessAbsent);
		if (relay !== undefined) peers.push(relay);
		const stages: Stage[] = [];
		for (const peer of peers) stages.push(new Stage(swarm, await peer.audience(swarm, options.receivers), peer.pid));
		const windows: Window[][] = peers.map(() => []);
		for (const stage of stages) await stage.window({ ...options, seconds: Math.min(WARM_SECONDS, options.seconds) });
		for (let pair = 0; pair < options.pairs; pair++) {
			for (const [i, stage] of stages.entries()) {
				const window = await stage.window(options);
				windows[i]?.push(window);
				if (i === 0 && relay !== undefined) relay.deliveryBytes = window.bytes / window.delivered;
			}
		}
		const results = peers.map((peer, i) => resultOf(options, peer, stages[i], windows[i] ?? []));
		const [ours, limit] = windows;
		const [first, beside] = results;
		if (first === undefined || beside === undefined || ours === undefined || limit === undefined) return results;
		const { ratios, ...figures } = besideLimit(ours, limit, beside);
		return [
			{ ...first, ...figures, more: { ...first.more, ratios } },
			{ ...beside, scenario: `fanout, ${beside.peer}` },
		];
	} finally {
		swarm.close();
		for (const peer of peers) await peer.stop();
	}
}

export function resultOf(options: FanoutOptions, peer: Peer, stage: Stage | undefined, windows: readonly Window[]): Result {
	const sum = (of: (window: Window) => number): number => windows.reduce((all, window) => all + of(window), 0);
	const delivered = sum((window) => window.delivered);
	const expected = sum((window) => window.expected);
	const seconds = sum((window) => window.seconds);
	const samples = Samples.merge(windows.map((window) => window.samples));
	const late = Samples.merge(windows.map((window) => window.late));
	const crowd = stage?.audience.crowd;
	const failures = [
		...(delivered === expected ? [] : [`${expected - delivered} of ${expected} deliveries were missing`]),
		...((crowd?.disordered ?? 0) === 0 ? [] : [`${crowd?.disordered} deliveries did not follow the one before`]),
		...((crowd?.lost ?? 0) === 0 ? [] : [`${crowd?.lost} connections were lost`]),
		...new Set(stage?.audience.refusals),
	];
	const acked = windows[0]?.acked === undefined ? undefined : sum((window) => window.acked ?? 0);
	return {
		scenario: "fanout",
		peer: peer.name,
		durability: peer.durability,
		receivers: options.receivers,
		delivered,
		expected,
		deliveriesPerSecond: delivered / seconds,
		...(acked === undefined ? {} : { ackedPerSecond: acked / seconds }),
		p50Ms: samples.percentile(0.5),
		p99Ms: samples.percentile(0.99),
		cpuUsPerDelivery: (sum((window) => window.cpuSeconds) * 1e6) / delivered,
		bytesPerDelivery: sum((window) => window.bytes) / delivered,
		generatorCores: sum((window) => window.generatorCpuSeconds) / seconds,
		failures,
		more: {
			messagesPerSecond: options.rate,
			burst: options.burst,
			serverCores: sum((window) => window.cpuSeconds) / seconds,
			sendsLateP99Ms: late.percentile(0.99) ?? 0,
		},
	};
}

/** Microseconds of the server's processor for one delivery. */
export function costOf({ cpuSeconds, delivered }: Window): number {
	return (cpuSeconds * 1e6) / delivered;
}

/** The relay's figures, and how many times its cost ours is, pair by pair. */
function besideLimit(ours: readonly Window[], limit: readonly Window[], relay: Result) {
	const limits = limit.map(costOf);
	const ratios = ours.map((window, pair) => costOf(window) / (limits[pair] ?? Number.NaN));
	return {
		limitCpuUsPerDelivery: median(limits) ?? Number.NaN,
		ratioToLimit: median(ratios) ?? Number.NaN,
		limitP50Ms: relay.p50Ms,
		limitP99Ms: relay.p99Ms,
		ratios,
	};
}
