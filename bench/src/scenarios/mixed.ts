// An ordinary day, fast: users in several rooms each, of whom some talk, some type, some page back, some wander in and out of rooms, and
// one in a hundred reads slowly. Everybody has to have everything in the end, the slow ones too; the latencies are the others'.

import { failuresOf } from "../failures.ts";
import { Crowd } from "../load/connection.ts";
import { Samples } from "../load/samples.ts";
import type { Swarm } from "../load/swarm.ts";
import { type Guest, guests, withServer } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";
import { Day, type Town } from "./day.ts";

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
const WANDERERS = 20;
/** One user in so many has its latencies taken. */
const SAMPLED_ONE_IN = 10;

export function mixed(options: MixedOptions): Promise<Result[]> {
	return withServer(async (server, swarm) => {
		const port = server.httpPort;
		const [crowd, slowCrowd, wanderCrowd] = [new Crowd(), new Crowd(), new Crowd()];
		const slowCount = Math.max(1, Math.floor(options.receivers / SLOW_ONE_IN));
		const well = await guests(swarm, { port, crowd }, options.receivers - slowCount, "well-");
		const slow = await guests(swarm, { port, crowd: slowCrowd, receiveBytes: 16_384 }, slowCount, "slow-");
		const wanderers = await guests(swarm, { port, crowd: wanderCrowd }, WANDERERS, "wanderer-");
		const town = await settle(swarm, [...well, ...slow], options.rooms);
		const day = new Day(swarm, town, well, slow, wanderers);
		await day.live(options.rate, Math.min(1, options.seconds));
		const samples = new Samples();
		for (const [i, { session }] of well.entries()) if (i % SAMPLED_ONE_IN === 0) session.connection.samples = samples;
		const had = { said: day.said, delivered: crowd.delivered };
		const before = usageOf(server.pid);
		const startMs = performance.now();
		await day.live(options.rate, options.seconds);
		const seconds = (performance.now() - startMs) / 1_000;
		const after = usageOf(server.pid);
		const delivered = crowd.delivered - had.delivered;
		const sessions = [...well, ...slow, ...wanderers].map(({ session }) => session);
		return [
			{
				scenario: "mixed",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers: options.receivers,
				delivered: crowd.delivered,
				expected: day.due,
				deliveriesPerSecond: delivered / seconds,
				ackedPerSecond: (day.said - had.said) / seconds,
				p50Ms: samples.percentile(0.5),
				p99Ms: samples.percentile(0.99),
				cpuUsPerDelivery: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / delivered,
				failures: [
					...failuresOf(crowd, crowd.delivered, day.due, sessions),
					...failuresOf(slowCrowd, 0, 0),
					...failuresOf(wanderCrowd, 0, 0),
					...day.failures,
				],
				more: {
					rooms: options.rooms,
					roomsEach: ROOMS_EACH,
					slowReaders: slowCount,
					joinsAndLeaves: day.wandered,
					historyPages: day.pages.count,
					historyP99Ms: day.pages.percentile(0.99) ?? 0,
					typings: day.typed,
					serverCores: (after.cpuSeconds - before.cpuSeconds) / seconds,
					rssMiB: after.rssBytes / 2 ** 20,
				},
			},
		];
	});
}

/** Everybody joins their rooms; who is in which is spread evenly. */
async function settle(swarm: Swarm, people: readonly Guest[], count: number): Promise<Town> {
	const names = Array.from({ length: count }, (_, i) => `mixed${i}`);
	const [founder] = people;
	const found = names.map((name) => founder?.session.join(name));
	const rooms = (await swarm.during(Promise.all(found), "founding rooms")).map((room) => room ?? "");
	const members = new Map<string, Session[]>(rooms.map((room) => [room, founder === undefined ? [] : [founder.session]]));
	const join = async ({ session }: Guest, person: number): Promise<void> => {
		for (let k = 0; k < Math.min(ROOMS_EACH, count); k++) {
			const at = (person + k * Math.ceil(count / ROOMS_EACH)) % count;
			const room = await session.join(names[at] ?? "");
			const here = members.get(room);
			if (here !== undefined && !here.includes(session)) here.push(session);
		}
	};
	await swarm.during(Promise.all(people.slice(1).map((guest, i) => join(guest, i + 1))), "joining", 120_000);
	return { rooms, members };
}
