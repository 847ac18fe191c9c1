// Short drops while a room is being spoken in: N clients, each of whom loses its connection several times, is away for a moment and
// comes back with its cursor, at moments of its own, while the messages flow. Others publish this load for their servers (what share
// arrived, and how late); here everything has to arrive, once and in order, and what counts is how late.
import { failuresOf } from "../failures.ts";
import { Crowd } from "../load/connection.ts";
import { Samples } from "../load/samples.ts";
import type { Swarm } from "../load/swarm.ts";
import { textOf } from "../load/text.ts";
import { countersOf, grownBy } from "../metrics.ts";
import { type Guest, guests, joinAll, levelAt, withServer } from "../peers/verbatim.ts";
import { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import { seeded } from "../random.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

export interface JitterOptions {
	readonly receivers: number;
	/** Messages a second. */
	readonly rate: number;
	readonly seconds: number;
	/** How often each client loses its connection, and how long it stays away, ms. */
	readonly drops: number;
	readonly awayMs: number;
}

/** What is on its way when the last message has been said, and whoever is away then. */
const REST_MS = 60_000;
/** Receivers whose latencies are taken: one in so many. */
const SAMPLED_OF = 4;

export function jitter(options: JitterOptions): Promise<Result[]> {
	const { receivers, rate, seconds, drops, awayMs } = options;
	return withServer(async (server, swarm) => {
		const port = server.httpPort;
		const crowd = new Crowd();
		const people = await guests(swarm, { port, crowd }, receivers, "jitter");
		const [speaker] = await guests(swarm, { port, crowd: new Crowd() }, 1, "speaker");
		if (speaker === undefined) throw new Error("nobody speaks");
		const [room = ""] = await joinAll(swarm, [speaker, ...people], () => "jitter");
		await levelAt(swarm, [speaker, ...people], room);

		const samples = new Samples();
		const waits = new Samples();
		const clients = people.map((guest, i) => {
			if (i % SAMPLED_OF === 0) guest.session.connection.samples = samples;
			return new Unsteady(guest, swarm, { port, crowd }, waits);
		});
		const before = usageOf(server.pid);
		const countersBefore = await countersOf(server.ops);
		const startMs = performance.now();
		const timetable = dropTimes(options).map(({ atMs, client }) => ({ atMs: startMs + atMs, client: clients[client] }));
		const messages = Math.floor(rate * seconds);
		let [said, dropped] = [0, 0];
		const step = (): boolean => {
			const nowMs = performance.now();
			while (said < messages && nowMs - startMs >= (said / rate) * 1_000)
				speaker.session.say(room, [textOf(++said, performance.now())]);
			for (; (timetable[dropped]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs; dropped++) timetable[dropped]?.client?.drop(awayMs);
			return said === messages && dropped === timetable.length;
		};
		await swarm.until(step, seconds * 1_000 + REST_MS);
		const expected = messages * receivers;
		await swarm.until(() => crowd.delivered >= expected && clients.every(({ isBack }) => isBack), REST_MS);
		const allMs = performance.now() - startMs;
		const after = usageOf(server.pid);
		// What comes now would be doubled.
		await swarm.run(200);
		const counters = await countersOf(server.ops);
		const failures = clients.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
		return [
			{
				scenario: "jitter",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers,
				delivered: crowd.delivered,
				expected,
				deliveriesPerSecond: crowd.delivered / (allMs / 1_000),
				p50Ms: samples.percentile(0.5),
				p99Ms: samples.percentile(0.99),
				cpuUsPerDelivery: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / crowd.delivered,
				failures: [
					...(speaker.session.acked < messages ? [`${messages - speaker.session.acked} sends were not acknowledged`] : []),
					...new Set(failures),
					...failuresOf(crowd, crowd.delivered, expected, [...clients.map(({ session }) => session), speaker.session]),
				],
				more: {
					messagesPerSecond: rate,
					seconds,
					dropsEach: drops,
					awayMs,
					drops: dropped,
					deliveredPercent: (crowd.delivered / expected) * 100,
					p999Ms: samples.percentile(0.999) ?? 0,
					worstMs: samples.percentile(1) ?? 0,
					backAfterMsP99: waits.percentile(0.99) ?? 0,
					rssMiBBefore: before.rssBytes / 2 ** 20,
					rssMiBAfter: after.rssBytes / 2 ** 20,
					storeReads: grownBy("verbatim_store_reads_total", countersBefore, counters) ?? "not told by the server's metrics",
				},
			},
		];
	});
}

/** A client whose connection breaks, and that comes back with its cursor. */
class Unsteady {
	session: Session;
	isBack = true;
	failure: string | undefined;
	private readonly token: string;
	private readonly swarm: Swarm;
	private readonly options: { readonly port: number; readonly crowd: Crowd };
	private readonly waits: Samples;

	constructor({ session, welcome }: Guest, swarm: Swarm, options: Unsteady["options"], waits: Samples) {
		this.session = session;
		this.token = welcome.welcome?.tokens?.access ?? "";
		this.swarm = swarm;
		this.options = options;
		this.waits = waits;
	}

	/** Loses its connection, and comes back after so long. */
	drop(awayMs: number): void {
		if (!this.isBack) {
			// A drop that was not one would make the figures better than they are.
			this.failure ??= "a client was not back before its next drop";
			return;
		}
		this.isBack = false;
		this.swarm.end(this.session.connection);
		setTimeout(() => {
			this.comeBack().catch((cause: unknown) => {
				this.failure = String(cause);
			});
		}, awayMs);
	}

	private async comeBack(): Promise<void> {
		const cursors = this.session.cursors();
		const { samples, cursors: stands } = this.session.connection;
		const startMs = performance.now();
		const { session } = await Session.open(this.swarm, this.options, { token: this.token, cursors }, (connection) => {
			for (const [room, seq] of stands) connection.cursors.set(room, seq);
			connection.samples = samples;
		});
		this.waits.add(performance.now() - startMs);
		this.session = session;
		this.isBack = true;
	}
}

/**
 * When who drops: each client's drops are spread over the whole time, one in each part of it, at a random moment of that part that
 * leaves it time to come back before the next.
 */
export function dropTimes({
	receivers,
	seconds,
	drops,
	awayMs,
}: JitterOptions): { readonly atMs: number; readonly client: number }[] {
	const random = seeded(1);
	const partMs = (seconds * 1_000) / drops;
	// As long as it is away, and half of that to take what it missed.
	const freeMs = partMs - 1.5 * awayMs;
	if (freeMs <= 0) throw new Error(`${drops} drops of ${awayMs} ms do not fit into ${seconds} s`);
	const times = Array.from({ length: receivers }, (_, client) =>
		Array.from({ length: drops }, (_, part) => ({ atMs: part * partMs + random() * freeMs, client })),
	);
	return times.flat().sort((a, b) => a.atMs - b.atMs);
}
