// A peer in a comparison: started, connected to its receivers, warmed up, measured several times. All contenders stay connected, so that
// they can be measured in turn; if this process may not open that many files, each is set up anew for each window.
import { openFilesMax } from "@verbatim/server";
import { failuresOf } from "../failures.ts";
import { EpollLoop } from "../load/epoll-loop.ts";
import { FanoutLoad, type LoadRate, type MeasuredWindow } from "../load/fanout-load.ts";
import type { DeliveryCounters } from "../load/load-connection.ts";
import { Samples } from "../load/samples.ts";
import type { Peer } from "../peers/peer.ts";
import type { Result } from "../result.ts";
import { skipUnavailable } from "../unavailable.ts";

export interface FanoutOptions extends LoadRate {
	readonly receivers: number;
	/** Windows per peer. */
	readonly pairs: number;
	/** Seconds of the same load before the first window: JIT, buffers. */
	readonly warm: number;
}

/** How long a peer that could not keep up may still deliver before the next one is measured. */
const SETTLE_MS = 30_000;
/** Open files of this process besides connections, at most. */
const FILES = 500;

export class Contender {
	readonly windows: MeasuredWindow[] = [];
	/** Name, durability and so on; its process may have been replaced since. */
	readonly peer: Peer;
	private readonly start: () => Promise<Peer>;
	private readonly options: FanoutOptions;
	private readonly drainMs: number;
	private readonly counters: DeliveryCounters[] = [];
	private readonly refusals = new Set<string>();
	private current: { readonly loop: EpollLoop; readonly peer: Peer; readonly load: FanoutLoad } | undefined;

	private constructor(start: () => Promise<Peer>, options: FanoutOptions, drainMs: number, peer: Peer) {
		this.start = start;
		this.options = options;
		this.drainMs = drainMs;
		this.peer = peer;
	}

	/** Starts all available peers, connected if possible. `drainMs`: drain time for a peer that cannot keep up. */
	static async startAll(starts: readonly (() => Promise<Peer>)[], options: FanoutOptions, drainMs: number): Promise<Contender[]> {
		const keepConnected = starts.length * (options.receivers + 1) + FILES <= (openFilesMax() ?? Number.POSITIVE_INFINITY);
		const loop = new EpollLoop();
		const all: Contender[] = [];
		try {
			for (const start of starts) {
				const peer = await start().catch(skipUnavailable);
				if (peer === undefined) continue;
				const contender = new Contender(start, options, drainMs, peer);
				all.push(contender);
				if (keepConnected) await contender.setUp(loop, peer);
				else await peer.stop();
			}
		} catch (error) {
			await Contender.stopAll(all);
			throw error;
		}
		return all;
	}

	static async stopAll(all: readonly Contender[]): Promise<void> {
		for (const contender of all) await contender.stop();
	}

	async measure(): Promise<MeasuredWindow> {
		const keepsConnected = this.current !== undefined;
		const { load } = this.current ?? (await this.setUp(new EpollLoop(), await this.start()));
		const window = await load.window(this.options, this.drainMs);
		this.windows.push(window);
		await load.settle(window, SETTLE_MS);
		for (const refusal of load.room.refusals) this.refusals.add(refusal);
		if (!keepsConnected) await this.stop();
		return window;
	}

	/** All its windows as one result. */
	result(scenario: string): Result {
		const { windows, peer, options } = this;
		const sum = (of: (window: MeasuredWindow) => number): number => windows.reduce((all, window) => all + of(window), 0);
		const delivered = sum((window) => window.delivered);
		const expected = sum((window) => window.expected);
		const seconds = sum((window) => window.seconds);
		const samples = Samples.merge(windows.map((window) => window.samples));
		const isAcked = windows.every((window) => window.acked !== undefined);
		const acked = sum((window) => window.acked ?? 0);
		const said = sum((window) => window.messages);
		const counters = {
			disordered: this.counters.reduce((all, { disordered }) => all + disordered, 0),
			lost: this.counters.reduce((all, { lost }) => all + lost, 0),
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
				...failuresOf(counters, delivered, expected),
				...(isAcked && acked !== said ? [`${said - acked} of ${said} sends were not acknowledged`] : []),
				...this.refusals,
			],
			more: {
				messagesPerSecond: options.rate,
				burst: options.burst,
				warmSeconds: options.warm,
				serverCores: sum((window) => window.cpuSeconds) / seconds,
				mainThreadCores: sum((window) => window.mainThreadSeconds) / seconds,
				kernelShare: sum((window) => window.kernelSeconds) / sum((window) => window.cpuSeconds),
				otherCores: sum((window) => window.otherCpuSeconds) / seconds,
				sendsLateP99Ms: Samples.merge(windows.map((window) => window.late)).percentile(0.99) ?? 0,
			},
		};
	}

	async stop(): Promise<void> {
		const { current } = this;
		this.current = undefined;
		current?.loop.close();
		await (current?.peer ?? this.peer).stop();
	}

	private async setUp(loop: EpollLoop, peer: Peer) {
		const current = { loop, peer, load: new FanoutLoad(loop, await peer.openRoom(loop, this.options.receivers), peer.pid) };
		this.current = current;
		this.counters.push(current.load.room.counters);
		const { warm: seconds } = this.options;
		const warm = await current.load.window({ ...this.options, seconds }, this.drainMs);
		await current.load.settle(warm, SETTLE_MS);
		return current;
	}
}

/** Microseconds of the server's processor for one delivery. */
export function costOf({ cpuSeconds, delivered }: MeasuredWindow): number {
	return (cpuSeconds * 1e6) / delivered;
}
