// N clients lose their connection at once; while they are away a hundred entries are said in each one's room; they come back all together
// and resume with their cursors. How long until everybody has everything, and was anything doubled, missing, or read twice?

import { failuresOf } from "../failures.ts";
import { Crowd } from "../load/connection.ts";
import { Samples } from "../load/samples.ts";
import type { Swarm } from "../load/swarm.ts";
import { textOf } from "../load/text.ts";
import { countersOf, grownBy } from "../metrics.ts";
import { type Guest, guests, joinAll, levelAt, withServer } from "../peers/verbatim.ts";
import { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

export interface StormOptions {
	readonly receivers: number;
	readonly rooms: number;
	/** Entries said in each room while its people are away. */
	readonly missed: number;
}

/** Connections being opened at once when they come back: below a listener's backlog. */
const AT_ONCE = 400;
const BACK_MS = 60_000;

export function storm({ receivers, rooms, missed }: StormOptions): Promise<Result[]> {
	return withServer(async (server, swarm) => {
		const port = server.httpPort;
		const away = await guests(swarm, { port, crowd: new Crowd() }, receivers, "away");
		const speakers = await guests(swarm, { port, crowd: new Crowd() }, rooms, "speaker");
		// The speakers first, so that every room is made once.
		const ids = await joinAll(swarm, speakers, (i) => `storm${i}`);
		await joinAll(swarm, away, (i) => `storm${i % rooms}`);
		for (const [i, room] of ids.entries())
			await levelAt(
				swarm,
				away.filter((_, k) => k % rooms === i),
				room,
			);

		for (const { session } of away) swarm.end(session.connection);
		for (const [i, { session }] of speakers.entries())
			session.say(
				ids[i] ?? "",
				Array.from({ length: missed }, (_, n) => textOf(n + 1, performance.now())),
			);
		const isSaid = await swarm.until(() => speakers.every(({ session }) => session.acked >= missed), BACK_MS);

		const crowd = new Crowd();
		const before = usageOf(server.pid);
		const countersBefore = await countersOf(server.ops);
		const startMs = performance.now();
		const { back, waits } = await comeBack(swarm, port, crowd, away);
		const welcomedMs = performance.now() - startMs;
		const expected = receivers * missed;
		await swarm.until(() => crowd.delivered >= expected, BACK_MS);
		const allMs = performance.now() - startMs;
		const after = usageOf(server.pid);
		// What comes now would be doubled.
		await swarm.run(200);
		const counters = await countersOf(server.ops);
		return [
			{
				scenario: "storm",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers,
				delivered: crowd.delivered,
				expected,
				deliveriesPerSecond: crowd.delivered / (allMs / 1_000),
				p50Ms: waits.percentile(0.5),
				p99Ms: waits.percentile(0.99),
				cpuUsPerDelivery: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / crowd.delivered,
				failures: [
					...(isSaid ? [] : ["not all was acknowledged that was said meanwhile"]),
					...failuresOf(crowd, crowd.delivered, expected, back),
				],
				more: {
					rooms,
					missedEach: missed,
					allBackMs: welcomedMs,
					allHaveAllMs: allMs,
					rssMiBBefore: before.rssBytes / 2 ** 20,
					rssMiBAfter: after.rssBytes / 2 ** 20,
					storeReads: grownBy("verbatim_store_reads_total", countersBefore, counters) ?? "not told by the server's metrics",
					catchUps: grownBy("verbatim_catch_ups_total", countersBefore, counters) ?? 0,
				},
			},
		];
	});
}

/** All connect again, each with its token and its cursor; `waits` is how long each had to wait for its welcome. */
async function comeBack(swarm: Swarm, port: number, crowd: Crowd, away: readonly Guest[]) {
	const waits = new Samples();
	const back: Session[] = [];
	const startMs = performance.now();
	let next = 0;
	const worker = async (): Promise<void> => {
		for (let guest = away[next++]; guest !== undefined; guest = away[next++]) {
			const { welcome, session: old } = guest;
			const cursors = old.cursors();
			const hello = { token: welcome.welcome?.tokens?.access ?? "", cursors };
			const options = { port, crowd };
			const { session } = await Session.open(swarm, options, hello, (connection) => {
				for (const { room, seq } of cursors) connection.cursors.set(room, seq);
			});
			waits.add(performance.now() - startMs);
			back.push(session);
		}
	};
	await swarm.during(Promise.all(Array.from({ length: AT_ONCE }, worker)), "coming back", BACK_MS);
	return { back, waits };
}
