// S senders over many rooms: durable, acknowledged messages a second with a full window in flight at each, and latency of an
// acknowledgement at a steady rate. Each sender receives the pushes of its own rooms, as every client does.

import { failuresOf } from "../failures.ts";
import type { EpollLoop } from "../load/epoll-loop.ts";
import { DeliveryCounters } from "../load/load-connection.ts";
import { messageText } from "../load/message-text.ts";
import { Samples } from "../load/samples.ts";
import { connectGuests, type Guest, withServer } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";
import { machineSeconds, usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { durabilityOf } from "../server-flags.ts";

export interface IngestOptions {
	readonly senders: number;
	/** In all; each sender has its share, at least one. */
	readonly rooms: number;
	/** Sends in flight per sender, in the saturating part. */
	readonly window: number;
	/** Messages a second, in the steady part. */
	readonly rate: number;
	readonly seconds: number;
	/** Where the server keeps messages: see `Flags`. */
	readonly store: string;
	/** Worker threads of the server. */
	readonly workers: number;
}

const WARM_SECONDS = 1;
const DRAIN_MS = 20_000;

export function ingest(options: IngestOptions): Promise<Result[]> {
	return withServer(async (server, loop) => {
		const load = await IngestLoad.prepare(loop, server.httpPort, options);
		await load.saturate(Math.min(WARM_SECONDS, options.seconds));
		const full = await load.measure(server.pid, () => load.saturate(options.seconds));
		const steady = await load.measure(server.pid, () => load.steady(options.rate, options.seconds));
		return [
			{ ...full, scenario: "ingest" },
			{ ...steady, scenario: `ingest at ${options.rate}/s` },
		].map((result) => ({ ...result, durability: durabilityOf(options.store) }));
	}, options);
}

interface Sender {
	readonly session: Session;
	readonly rooms: readonly string[];
	/** Send times of sends in flight, by command id. */
	readonly sentMs: Map<number, number>;
	/** Whether an acknowledgement triggers the next send. */
	refills: boolean;
	messagesSent: number;
}

export class IngestLoad {
	private readonly loop: EpollLoop;
	private readonly counters: DeliveryCounters;
	private readonly window: number;
	private readonly senders: readonly Sender[];
	private samples = new Samples();
	private acked = 0;
	private messagesSent = 0;

	private constructor(loop: EpollLoop, counters: DeliveryCounters, window: number, senders: readonly Sender[]) {
		this.loop = loop;
		this.counters = counters;
		this.window = window;
		this.senders = senders;
		for (const sender of senders) sender.session.onAcked = (id) => this.takeAck(sender, id);
	}

	static async prepare(loop: EpollLoop, port: number, options: Pick<IngestOptions, "senders" | "rooms" | "window">) {
		const counters = new DeliveryCounters();
		const guests = await connectGuests(loop, { port, counters }, options.senders, "sender");
		const each = Math.max(1, Math.floor(options.rooms / options.senders));
		const join = async ({ session }: Guest, i: number): Promise<Sender> => {
			const rooms = await Promise.all(Array.from({ length: each }, (_, k) => session.join(`in${i}of${k}`)));
			return { session, rooms, sentMs: new Map(), refills: false, messagesSent: 0 };
		};
		const senders = await loop.during(Promise.all(guests.map(join)), "joining");
		return new IngestLoad(loop, counters, options.window, senders);
	}

	/** Keeps every sender's window full for `seconds`, then drains. */
	async saturate(seconds: number): Promise<void> {
		for (const sender of this.senders) {
			sender.refills = true;
			for (let i = 0; i < this.window; i++) this.sendOne(sender);
		}
		await this.loop.run(seconds * 1_000);
		for (const sender of this.senders) sender.refills = false;
		await this.settle();
	}

	/** Open-loop: `rate` sends a second in all, senders in turn. */
	async steady(rate: number, seconds: number): Promise<void> {
		const count = Math.floor(rate * seconds);
		const startMs = performance.now();
		let sent = 0;
		const sendDue = (): boolean => {
			while (sent < count && performance.now() >= startMs + (sent / rate) * 1_000) {
				const sender = this.senders[sent++ % this.senders.length];
				if (sender !== undefined) this.sendOne(sender);
			}
			return sent >= count;
		};
		await this.loop.until(sendDue, seconds * 1_000 + DRAIN_MS);
		await this.settle();
	}

	/** Runs `work` and measures it. */
	async measure(pid: number, work: () => Promise<void>): Promise<Result> {
		this.samples = new Samples();
		const had = { acked: this.acked, messagesSent: this.messagesSent, delivered: this.counters.delivered };
		const ownBefore = process.cpuUsage();
		const before = usageOf(pid);
		const machineBefore = machineSeconds();
		const startMs = performance.now();
		await work();
		const seconds = (performance.now() - startMs) / 1_000;
		const after = usageOf(pid);
		const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
		const machine = machineSeconds() - machineBefore;
		const own = process.cpuUsage(ownBefore);
		const ownSeconds = (own.user + own.system) / 1e6;
		const acked = this.acked - had.acked;
		const messagesSent = this.messagesSent - had.messagesSent;
		const delivered = this.counters.delivered - had.delivered;
		const sessions = this.senders.map(({ session }) => session);
		return {
			scenario: "ingest",
			peer: "Verbatim",
			durability: durabilityOf("sqlite"),
			receivers: this.senders.length,
			delivered,
			expected: messagesSent,
			deliveriesPerSecond: delivered / seconds,
			ackedPerSecond: acked / seconds,
			p50Ms: this.samples.percentile(0.5),
			p99Ms: this.samples.percentile(0.99),
			generatorCores: ownSeconds / seconds,
			failures: [
				...(acked === messagesSent ? [] : [`${messagesSent - acked} of ${messagesSent} sends were not acknowledged`]),
				...failuresOf(this.counters, delivered, messagesSent, sessions),
			],
			more: {
				senders: this.senders.length,
				rooms: this.senders.reduce((sum, { rooms }) => sum + rooms.length, 0),
				cpuUsPerMessage: (cpuSeconds * 1e6) / acked,
				serverCores: cpuSeconds / seconds,
				mainThreadCores: (after.mainThreadSeconds - before.mainThreadSeconds) / seconds,
				otherCores: Math.max(0, machine - cpuSeconds - ownSeconds) / seconds,
				kernelShare: (after.kernelSeconds - before.kernelSeconds) / cpuSeconds,
			},
		};
	}

	private sendOne(sender: Sender): void {
		const room = sender.rooms[sender.messagesSent++ % sender.rooms.length] ?? "";
		const nowMs = performance.now();
		const id = sender.session.send(room, [messageText(++this.messagesSent, nowMs)]);
		sender.sentMs.set(id, nowMs);
	}

	private takeAck(sender: Sender, id: number): void {
		this.acked++;
		const sentMs = sender.sentMs.get(id);
		if (sentMs !== undefined) this.samples.add(performance.now() - sentMs);
		sender.sentMs.delete(id);
		if (sender.refills) this.sendOne(sender);
	}

	/** All acknowledged and delivered, or the time is up. */
	private async settle(): Promise<void> {
		await this.loop.until(() => this.acked >= this.messagesSent && this.counters.delivered >= this.messagesSent, DRAIN_MS);
	}
}
