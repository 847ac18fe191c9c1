// Mixed load: users in several rooms each, with sends, typing, history pages, joins and leaves, and one slow reader in a hundred. All must
// converge in the end, slow readers too; latencies are those of the others.

import { failuresOf } from "../failures.ts";
import type { EpollLoop } from "../load/epoll-loop.ts";
import { DeliveryCounters } from "../load/load-connection.ts";
import { Samples } from "../load/samples.ts";
import { connectGuests, type Guest, withServer } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";
import { MixedLoad, type RoomMembers } from "./mixed-load.ts";

export interface MixedOptions {
	/** Users. */
	readonly receivers: number;
	readonly rooms: number;
	/** Messages a second, over all rooms. */
	readonly rate: number;
	readonly seconds: number;
}

const ROOMS_EACH = 5;
const SLOW_ONE_IN = 100;
const JOINERS = 20;
/** One user in this many has latency samples. */
const SAMPLED_ONE_IN = 10;

export function mixed(options: MixedOptions): Promise<Result[]> {
	return withServer(async (server, loop) => {
		const port = server.httpPort;
		const [counters, slowCounters, joinerCounters] = [new DeliveryCounters(), new DeliveryCounters(), new DeliveryCounters()];
		const slowCount = Math.max(1, Math.floor(options.receivers / SLOW_ONE_IN));
		const readers = await connectGuests(loop, { port, counters }, options.receivers - slowCount, "well-");
		const slowReaders = await connectGuests(loop, { port, counters: slowCounters, receiveBytes: 16_384 }, slowCount, "slow-");
		const joiners = await connectGuests(loop, { port, counters: joinerCounters }, JOINERS, "wanderer-");
		const roomMembers = await settle(loop, [...readers, ...slowReaders], options.rooms);
		const day = new MixedLoad(loop, roomMembers, readers, slowReaders, joiners);
		await day.live(options.rate, Math.min(1, options.seconds));
		const samples = new Samples();
		for (const [i, { session }] of readers.entries()) if (i % SAMPLED_ONE_IN === 0) session.connection.samples = samples;
		const had = { messagesSent: day.messagesSent, delivered: counters.delivered };
		const before = usageOf(server.pid);
		const startMs = performance.now();
		await day.live(options.rate, options.seconds);
		const seconds = (performance.now() - startMs) / 1_000;
		const after = usageOf(server.pid);
		const delivered = counters.delivered - had.delivered;
		const sessions = [...readers, ...slowReaders, ...joiners].map(({ session }) => session);
		return [
			{
				scenario: "mixed",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers: options.receivers,
				delivered: counters.delivered,
				expected: day.expected,
				deliveriesPerSecond: delivered / seconds,
				ackedPerSecond: (day.messagesSent - had.messagesSent) / seconds,
				p50Ms: samples.percentile(0.5),
				p99Ms: samples.percentile(0.99),
				cpuUsPerDelivery: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / delivered,
				failures: [
					...failuresOf(counters, counters.delivered, day.expected, sessions),
					...failuresOf(slowCounters, 0, 0),
					...failuresOf(joinerCounters, 0, 0),
					...day.failures,
				],
				more: {
					rooms: options.rooms,
					roomsEach: ROOMS_EACH,
					slowReaders: slowCount,
					joinsAndLeaves: day.joinsAndLeaves,
					historyPages: day.pages.count,
					historyP99Ms: day.pages.percentile(0.99) ?? 0,
					typings: day.typingsSent,
					serverCores: (after.cpuSeconds - before.cpuSeconds) / seconds,
					rssMiB: after.rssBytes / 2 ** 20,
				},
			},
		];
	});
}

/** Joins all users to their rooms, spread evenly. */
async function settle(loop: EpollLoop, guests: readonly Guest[], count: number): Promise<RoomMembers> {
	const names = Array.from({ length: count }, (_, i) => `mixed${i}`);
	const [founder] = guests;
	const found = names.map((name) => founder?.session.join(name));
	const rooms = (await loop.during(Promise.all(found), "founding rooms")).map((room) => room ?? "");
	const members = new Map<string, Session[]>(rooms.map((room) => [room, founder === undefined ? [] : [founder.session]]));
	const join = async ({ session }: Guest, person: number): Promise<void> => {
		for (let k = 0; k < Math.min(ROOMS_EACH, count); k++) {
			const at = (person + k * Math.ceil(count / ROOMS_EACH)) % count;
			const room = await session.join(names[at] ?? "");
			const here = members.get(room);
			if (here !== undefined && !here.includes(session)) here.push(session);
		}
	};
	await loop.during(Promise.all(guests.slice(1).map((guest, i) => join(guest, i + 1))), "joining", 120_000);
	return { rooms, members };
}
