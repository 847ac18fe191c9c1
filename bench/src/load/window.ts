// A window of measurement: one speaker, a steady rate, singly or in bursts, and what became of it. The rate is open-loop: what is late
// is not waited for. The server's processor time is that of the window and of the drain after it.
import type { Audience } from "../peers/peer.ts";
import { machineSeconds, usageOf } from "../proc.ts";
import { Samples } from "./samples.ts";
import type { Swarm } from "./swarm.ts";
import { textOf } from "./text.ts";

export interface Pace {
	/** Messages a second. */
	readonly rate: number;
	readonly seconds: number;
	/** Messages sent together. */
	readonly burst: number;
}

export interface Window {
	readonly delivered: number;
	readonly expected: number;
	/** Sends acknowledged, where the peer does that. */
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
	/** What others on the machine used meanwhile: such a window tells less. */
	readonly otherCpuSeconds: number;
	readonly bytes: number;
	readonly samples: Samples;
	/** How late the generator itself was with its sends. */
	readonly late: Samples;
}

/** Receivers whose latencies are taken, spread evenly. */
const SAMPLED = 100;
const DRAIN_MS = 10_000;
const QUIET_MS = 1_000;

export class Stage {
	readonly audience: Audience;
	private readonly swarm: Swarm;
	private readonly pid: number;
	private said = 0;

	constructor(swarm: Swarm, audience: Audience, pid: number) {
		this.swarm = swarm;
		this.audience = audience;
		this.pid = pid;
	}

	async window({ rate, seconds, burst }: Pace, drainMs = DRAIN_MS): Promise<Window> {
		const { swarm, audience } = this;
		const { crowd, receivers } = audience;
		const samples = this.sample();
		const late = new Samples();
		const messages = Math.max(burst, Math.floor((rate * seconds) / burst) * burst);
		const had = { delivered: crowd.delivered, bytes: crowd.bytes, acked: audience.acked() };
		const expected = messages * receivers.length;
		const generatorBefore = process.cpuUsage();
		const before = usageOf(this.pid);
		const machineBefore = machineSeconds();
		const startMs = performance.now();
		let sent = 0;
		const speak = (): boolean => {
			for (;;) {
				const dueMs = startMs + (sent / rate) * 1_000;
				const nowMs = performance.now();
				if (sent >= messages || nowMs < dueMs) return sent >= messages;
				late.add(nowMs - dueMs);
				const texts = Array.from({ length: burst }, () => textOf(++this.said, performance.now()));
				audience.say(texts);
				sent += burst;
			}
		};
		await swarm.until(speak, seconds * 1_000 + drainMs);
		await swarm.until(() => crowd.delivered - had.delivered >= expected && this.isAcked(had.acked, messages), drainMs);
		const endMs = performance.now();
		const after = usageOf(this.pid);
		const machine = machineSeconds() - machineBefore;
		const own = process.cpuUsage(generatorBefore);
		const generatorCpuSeconds = (own.user + own.system) / 1e6;
		for (const receiver of receivers) receiver.samples = undefined;
		const acked = audience.acked();
		return {
			delivered: crowd.delivered - had.delivered,
			expected,
			acked: acked === undefined ? undefined : acked - (had.acked ?? 0),
			messages,
			seconds: (endMs - startMs) / 1_000,
			cpuSeconds: after.cpuSeconds - before.cpuSeconds,
			kernelSeconds: after.kernelSeconds - before.kernelSeconds,
			mainThreadSeconds: after.mainThreadSeconds - before.mainThreadSeconds,
			generatorCpuSeconds,
			otherCpuSeconds: Math.max(0, machine - (after.cpuSeconds - before.cpuSeconds) - generatorCpuSeconds),
			bytes: crowd.bytes - had.bytes,
			samples,
			late,
		};
	}

	/**
	 * Waits until what a window left over has come after all, so that it is not paid for in somebody else's window. What is lost
	 * does not come: a second without a delivery ends the wait.
	 */
	async settle(window: Window, timeoutMs: number): Promise<void> {
		const { crowd } = this.audience;
		const target = crowd.delivered + window.expected - window.delivered;
		const endMs = performance.now() + timeoutMs;
		for (let had = -1; crowd.delivered > had && performance.now() < endMs; ) {
			had = crowd.delivered;
			if (await this.swarm.until(() => crowd.delivered >= target, QUIET_MS)) return;
		}
	}

	private sample(): Samples {
		const samples = new Samples();
		const { receivers } = this.audience;
		const step = Math.max(1, Math.floor(receivers.length / SAMPLED));
		for (let i = 0; i < receivers.length; i += step) {
			const receiver = receivers[i];
			if (receiver !== undefined) receiver.samples = samples;
		}
		return samples;
	}

	private isAcked(had: number | undefined, messages: number): boolean {
		const acked = this.audience.acked();
		return acked === undefined || acked - (had ?? 0) >= messages;
	}
}
