// Memory of an idle connection: N authenticated connections, each in one room.

import type { EpollLoop } from "../load/epoll-loop.ts";
import { DeliveryCounters } from "../load/load-connection.ts";
import { withServer } from "../peers/verbatim.ts";
import { Session, type Transport } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

/**
 * Connections opened before the measurement and kept open: they account for compiled code, pools and caches, some 20 MiB whatever the
 * number of connections.
 */
const WARM_SHARE = 0.15;
/** Concurrent handshakes: peak memory of many at once is measured by `storm`. */
const AT_ONCE = 64;

const JOIN_TIMEOUT_MS = 120_000;

export interface IdleOptions {
	readonly receivers: number;
	/** Rooms that they are spread over. */
	readonly rooms: number;
	readonly door: Transport;
	/** Idle time before memory is read. */
	readonly seconds: number;
}

export async function idle({ receivers, rooms, door, seconds }: IdleOptions): Promise<Result[]> {
	return withServer(async (server, loop) => {
		const counters = new DeliveryCounters();
		const port = door === "ws" ? server.httpPort : server.tcpPort;
		const connect = async (count: number, prefix: string): Promise<void> => {
			let next = 0;
			const worker = async (): Promise<void> => {
				for (let i = next++; i < count; i = next++) {
					const { session } = await Session.open(loop, { port, transport: door, counters }, { guest: { name: `${prefix}${i}` } });
					await session.join(`${prefix}${i % rooms}`);
				}
			};
			await loop.during(Promise.all(Array.from({ length: AT_ONCE }, worker)), `the coming in of ${count}`, JOIN_TIMEOUT_MS);
		};
		await connect(Math.ceil(receivers * WARM_SHARE), "warm");
		await loop.run(seconds * 1_000);
		const before = usageOf(server.pid);
		await connect(receivers, "idle");
		await loop.run(seconds * 1_000);
		const after = usageOf(server.pid);
		return [
			{
				scenario: "idle",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers,
				rssBytesPerConnection: Math.round((after.rssBytes - before.rssBytes) / receivers),
				failures: counters.lost === 0 ? [] : [`${counters.lost} connections were lost`],
				more: {
					door,
					rooms,
					rssMiBBefore: before.rssBytes / 2 ** 20,
					rssMiBAfter: after.rssBytes / 2 ** 20,
					cpuShareIdle: await idleShare(loop, server.pid, seconds),
				},
			},
		];
	});
}

/** Share of one core that idle connections cost, heartbeats included. */
async function idleShare(loop: EpollLoop, pid: number, seconds: number): Promise<number> {
	const before = usageOf(pid).cpuSeconds;
	await loop.run(seconds * 1_000);
	return (usageOf(pid).cpuSeconds - before) / seconds;
}
