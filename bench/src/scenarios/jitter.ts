// Short disconnections under load: each of N clients loses its connection several times, at random times, and resumes with its cursor.
// Everything must be delivered, once and in order; the measure is latency. (Others publish the share of messages delivered under this
// load.)
import { failuresOf } from "../failures.ts";
import type { EpollLoop } from "../load/epoll-loop.ts";
import { DeliveryCounters } from "../load/load-connection.ts";
import { messageText } from "../load/message-text.ts";
import { Samples } from "../load/samples.ts";
import { seeded } from "../math.ts";
import { connectGuests, type Guest, joinAll, waitUntilConverged, withServer } from "../peers/verbatim.ts";
import { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";
import { metricIncrease, readMetrics } from "../server-metrics.ts";

export interface JitterOptions {
	readonly receivers: number;
	/** Messages a second. */
	readonly rate: number;
	readonly seconds: number;
	/** Disconnections per client, and their duration, ms. */
	readonly drops: number;
	readonly awayMs: number;
}

/** Drain time after the last send, reconnections included. */
const REST_MS = 60_000;
/** One receiver in this many has latency samples. */
const SAMPLED_OF = 4;

export function jitter(options: JitterOptions): Promise<Result[]> {
	const { receivers, rate, seconds, drops, awayMs } = options;
	return withServer(async (server, loop) => {
		const port = server.httpPort;
		const counters = new DeliveryCounters();
		const guests = await connectGuests(loop, { port, counters }, receivers, "jitter");
		const [sender] = await connectGuests(loop, { port, counters: new DeliveryCounters() }, 1, "speaker");
		if (sender === undefined) throw new Error("no sender connected");
		const [room = ""] = await joinAll(loop, [sender, ...guests], () => "jitter");
		await waitUntilConverged(loop, [sender, ...guests], room);

		const samples = new Samples();
		const welcomeMs = new Samples();
		const clients = guests.map((guest, i) => {
			if (i % SAMPLED_OF === 0) guest.session.connection.samples = samples;
			return new FlappingClient(guest, loop, { port, counters }, welcomeMs);
		});
		const before = usageOf(server.pid);
		const metricsBefore = await readMetrics(server.ops);
		const startMs = performance.now();
		const timetable = dropTimes(options).map(({ atMs, client }) => ({ atMs: startMs + atMs, client: clients[client] }));
		const messages = Math.floor(rate * seconds);
		let [messagesSent, dropped] = [0, 0];
		const step = (): boolean => {
			const nowMs = performance.now();
			while (messagesSent < messages && nowMs - startMs >= (messagesSent / rate) * 1_000)
				sender.session.send(room, [messageText(++messagesSent, performance.now())]);
			for (; (timetable[dropped]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs; dropped++) timetable[dropped]?.client?.drop(awayMs);
			return messagesSent === messages && dropped === timetable.length;
		};
		await loop.until(step, seconds * 1_000 + REST_MS);
		const expected = messages * receivers;
		await loop.until(() => counters.delivered >= expected && clients.every(({ isBack }) => isBack), REST_MS);
		const allMs = performance.now() - startMs;
		const after = usageOf(server.pid);
		// Anything that arrives now is a duplicate.
		await loop.run(200);
		const metrics = await readMetrics(server.ops);
		const failures = clients.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
		return [
			{
				scenario: "jitter",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers,
				delivered: counters.delivered,
				expected,
				deliveriesPerSecond: counters.delivered / (allMs / 1_000),
				p50Ms: samples.percentile(0.5),
				p99Ms: samples.percentile(0.99),
				cpuUsPerDelivery: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / counters.delivered,
				failures: [
					...(sender.session.acked < messages ? [`${messages - sender.session.acked} sends were not acknowledged`] : []),
					...new Set(failures),
					...failuresOf(counters, counters.delivered, expected, [...clients.map(({ session }) => session), sender.session]),
				],
				more: {
					messagesPerSecond: rate,
					seconds,
					dropsEach: drops,
					awayMs,
					drops: dropped,
					deliveredPercent: (counters.delivered / expected) * 100,
					p999Ms: samples.percentile(0.999) ?? 0,
					worstMs: samples.percentile(1) ?? 0,
					backAfterMsP99: welcomeMs.percentile(0.99) ?? 0,
					rssMiBBefore: before.rssBytes / 2 ** 20,
					rssMiBAfter: after.rssBytes / 2 ** 20,
					storeReads: metricIncrease("verbatim_store_reads_total", metricsBefore, metrics) ?? "not told by the server's metrics",
				},
			},
		];
	});
}

/** A client that loses its connection again and again, and resumes with its cursor. */
class FlappingClient {
	session: Session;
	isBack = true;
	failure: string | undefined;
	private readonly token: string;
	private readonly loop: EpollLoop;
	private readonly options: { readonly port: number; readonly counters: DeliveryCounters };
	private readonly welcomeMs: Samples;

	constructor({ session, welcome }: Guest, loop: EpollLoop, options: FlappingClient["options"], welcomeMs: Samples) {
		this.session = session;
		this.token = welcome.welcome?.tokens?.access ?? "";
		this.loop = loop;
		this.options = options;
		this.welcomeMs = welcomeMs;
	}

	/** Disconnects, and reconnects after `awayMs`. */
	drop(awayMs: number): void {
		if (!this.isBack) {
			// A skipped drop would make the figures look better.
			this.failure ??= "a client was not back before its next drop";
			return;
		}
		this.isBack = false;
		this.loop.end(this.session.connection);
		setTimeout(() => {
			this.reconnect().catch((cause: unknown) => {
				this.failure = String(cause);
			});
		}, awayMs);
	}

	private async reconnect(): Promise<void> {
		const cursors = this.session.cursors();
		const { samples, cursors: stands } = this.session.connection;
		const startMs = performance.now();
		const { session } = await Session.open(this.loop, this.options, { token: this.token, cursors }, (connection) => {
			for (const [room, seq] of stands) connection.cursors.set(room, seq);
			connection.samples = samples;
		});
		this.welcomeMs.add(performance.now() - startMs);
		this.session = session;
		this.isBack = true;
	}
}

/**
 * Drop times by client: one in each of `drops` equal parts of the run, at a random time that leaves room to reconnect before the next
 * part.
 */
export function dropTimes({
	receivers,
	seconds,
	drops,
	awayMs,
}: JitterOptions): { readonly atMs: number; readonly client: number }[] {
	const random = seeded(1);
	const partMs = (seconds * 1_000) / drops;
	// The disconnection, and half of that for the catch-up.
	const freeMs = partMs - 1.5 * awayMs;
	if (freeMs <= 0) throw new Error(`${drops} drops of ${awayMs} ms do not fit into ${seconds} s`);
	const times = Array.from({ length: receivers }, (_, client) =>
		Array.from({ length: drops }, (_, part) => ({ atMs: part * partMs + random() * freeMs, client })),
	);
	return times.flat().sort((a, b) => a.atMs - b.atMs);
}
