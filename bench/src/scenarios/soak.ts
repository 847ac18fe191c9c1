// The server's memory over a long run of short visits: guests connect, join a room, send five lines and disconnect. After its caches are
// full, a visit must not leave anything in memory.
import { failuresOf } from "../failures.ts";
import type { EpollLoop } from "../load/epoll-loop.ts";
import { DeliveryCounters } from "../load/load-connection.ts";
import { messageText } from "../load/message-text.ts";
import { Schedule } from "../load/schedule.ts";
import { withServer } from "../peers/verbatim.ts";
import { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";
import { readMetrics } from "../server-metrics.ts";

export interface SoakOptions {
	/** Visits a second. */
	readonly rate: number;
	readonly minutes: number;
	/** Rooms that they are spread over. */
	readonly rooms: number;
}

const LINES_EACH = 5;
/** Samples of the server's memory over the run; the median of each quarter is reported. */
const MEMORY_SAMPLES = 40;
const LAST_ONES_MS = 30_000;

interface MemorySample {
	readonly visits: number;
	readonly rssBytes: number;
}

export function soak(options: SoakOptions): Promise<Result[]> {
	return withServer(async (server, loop) => {
		const visits = new GuestVisits(loop, server.httpPort, options.rooms);
		const memorySamples: MemorySample[] = [];
		const sampleMemory = (): void => void memorySamples.push({ visits: visits.finished, rssBytes: usageOf(server.pid).rssBytes });
		const lastsMs = options.minutes * 60_000;
		const schedule = new Schedule(options.rate, (i) => visits.start(i));
		const startMs = performance.now();
		await loop.until(() => {
			const nowMs = performance.now() - startMs;
			if (nowMs >= lastsMs) return true;
			schedule.run();
			if (nowMs >= (memorySamples.length * lastsMs) / MEMORY_SAMPLES) sampleMemory();
			return false;
		}, lastsMs * 2);
		const hasEnded = await loop.until(() => visits.active === 0, LAST_ONES_MS);
		const usage = usageOf(server.pid);
		const metrics = await readMetrics(server.ops);
		const quarters = [0, 1, 2, 3].map((i) =>
			mebibytes(memorySamples.slice((i * MEMORY_SAMPLES) / 4, ((i + 1) * MEMORY_SAMPLES) / 4)),
		);
		const [middle, last] = [memorySamples[MEMORY_SAMPLES / 2], memorySamples.at(-1)];
		return [
			{
				scenario: "soak",
				peer: "Verbatim",
				durability: DURABILITY,
				failures: [
					...(hasEnded ? [] : [`${visits.active} visits did not end`]),
					...new Set(visits.failures),
					...failuresOf(visits.counters, 0, 0),
				],
				more: {
					visits: visits.finished,
					visitsPerSecond: options.rate,
					minutes: options.minutes,
					rooms: options.rooms,
					linesSaid: visits.acked,
					rssMiBByQuarter: quarters,
					plateauRatio: (quarters[3] ?? Number.NaN) / (quarters[2] ?? Number.NaN),
					rssBytesPerVisit:
						middle === undefined || last === undefined
							? Number.NaN
							: (last.rssBytes - middle.rssBytes) / Math.max(1, last.visits - middle.visits),
					rssMiB: usage.rssBytes / 2 ** 20,
					roomsInMemory: metrics.get("verbatim_rooms_live") ?? "not told by the server's metrics",
				},
			},
		];
	});
}

/** Median resident memory, MiB. */
function mebibytes(memorySamples: readonly MemorySample[]): number {
	const sorted = memorySamples.map(({ rssBytes }) => rssBytes).sort((a, b) => a - b);
	return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN) / 2 ** 20;
}

class GuestVisits {
	/** Visits in progress, and finished ones. */
	active = 0;
	finished = 0;
	acked = 0;
	readonly counters = new DeliveryCounters();
	readonly failures: string[] = [];
	private readonly loop: EpollLoop;
	private readonly port: number;
	private readonly rooms: number;

	constructor(loop: EpollLoop, port: number, rooms: number) {
		this.loop = loop;
		this.port = port;
		this.rooms = rooms;
	}

	start(number: number): void {
		this.active++;
		this.visit(number)
			.catch((cause: unknown) => void this.failures.push(String(cause)))
			.finally(() => {
				this.active--;
				this.finished++;
			});
	}

	private async visit(number: number): Promise<void> {
		const options = { port: this.port, counters: this.counters };
		const { session } = await Session.open(this.loop, options, { guest: { name: `visitor${number}` } });
		const room = await session.join(`soak${number % this.rooms}`);
		const lines = Array.from({ length: LINES_EACH }, (_, i) => messageText(i + 1, performance.now()));
		const acked = Promise.withResolvers<void>();
		session.onAcked = () => {
			this.acked++;
			if (session.acked === lines.length) acked.resolve();
		};
		session.send(room, lines);
		await acked.promise;
		this.failures.push(...session.errors);
		this.loop.end(session.connection, false);
	}
}
