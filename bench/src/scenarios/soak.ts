// Guests who come, join a room, say five lines and go, for a long time: what does the server's memory do? Its caches fill at first;
// after that, one more visit must cost nothing that stays.
import { failuresOf } from "../failures.ts";
import { Crowd } from "../load/connection.ts";
import { Schedule } from "../load/schedule.ts";
import type { Swarm } from "../load/swarm.ts";
import { textOf } from "../load/text.ts";
import { countersOf } from "../metrics.ts";
import { withServer } from "../peers/verbatim.ts";
import { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

export interface SoakOptions {
	/** Visits a second. */
	readonly rate: number;
	readonly minutes: number;
	/** Rooms they are spread over. */
	readonly rooms: number;
}

const LINES_EACH = 5;
/** Looks at the server's memory, spread evenly over the run; a quarter of them make a figure. */
const LOOKS = 40;
const LAST_ONES_MS = 30_000;

interface Look {
	readonly visits: number;
	readonly rssBytes: number;
}

export function soak(options: SoakOptions): Promise<Result[]> {
	return withServer(async (server, swarm) => {
		const visitors = new Visitors(swarm, server.httpPort, options.rooms);
		const looks: Look[] = [];
		const look = (): void => void looks.push({ visits: visitors.gone, rssBytes: usageOf(server.pid).rssBytes });
		const lastsMs = options.minutes * 60_000;
		const schedule = new Schedule(options.rate, (i) => visitors.come(i));
		const startMs = performance.now();
		await swarm.until(() => {
			const nowMs = performance.now() - startMs;
			if (nowMs >= lastsMs) return true;
			schedule.run();
			if (nowMs >= (looks.length * lastsMs) / LOOKS) look();
			return false;
		}, lastsMs * 2);
		const hasEnded = await swarm.until(() => visitors.here === 0, LAST_ONES_MS);
		const usage = usageOf(server.pid);
		const counters = await countersOf(server.ops);
		const quarters = [0, 1, 2, 3].map((i) => mebibytes(looks.slice((i * LOOKS) / 4, ((i + 1) * LOOKS) / 4)));
		const [middle, last] = [looks[LOOKS / 2], looks.at(-1)];
		return [
			{
				scenario: "soak",
				peer: "Verbatim",
				durability: DURABILITY,
				failures: [
					...(hasEnded ? [] : [`${visitors.here} visits did not end`]),
					...new Set(visitors.failures),
					...failuresOf(visitors.crowd, 0, 0),
				],
				more: {
					visits: visitors.gone,
					visitsPerSecond: options.rate,
					minutes: options.minutes,
					rooms: options.rooms,
					linesSaid: visitors.acked,
					rssMiBByQuarter: quarters,
					plateauRatio: (quarters[3] ?? Number.NaN) / (quarters[2] ?? Number.NaN),
					rssBytesPerVisit:
						middle === undefined || last === undefined
							? Number.NaN
							: (last.rssBytes - middle.rssBytes) / Math.max(1, last.visits - middle.visits),
					rssMiB: usage.rssBytes / 2 ** 20,
					roomsInMemory: counters.get("verbatim_rooms_live") ?? "not told by the server's metrics",
				},
			},
		];
	});
}

/** Median resident memory of some looks, MiB. */
function mebibytes(looks: readonly Look[]): number {
	const sorted = looks.map(({ rssBytes }) => rssBytes).sort((a, b) => a - b);
	return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN) / 2 ** 20;
}

class Visitors {
	/** Visits under way, and those that are over. */
	here = 0;
	gone = 0;
	acked = 0;
	readonly crowd = new Crowd();
	readonly failures: string[] = [];
	private readonly swarm: Swarm;
	private readonly port: number;
	private readonly rooms: number;

	constructor(swarm: Swarm, port: number, rooms: number) {
		this.swarm = swarm;
		this.port = port;
		this.rooms = rooms;
	}

	come(number: number): void {
		this.here++;
		this.visit(number)
			.catch((cause: unknown) => void this.failures.push(String(cause)))
			.finally(() => {
				this.here--;
				this.gone++;
			});
	}

	private async visit(number: number): Promise<void> {
		const options = { port: this.port, crowd: this.crowd };
		const { session } = await Session.open(this.swarm, options, { guest: { name: `visitor${number}` } });
		const room = await session.join(`soak${number % this.rooms}`);
		const lines = Array.from({ length: LINES_EACH }, (_, i) => textOf(i + 1, performance.now()));
		const acked = Promise.withResolvers<void>();
		session.onAcked = () => {
			this.acked++;
			if (session.acked === lines.length) acked.resolve();
		};
		session.say(room, lines);
		await acked.promise;
		this.failures.push(...session.complaints);
		this.swarm.end(session.connection, false);
	}
}
