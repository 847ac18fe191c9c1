// Latency of acknowledgements under a load.
import type { ExperimentContext } from "./experiment.ts";
import type { LoadClient } from "./load-client.ts";
import { cpuSecondsOf } from "./server-monitor.ts";

/** Between two sends of all speakers together: each keeps to what one user may say. */
const SEND_INTERVAL_MS = 25;

/** In ms. */
export interface AckLatency {
	/** Each of them, rising. */
	readonly waitedMs: readonly number[];
	readonly p50: number;
	readonly p90: number;
	readonly p99: number;
	readonly worst: number;
	/** Of a core, what the server used meanwhile. */
	readonly core: number;
}

export async function measureAckLatency(
	{ server }: ExperimentContext,
	senders: readonly LoadClient[],
	forMs: number,
): Promise<AckLatency> {
	const waitedMs: number[] = [];
	const saying: Promise<void>[] = [];
	const beganMs = performance.now();
	const cpuBefore = cpuSecondsOf(server.pid);
	for (let said = 0; performance.now() - beganMs < forMs; said++) {
		const sender = senders[said % senders.length];
		const saidMs = performance.now();
		if (sender !== undefined) saying.push(sender.send(`${said}`).then(() => void waitedMs.push(performance.now() - saidMs)));
		await Bun.sleep(SEND_INTERVAL_MS);
	}
	await Promise.all(saying);
	const core = ((cpuSecondsOf(server.pid) - cpuBefore) * 1_000) / (performance.now() - beganMs);
	return latencyOf(waitedMs, core);
}

/** Of several times of the same length. */
export function mergeLatencies(all: readonly AckLatency[]): AckLatency {
	return latencyOf(
		all.flatMap(({ waitedMs }) => waitedMs),
		all.reduce((sum, { core }) => sum + core, 0) / all.length,
	);
}

function latencyOf(unsorted: readonly number[], core: number): AckLatency {
	const waitedMs = unsorted.toSorted((a, b) => a - b);
	const at = (share: number) => waitedMs[Math.min(waitedMs.length - 1, Math.floor(waitedMs.length * share))] ?? 0;
	return { waitedMs, p50: at(0.5), p90: at(0.9), p99: at(0.99), worst: at(1), core };
}

export function describeLatency({ waitedMs, p50, p90, p99, worst, core }: AckLatency): string {
	const times = `p50 ${p50.toFixed(1)}, p90 ${p90.toFixed(1)}, p99 ${p99.toFixed(1)}, worst ${worst.toFixed(0)} ms`;
	return `${waitedMs.length} acknowledgements, ${times}, ${core.toFixed(2)} of a core`;
}
