// Latency of history pages in a room of a million messages. Each reader requests one page at a time, at random positions.
import { DeliveryCounters } from "../load/load-connection.ts";
import { Samples } from "../load/samples.ts";
import { seeded } from "../math.ts";
import type { Guest } from "../peers/verbatim.ts";
import { connectGuests, joinAll, withServer } from "../peers/verbatim.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";
import { STORED_ROOM, withStored } from "../stored.ts";

export interface HistoryOptions {
	readonly stored: number;
	/** Readers that ask at the same time. */
	readonly receivers: number;
	readonly seconds: number;
}

/** Entries of a page: what a client asks for by default. */
const PAGE = 50;
/** Seeded: every run requests the same positions. */
const SEED = 12_345;

export function history({ stored, receivers, seconds }: HistoryOptions): Promise<Result[]> {
	return withStored(stored, (data) =>
		withServer(
			async (server, loop) => {
				const counters = new DeliveryCounters();
				const guests = await connectGuests(loop, { port: server.httpPort, counters }, receivers, "reader");
				const [room = ""] = await joinAll(loop, guests, () => STORED_ROOM);
				const samples = new Samples();
				const wrong: string[] = [];
				const endMs = performance.now() + seconds * 1_000;
				const before = usageOf(server.pid);
				const read = async ({ session }: Guest, n: number): Promise<void> => {
					const random = seeded(SEED + n);
					while (performance.now() < endMs) {
						const bound = PAGE + 2 + Math.floor(random() * (stored - PAGE));
						const askedMs = performance.now();
						const { page } = await session.ask({ history: { room, before: bound, limit: PAGE } });
						samples.add(performance.now() - askedMs);
						const seqs = page?.entries?.map(({ seq }) => seq) ?? [];
						if (seqs.length !== PAGE || seqs.some((seq, i) => seq !== bound - PAGE + i))
							wrong.push(`the page before ${bound} was not the ${PAGE} entries below it`);
					}
				};
				await loop.during(Promise.all(guests.map(read)), "reading pages", seconds * 1_000 + 30_000);
				const { cpuSeconds } = usageOf(server.pid);
				return [
					{
						scenario: "history",
						peer: "Verbatim",
						durability: DURABILITY,
						receivers,
						p50Ms: samples.percentile(0.5),
						p99Ms: samples.percentile(0.99),
						failures: [
							...wrong.slice(0, 1).map((first) => `${wrong.length} pages were wrong; the first: ${first}`),
							...(samples.count > 0 ? [] : ["no page was read"]),
						],
						more: {
							storedMessages: stored,
							pages: samples.count,
							entriesPerPage: PAGE,
							pagesPerSecond: samples.count / seconds,
							cpuUsPerPage: ((cpuSeconds - before.cpuSeconds) * 1e6) / samples.count,
						},
					},
				];
			},
			{ data },
		),
	);
}
