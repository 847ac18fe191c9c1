// S senders over many rooms: how many messages a second are made durable and acknowledged when each keeps a window of them under way,
// and how long an acknowledgement takes at a steady rate. Each sender reads its own rooms' pushes too, as every client does.

import { failuresOf } from "../failures.ts";
import { Crowd } from "../load/connection.ts";
import { Samples } from "../load/samples.ts";
import type { Swarm } from "../load/swarm.ts";
import { textOf } from "../load/text.ts";
import { type Guest, guests, withServer } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";
import { machineSeconds, usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

export interface IngestOptions {
	readonly senders: number;
	/** In all; each sender has its share of them, at least one. */
	readonly rooms: number;
	/** Sends that a sender keeps under way, in the saturating part. */
	readonly window: number;
	/** Messages a second, in the steady part. */
	readonly rate: number;
	readonly seconds: number;
}

const WARM_SECONDS = 1;
const DRAIN_MS = 20_000;

export function ingest(options: IngestOptions): Promise<Result[]> {
	return withServer(async (server, swarm) => {
		const load = await IngestLoad.prepare(swarm, server.httpPort, options);
		await load.saturate(Math.min(WARM_SECONDS, options.seconds));
		const full = await load.measure(server.pid, () => load.saturate(options.seconds));
		const steady = await load.measure(server.pid, () => load.steady(options.rate, options.seconds));
		return [
			{ ...full, scenario: "ingest" },
			{ ...steady, scenario: `ingest at ${options.rate}/s` },
		];
	});
}

interface Sender {
	readonly session: Session;
	readonly rooms: readonly string[];
	/** When each send under way was sent, by its command's id. */
	readonly sentMs: Map<number, number>;
	/** Whether an acknowledgement is answered by a further send. */
	refills: boolean;
	said: number;
}

export class IngestLoad {
	private readonly swarm: Swarm;
	private readonly crowd: Crowd;
	private readonly window: number;
	private readonly senders: readonly Sender[];
	private samples = new Samples();
	private acked = 0;
	private said = 0;

	private constructor(swarm: Swarm, crowd: Crowd, window: number, senders: readonly Sender[]) {
		this.swarm = swarm;
		this.crowd = crowd;
		this.window = window;
		this.senders = senders;
		for (const sender of senders) sender.session.onAcked = (id) => this.takeAck(sender, id);
	}

	static async prepare(swarm: Swarm, port: number, options: Pick<IngestOptions, "senders" | "rooms" | "window">) {
		const crowd = new Crowd();
		const people = await guests(swarm, { port, crowd }, options.senders, "sender");
		const each = Math.max(1, Math.floor(options.rooms / options.senders));
		const join = async ({ session }: Guest, i: number): Promise<Sender> => {
			const rooms = await Promise.all(Array.from({ length: each }, (_, k) => session.join(`in${i}of${k}`)));
			return { session, rooms, sentMs: new Map(), refills: false, said: 0 };
		};
		const senders = await swarm.during(Promise.all(people.map(join)), "joining");
		return new IngestLoad(swarm, crowd, options.window, senders);
	}

	/** Every sender keeps its window full for so long; then all is waited for. */
	async saturate(seconds: number): Promise<void> {
		for (const sender of this.senders) {
			sender.refills = true;
			for (let i = 0; i < this.window; i++) this.sayOne(sender);
		}
		await this.swarm.run(seconds * 1_000);
		for (const sender of this.senders) sender.refills = false;
		await this.settle();
	}

	/** So many a second in all, each sender in its turn, whether or not the earlier ones are answered. */
	async steady(rate: number, seconds: number): Promise<void> {
		const count = Math.floor(rate * seconds);
		const startMs = performance.now();
		let sent = 0;
		const speak = (): boolean => {
			while (sent < count && performance.now() >= startMs + (sent / rate) * 1_000) {
				const sender = this.senders[sent++ % this.senders.length];
				if (sender !== undefined) this.sayOne(sender);
			}
			return sent >= count;
		};
		await this.swarm.until(speak, seconds * 1_000 + DRAIN_MS);
		await this.settle();
	}

	/** What a piece of work cost and took. */
	async measure(pid: number, work: () => Promise<void>): Promise<Result> {
		this.samples = new Samples();
		const had = { acked: this.acked, said: this.said, delivered: this.crowd.delivered };
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
		const said = this.said - had.said;
		const delivered = this.crowd.delivered - had.delivered;
		const sessions = this.senders.map(({ session }) => session);
		return {
			scenario: "ingest",
			peer: "Verbatim",
			durability: DURABILITY,
			receivers: this.senders.length,
			delivered,
			expected: said,
			deliveriesPerSecond: delivered / seconds,
			ackedPerSecond: acked / seconds,
			p50Ms: this.samples.percentile(0.5),
			p99Ms: this.samples.percentile(0.99),
			generatorCores: ownSeconds / seconds,
			failures: [
				...(acked === said ? [] : [`${said - acked} of ${said} sends were not acknowledged`]),
				...failuresOf(this.crowd, delivered, said, sessions),
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

	private sayOne(sender: Sender): void {
		const room = sender.rooms[sender.said++ % sender.rooms.length] ?? "";
		const nowMs = performance.now();
		const id = sender.session.say(room, [textOf(++this.said, nowMs)]);
		sender.sentMs.set(id, nowMs);
	}

	private takeAck(sender: Sender, id: number): void {
		this.acked++;
		const sentMs = sender.sentMs.get(id);
		if (sentMs !== undefined) this.samples.add(performance.now() - sentMs);
		sender.sentMs.delete(id);
		if (sender.refills) this.sayOne(sender);
	}

	/** All acknowledged and delivered, or the time is up. */
	private async settle(): Promise<void> {
		await this.swarm.until(() => this.acked >= this.said && this.crowd.delivered >= this.said, DRAIN_MS);
	}
}
