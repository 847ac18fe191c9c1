// N authenticated connections, each in a room of its own, that say nothing: what does one cost in memory?
import { Crowd } from "../load/connection.ts";
import type { Swarm } from "../load/swarm.ts";
import { guests, joinAll, withServer } from "../peers/verbatim.ts";
import type { Door } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

/** Those who come first bring code and pools into memory that belong to nobody in particular. */
const WARM = 200;
/** Joins under way at once. */
const AT_ONCE = 1_000;

export interface IdleOptions {
	readonly receivers: number;
	readonly door: Door;
	/** How long they are left alone before the memory is read. */
	readonly seconds: number;
}

export async function idle({ receivers, door, seconds }: IdleOptions): Promise<Result[]> {
	return withServer(async (server, swarm) => {
		const crowd = new Crowd();
		const port = door === "ws" ? server.httpPort : server.tcpPort;
		const come = async (count: number, prefix: string): Promise<void> => {
			const people = await guests(swarm, { port, door, crowd }, count, prefix);
			for (let at = 0; at < count; at += AT_ONCE)
				await joinAll(swarm, people.slice(at, at + AT_ONCE), (i) => `${prefix}${at + i}`);
		};
		await come(WARM, "warm");
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
