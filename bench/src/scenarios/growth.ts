// Cost at scale: of a message and of a delivery with ten thousand and with a million messages stored, and of a message in few and in
// ten thousand rooms.
import { FanoutLoad } from "../load/fanout-load.ts";
import { openRoom, withServer } from "../peers/verbatim.ts";
import type { Result } from "../result.ts";
import { withStored } from "../stored.ts";
import { IngestLoad } from "./ingest.ts";

export interface GrowthOptions {
	/** Messages stored, in the large case. */
	readonly stored: number;
	/** Rooms, in the large case. */
	readonly rooms: number;
	/** Receivers of the room whose deliveries are measured. */
	readonly receivers: number;
	/** Messages a second in that room. */
	readonly rate: number;
	readonly seconds: number;
}

const SMALL_STORED = 10_000;
/** Each has a room of its own in the small case, its share of all rooms in the large one. */
const SENDERS = 250;
/** Warm-up: JIT. */
const WARM_SECONDS = 1;
/**
 * Sends in flight per sender: one, so that no two messages of a batch are in one room. Otherwise few rooms would look cheaper, since
 * messages of one room share a push.
 */
const WINDOW = 1;

export async function growth(options: GrowthOptions): Promise<Result[]> {
	const small = Math.min(SMALL_STORED, options.stored);
	return [
		await measure(options, small, SENDERS),
		await measure(options, options.stored, SENDERS),
		await measure(options, small, Math.max(SENDERS, options.rooms)),
	];
}

function measure({ receivers, rate, seconds }: GrowthOptions, stored: number, rooms: number): Promise<Result> {
	return withStored(stored, (data) =>
		withServer(
			async (server, loop) => {
				const load = await IngestLoad.prepare(loop, server.httpPort, { senders: SENDERS, rooms, window: WINDOW });
				await load.saturate(Math.min(WARM_SECONDS, seconds));
				const messages = await load.measure(server.pid, () => load.saturate(seconds));
				const fanout = new FanoutLoad(loop, await openRoom(loop, receivers, server.httpPort), server.pid);
				const pace = { rate, seconds, burst: 1 };
				await fanout.window({ ...pace, seconds: Math.min(WARM_SECONDS, seconds) });
				const deliveries = await fanout.window(pace);
				const missing = deliveries.expected - deliveries.delivered;
				return {
					...messages,
					scenario: `growth, ${stored} stored, ${rooms} rooms`,
					receivers,
					delivered: deliveries.delivered,
					expected: deliveries.expected,
					deliveriesPerSecond: deliveries.delivered / deliveries.seconds,
					p50Ms: deliveries.samples.percentile(0.5),
					p99Ms: deliveries.samples.percentile(0.99),
					cpuUsPerDelivery: (deliveries.cpuSeconds * 1e6) / deliveries.delivered,
					failures: [
						...messages.failures,
						...(missing === 0 ? [] : [`${missing} deliveries were missing`]),
						...(fanout.room.counters.disordered === 0 ? [] : ["deliveries out of order"]),
						...fanout.room.refusals,
					],
					more: { ...messages.more, storedMessages: stored },
				};
			},
			{ data },
		),
	);
}
