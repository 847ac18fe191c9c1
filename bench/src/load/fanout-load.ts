// Fan-out load on one room: one sender, a steady open-loop rate, singly or in bursts, measured in windows. The server's processor time
// includes the drain after the window.
import type { BenchRoom } from "../peers/peer.ts";
import { machineSeconds, usageOf } from "../proc.ts";
import type { EpollLoop } from "./epoll-loop.ts";
import { messageText } from "./message-text.ts";
import { Samples } from "./samples.ts";

export interface LoadRate {
	/** Messages a second. */
	readonly rate: number;
	readonly seconds: number;
	/** Messages sent together. */
	readonly burst: number;
}

export interface MeasuredWindow {
	readonly delivered: number;
	readonly expected: number;
	/** Acknowledged sends; undefined for peers without acknowledgements. */
	readonly acked: number | undefined;
	readonly messages: number;
	/** From the first send to the last delivery. */
	readonly seconds: number;
	readonly cpuSeconds: number;
	/** Of these, in the kernel; and of these, on the first thread. */
	readonly kernelSeconds: number;
	readonly mainThreadSeconds: number;
	/** The generator's own, to see whether it was the bottleneck. */
	readonly generatorCpuSeconds: number;
	/** Processor time of other processes meanwhile: the more, the less reliable the window. */
	readonly otherCpuSeconds: number;
	readonly bytes: number;
	readonly samples: Samples;
	/** Delay of the generator's own sends. */
	readonly late: Samples;
}

/** Receivers with latency samples, spread evenly. */
const SAMPLED = 100;
const DRAIN_MS = 10_000;
const QUIET_MS = 1_000;

export class FanoutLoad {
	readonly room: BenchRoom;
	private readonly loop: EpollLoop;
	private readonly pid: number;
	private messagesSent = 0;

	constructor(loop: EpollLoop, room: BenchRoom, pid: number) {
		this.loop = loop;
		this.room = room;
		this.pid = pid;
	}

	async window({ rate, seconds, burst }: LoadRate, drainMs = DRAIN_MS): Promise<MeasuredWindow> {
		const { loop, room } = this;
		const { counters, receivers } = room;
		const samples = this.sample();
		const late = new Samples();
		const messages = Math.max(burst, Math.floor((rate * seconds) / burst) * burst);
		const had = { delivered: counters.delivered, bytes: counters.bytes, acked: room.acked() };
		const expected = messages * receivers.length;
		const generatorBefore = process.cpuUsage();
		const before = usageOf(this.pid);
		const machineBefore = machineSeconds();
		const startMs = performance.now();
		let sent = 0;
		const sendDue = (): boolean => {
			for (;;) {
				const dueMs = startMs + (sent / rate) * 1_000;
				const nowMs = performance.now();
				if (sent >= messages || nowMs < dueMs) return sent >= messages;
				late.add(nowMs - dueMs);
				const texts = Array.from({ length: burst }, () => messageText(++this.messagesSent, performance.now()));
				room.send(texts);
				sent += burst;
			}
		};
		await loop.until(sendDue, seconds * 1_000 + drainMs);
		await loop.until(() => counters.delivered - had.delivered >= expected && this.isAcked(had.acked, messages), drainMs);
		const endMs = performance.now();
		const after = usageOf(this.pid);
		const machine = machineSeconds() - machineBefore;
		const own = process.cpuUsage(generatorBefore);
		const generatorCpuSeconds = (own.user + own.system) / 1e6;
		for (const receiver of receivers) receiver.samples = undefined;
		const acked = room.acked();
		return {
			delivered: counters.delivered - had.delivered,
			expected,
			acked: acked === undefined ? undefined : acked - (had.acked ?? 0),
			messages,
			seconds: (endMs - startMs) / 1_000,
			cpuSeconds: after.cpuSeconds - before.cpuSeconds,
			kernelSeconds: after.kernelSeconds - before.kernelSeconds,
			mainThreadSeconds: after.mainThreadSeconds - before.mainThreadSeconds,
			generatorCpuSeconds,
			otherCpuSeconds: Math.max(0, machine - (after.cpuSeconds - before.cpuSeconds) - generatorCpuSeconds),
			bytes: counters.bytes - had.bytes,
			samples,
			late,
		};
	}

	/**
	 * Waits for the deliveries that a window left over, so that they do not fall into the next window. Ends after a second without a
	 * delivery: the rest is lost.
	 */
	async settle(window: MeasuredWindow, timeoutMs: number): Promise<void> {
		const { counters } = this.room;
		const target = counters.delivered + window.expected - window.delivered;
		const endMs = performance.now() + timeoutMs;
		for (let had = -1; counters.delivered > had && performance.now() < endMs; ) {
			had = counters.delivered;
			if (await this.loop.until(() => counters.delivered >= target, QUIET_MS)) return;
		}
	}

	private sample(): Samples {
		const samples = new Samples();
		const { receivers } = this.room;
		const step = Math.max(1, Math.floor(receivers.length / SAMPLED));
		for (let i = 0; i < receivers.length; i += step) {
			const receiver = receivers[i];
			if (receiver !== undefined) receiver.samples = samples;
		}
		return samples;
	}

	private isAcked(had: number | undefined, messages: number): boolean {
		const acked = this.room.acked();
		return acked === undefined || acked - (had ?? 0) >= messages;
	}
}
