// For how long those who speak wait for their acknowledgements while something else happens.
import type { Stage } from "./experiment.ts";
import type { Peer } from "./peer.ts";
import { cpuSecondsOf } from "./vitals.ts";

/** Between two sends of all speakers together: each keeps to what one user may say. */
const SAY_EVERY_MS = 25;

/** In ms. */
export interface Waits {
	/** Each of them, rising. */
	readonly waitedMs: readonly number[];
	readonly p50: number;
	readonly p90: number;
	readonly p99: number;
	readonly worst: number;
	/** Of a core, what the server used meanwhile. */
	readonly core: number;
}

export async function waits({ server }: Stage, speakers: readonly Peer[], forMs: number): Promise<Waits> {
	const waitedMs: number[] = [];
	const saying: Promise<void>[] = [];
	const beganMs = performance.now();
	const cpuBefore = cpuSecondsOf(server.pid);
	for (let said = 0; performance.now() - beganMs < forMs; said++) {
		const speaker = speakers[said % speakers.length];
		const saidMs = performance.now();
		if (speaker !== undefined) saying.push(speaker.say(`${said}`).then(() => void waitedMs.push(performance.now() - saidMs)));
		await Bun.sleep(SAY_EVERY_MS);
	}
	await Promise.all(saying);
	const core = ((cpuSecondsOf(server.pid) - cpuBefore) * 1_000) / (performance.now() - beganMs);
	return waitsOf(waitedMs, core);
}

/** Of several times of the same length. */
export function together(all: readonly Waits[]): Waits {
	return waitsOf(
		all.flatMap(({ waitedMs }) => waitedMs),
		all.reduce((sum, { core }) => sum + core, 0) / all.length,
	);
}

function waitsOf(unsorted: readonly number[], core: number): Waits {
	const waitedMs = unsorted.toSorted((a, b) => a - b);
	const at = (share: number) => waitedMs[Math.min(waitedMs.length - 1, Math.floor(waitedMs.length * share))] ?? 0;
	return { waitedMs, p50: at(0.5), p90: at(0.9), p99: at(0.99), worst: at(1), core };
}

export function words({ waitedMs, p50, p90, p99, worst, core }: Waits): string {
	const times = `p50 ${p50.toFixed(1)}, p90 ${p90.toFixed(1)}, p99 ${p99.toFixed(1)}, worst ${worst.toFixed(0)} ms`;
	return `${waitedMs.length} acknowledgements, ${times}, ${core.toFixed(2)} of a core`;
}
