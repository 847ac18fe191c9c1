// A peer in a comparison: started, given its receivers, warmed up, measured again and again. All stand ready together, so that they can be
// measured in turn without a pause; where this process may not have so many connections open, each is set up anew for its window.
import { openFilesMax } from "@verbatim/server";
import { unlessAbsent } from "../absent.ts";
import { failuresOf } from "../failures.ts";
import type { Crowd } from "../load/connection.ts";
import { Samples } from "../load/samples.ts";
import { Swarm } from "../load/swarm.ts";
import { type Pace, Stage, type Window } from "../load/window.ts";
import type { Peer } from "../peers/peer.ts";
import type { Result } from "../result.ts";

export interface FanoutOptions extends Pace {
	readonly receivers: number;
	/** How often each is measured. */
	readonly pairs: number;
}

/** Traffic before a first window, so that code is compiled and buffers have grown. */
const WARM_SECONDS = 1;
/** How long one that could not keep up may go on before the next is measured beside it. */
const SETTLE_MS = 30_000;
/** Files that this process has open beside its connections, generously. */
const FILES = 500;

export class Entrant {
	readonly windows: Window[] = [];
	/** Name, durability and so on; its process may have been replaced by another of its kind. */
	readonly peer: Peer;
	private readonly start: () => Promise<Peer>;
	private readonly options: FanoutOptions;
	private readonly drainMs: number;
	private readonly crowds: Crowd[] = [];
	private readonly refusals = new Set<string>();
	private standing: { readonly swarm: Swarm; readonly peer: Peer; readonly stage: Stage } | undefined;

	private constructor(start: () => Promise<Peer>, options: FanoutOptions, drainMs: number, peer: Peer) {
		this.start = start;
		this.options = options;
		this.drainMs = drainMs;
		this.peer = peer;
	}

	/** All that are here, standing ready if that is possible. `drainMs`: how long one that cannot keep up is waited for. */
	static async enterAll(starts: readonly (() => Promise<Peer>)[], options: FanoutOptions, drainMs: number): Promise<Entrant[]> {
		const stay = starts.length * (options.receivers + 1) + FILES <= (openFilesMax() ?? Number.POSITIVE_INFINITY);
		const swarm = new Swarm();
		const all: Entrant[] = [];
		try {
			for (const start of starts) {
				const peer = await start().catch(unlessAbsent);
				if (peer === undefined) continue;
				const entrant = new Entrant(start, options, drainMs, peer);
				all.push(entrant);
				if (stay) await entrant.stand(swarm, peer);
				else await peer.stop();
			}
		} catch (error) {
			await Entrant.leaveAll(all);
			throw error;
		}
		return all;
	}

	static async leaveAll(all: readonly Entrant[]): Promise<void> {
		for (const entrant of all) await entrant.leave();
	}

	async measure(): Promise<Window> {
		const stays = this.standing !== undefined;
		const { stage } = this.standing ?? (await this.stand(new Swarm(), await this.start()));
		const window = await stage.window(this.options, this.drainMs);
		this.windows.push(window);
		await stage.settle(window, SETTLE_MS);
		for (const refusal of stage.audience.refusals) this.refusals.add(refusal);
		if (!stays) await this.leave();
		return window;
	}

	/** All its windows as one result. */
	result(scenario: string): Result {
		const { windows, peer, options } = this;
		const sum = (of: (window: Window) => number): number => windows.reduce((all, window) => all + of(window), 0);
		const delivered = sum((window) => window.delivered);
		const expected = sum((window) => window.expected);
		const seconds = sum((window) => window.seconds);
		const samples = Samples.merge(windows.map((window) => window.samples));
		const isAcked = windows.every((window) => window.acked !== undefined);
		const acked = sum((window) => window.acked ?? 0);
		const said = sum((window) => window.messages);
		const crowd = {
			disordered: this.crowds.reduce((all, { disordered }) => all + disordered, 0),
			lost: this.crowds.reduce((all, { lost }) => all + lost, 0),
		};
		return {
			scenario,
			peer: peer.name,
			durability: peer.durability,
			receivers: options.receivers,
			delivered,
			expected,
			deliveriesPerSecond: delivered / seconds,
			...(isAcked ? { ackedPerSecond: acked / seconds } : {}),
			p50Ms: samples.percentile(0.5),
			p99Ms: samples.percentile(0.99),
			cpuUsPerDelivery: (sum((window) => window.cpuSeconds) * 1e6) / delivered,
			bytesPerDelivery: sum((window) => window.bytes) / delivered,
			generatorCores: sum((window) => window.generatorCpuSeconds) / seconds,
			failures: [
				...failuresOf(crowd, delivered, expected),
				...(isAcked && acked !== said ? [`${said - acked} of ${said} sends were not acknowledged`] : []),
				...this.refusals,
			],
			more: {
				messagesPerSecond: options.rate,
				burst: options.burst,
				serverCores: sum((window) => window.cpuSeconds) / seconds,
				mainThreadCores: sum((window) => window.mainThreadSeconds) / seconds,
				kernelShare: sum((window) => window.kernelSeconds) / sum((window) => window.cpuSeconds),
				otherCores: sum((window) => window.otherCpuSeconds) / seconds,
				sendsLateP99Ms: Samples.merge(windows.map((window) => window.late)).percentile(0.99) ?? 0,
			},
		};
	}

	async leave(): Promise<void> {
		const { standing } = this;
		this.standing = undefined;
		standing?.swarm.close();
		await (standing?.peer ?? this.peer).stop();
	}

	private async stand(swarm: Swarm, peer: Peer) {
		const standing = { swarm, peer, stage: new Stage(swarm, await peer.audience(swarm, this.options.receivers), peer.pid) };
		this.standing = standing;
		this.crowds.push(standing.stage.audience.crowd);
		const { seconds } = this.options;
		const warm = await standing.stage.window({ ...this.options, seconds: Math.min(WARM_SECONDS, seconds) }, this.drainMs);
		await standing.stage.settle(warm, SETTLE_MS);
		return standing;
	}
}

/** Microseconds of the server's processor for one delivery. */
export function costOf({ cpuSeconds, delivered }: Window): number {
	return (cpuSeconds * 1e6) / delivered;
}
