// N authenticated connections, each in one room, that say nothing: what does one cost in memory?
import { Crowd } from "../load/connection.ts";
import type { Swarm } from "../load/swarm.ts";
import { withServer } from "../peers/verbatim.ts";
import { type Door, Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

/**
 * Those who come first, and stay, bring compiled code, pools and caches into memory that belong to nobody in particular: some
 * 20 MiB, whether ten thousand follow or none.
 */
const WARM_SHARE = 0.15;
/** They come so many at a time: memory that a herd needs while it comes in is the storm's matter. */
const AT_ONCE = 64;

/** All have come in by then. */
const COMING_MS = 120_000;

export interface IdleOptions {
	readonly receivers: number;
	/** Rooms they are spread over; as many as connections: each has one of its own. */
	readonly rooms: number;
	readonly door: Door;
	/** How long they are left alone before the memory is read. */
	readonly seconds: number;
}

export async function idle({ receivers, rooms, door, seconds }: IdleOptions): Promise<Result[]> {
	return withServer(async (server, swarm) => {
		const crowd = new Crowd();
		const port = door === "ws" ? server.httpPort : server.tcpPort;
		const come = async (count: number, prefix: string): Promise<void> => {
			let next = 0;
			const comer = async (): Promise<void> => {
				for (let i = next++; i < count; i = next++) {
					const { session } = await Session.open(swarm, { port, door, crowd }, { guest: { name: `${prefix}${i}` } });
					await session.join(`${prefix}${i % rooms}`);
				}
			};
			await swarm.during(Promise.all(Array.from({ length: AT_ONCE }, comer)), `the coming in of ${count}`, COMING_MS);
		};
		await come(Math.ceil(receivers * WARM_SHARE), "warm");
		await swarm.run(seconds * 1_000);
		const before = usageOf(server.pid);
		await come(receivers, "idle");
		await swarm.run(seconds * 1_000);
		const after = usageOf(server.pid);
		return [
			{
				scenario: "idle",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers,
				rssBytesPerConnection: Math.round((after.rssBytes - before.rssBytes) / receivers),
				failures: crowd.lost === 0 ? [] : [`${crowd.lost} connections were lost`],
				more: {
					door,
					rooms,
					rssMiBBefore: before.rssBytes / 2 ** 20,
					rssMiBAfter: after.rssBytes / 2 ** 20,
					cpuShareIdle: await idleShare(swarm, server.pid, seconds),
				},
			},
		];
	});
}

/** Share of one core that the connections cost while nothing is said, heartbeats included. */
async function idleShare(swarm: Swarm, pid: number, seconds: number): Promise<number> {
	const before = usageOf(pid).cpuSeconds;
	await swarm.run(seconds * 1_000);
	return (usageOf(pid).cpuSeconds - before) / seconds;
}
