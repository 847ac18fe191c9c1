// Reconnect storm: N clients disconnect at once, miss a hundred entries each, and reconnect together with their cursors. Measured: the time
// until all have caught up; nothing may be missing or doubled.

import { failuresOf } from "../failures.ts";
import type { EpollLoop } from "../load/epoll-loop.ts";
import { DeliveryCounters } from "../load/load-connection.ts";
import { messageText } from "../load/message-text.ts";
import { Samples } from "../load/samples.ts";
import { connectGuests, type Guest, joinAll, waitUntilConverged, withServer } from "../peers/verbatim.ts";
import { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";
import { metricIncrease, readMetrics } from "../server-metrics.ts";

export interface StormOptions {
	readonly receivers: number;
	readonly rooms: number;
	/** Entries sent in each room while its clients are disconnected. */
	readonly missed: number;
}

/** Concurrent handshakes of the storm: below a listener's backlog. */
const AT_ONCE = 400;
const BACK_MS = 60_000;

export function storm({ receivers, rooms, missed }: StormOptions): Promise<Result[]> {
	return withServer(async (server, loop) => {
		const port = server.httpPort;
		const away = await connectGuests(loop, { port, counters: new DeliveryCounters() }, receivers, "away");
		const senders = await connectGuests(loop, { port, counters: new DeliveryCounters() }, rooms, "speaker");
		// The senders first, so that every room is created once.
		const ids = await joinAll(loop, senders, (i) => `storm${i}`);
		await joinAll(loop, away, (i) => `storm${i % rooms}`);
		for (const [i, room] of ids.entries())
			await waitUntilConverged(
				loop,
				away.filter((_, k) => k % rooms === i),
				room,
			);

		for (const { session } of away) loop.end(session.connection);
		for (const [i, { session }] of senders.entries())
			session.send(
				ids[i] ?? "",
				Array.from({ length: missed }, (_, n) => messageText(n + 1, performance.now())),
			);
		const areSent = await loop.until(() => senders.every(({ session }) => session.acked >= missed), BACK_MS);

		const counters = new DeliveryCounters();
		const before = usageOf(server.pid);
		const metricsBefore = await readMetrics(server.ops);
		const startMs = performance.now();
		const { reconnected, welcomeMs } = await reconnect(loop, port, counters, away);
		const welcomedMs = performance.now() - startMs;
		const expected = receivers * missed;
		await loop.until(() => counters.delivered >= expected, BACK_MS);
		const allMs = performance.now() - startMs;
		const after = usageOf(server.pid);
		// Anything that arrives now is a duplicate.
		await loop.run(200);
		const metrics = await readMetrics(server.ops);
		return [
			{
				scenario: "storm",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers,
				delivered: counters.delivered,
				expected,
				deliveriesPerSecond: counters.delivered / (allMs / 1_000),
				p50Ms: welcomeMs.percentile(0.5),
				p99Ms: welcomeMs.percentile(0.99),
				cpuUsPerDelivery: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / counters.delivered,
				failures: [
					...(areSent ? [] : ["not all was acknowledged that was said meanwhile"]),
					...failuresOf(counters, counters.delivered, expected, reconnected),
				],
				more: {
					rooms,
					missedEach: missed,
					allBackMs: welcomedMs,
					allHaveAllMs: allMs,
					rssMiBBefore: before.rssBytes / 2 ** 20,
					rssMiBAfter: after.rssBytes / 2 ** 20,
					storeReads: metricIncrease("verbatim_store_reads_total", metricsBefore, metrics) ?? "not told by the server's metrics",
					catchUps: metricIncrease("verbatim_catch_ups_total", metricsBefore, metrics) ?? 0,
				},
			},
		];
	});
}

/** All connect again, each with its token and its cursor; `waits` is how long each had to wait for its welcome. */
async function reconnect(loop: EpollLoop, port: number, counters: DeliveryCounters, away: readonly Guest[]) {
	const welcomeMs = new Samples();
	const reconnected: Session[] = [];
	const startMs = performance.now();
	let next = 0;
	const worker = async (): Promise<void> => {
		for (let guest = away[next++]; guest !== undefined; guest = away[next++]) {
			const { welcome, session: old } = guest;
			const cursors = old.cursors();
			const hello = { token: welcome.welcome?.tokens?.access ?? "", cursors };
			const options = { port, counters };
			const { session } = await Session.open(loop, options, hello, (connection) => {
				for (const { room, seq } of cursors) connection.cursors.set(room, seq);
			});
			welcomeMs.add(performance.now() - startMs);
			reconnected.push(session);
		}
	};
	await loop.during(Promise.all(Array.from({ length: AT_ONCE }, worker)), "coming back", BACK_MS);
	return { reconnected, welcomeMs };
}
