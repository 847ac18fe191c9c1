// One reader in a hundred stops reading: effect on the latency of the others, and on the server's memory. Windows without and with stalled
// readers alternate. Before each window with them, a second room of theirs alone is filled until kernel buffers and outboxes are full;
// otherwise the socket buffers would hide that they have stalled.
import { failuresOf } from "../failures.ts";
import type { EpollLoop } from "../load/epoll-loop.ts";
import { FanoutLoad, type LoadRate, type MeasuredWindow } from "../load/fanout-load.ts";
import { DeliveryCounters } from "../load/load-connection.ts";
import { Samples } from "../load/samples.ts";
import { median } from "../math.ts";
import { connectGuests, type Guest, joinAll, waitUntilConverged, withServer } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";
import { metricIncrease, readMetrics } from "../server-metrics.ts";

export interface StalledOptions extends LoadRate {
	readonly receivers: number;
	readonly pairs: number;
}

const ONE_IN = 100;
/** Receive buffer of a stalled reader: small. */
const RECEIVE_BYTES = 16 * 1024;
const FILL_TEXT_BYTES = 8_000;
/** More than the kernel's send buffer on loopback (some 4 MB) plus the server's outbox (1 MiB). */
const FILL_TEXTS = 900;
const CATCH_UP_MS = 30_000;

/** Of a window: below `stalledMs` (30 s), after which the server closes a connection that does not read. */
const SECONDS_MAX = 20;

export function stalled(given: StalledOptions): Promise<Result[]> {
	const options = { ...given, seconds: Math.min(given.seconds, SECONDS_MAX) };
	return withServer(async (server, loop) => {
		const port = server.httpPort;
		const [counters, slowCounters] = [new DeliveryCounters(), new DeliveryCounters()];
		const slowCount = Math.max(1, Math.floor(options.receivers / ONE_IN));
		const readers = await connectGuests(loop, { port, counters }, options.receivers - slowCount, "well-");
		const slow = await connectGuests(loop, { port, counters: slowCounters, receiveBytes: RECEIVE_BYTES }, slowCount, "slow-");
		const [room = ""] = await joinAll(loop, [...readers, ...slow], () => "stall");
		const [filler] = await connectGuests(loop, { port, counters: new DeliveryCounters() }, 1, "filler");
		if (filler === undefined) throw new Error("no filler connected");
		const [side = ""] = await joinAll(loop, [filler, ...slow], () => "side");
		await waitUntilConverged(loop, [...readers, ...slow], room);

		const sender = readers[0]?.session;
		const load = new FanoutLoad(loop, benchRoomOf(readers, counters, sender, room), server.pid);
		await load.window({ ...options, seconds: Math.min(1, options.seconds) });
		const windows: { readonly without: MeasuredWindow[]; readonly with: MeasuredWindow[] } = { without: [], with: [] };
		const rssBytes = { before: usageOf(server.pid).rssBytes, most: 0 };
		const metricsBefore = await readMetrics(server.ops);
		let caughtUp = true;
		for (let pair = 0; pair < options.pairs; pair++) {
			windows.without.push(await load.window(options));
			for (const { session } of slow) loop.pause(session.connection);
			await fill(loop, filler.session, side);
			windows.with.push(await load.window(options));
			rssBytes.most = Math.max(rssBytes.most, usageOf(server.pid).rssBytes);
			for (const { session } of slow) loop.resume(session.connection);
			caughtUp &&= await hasCaughtUp(loop, slow, room, sender);
		}
		const catchUps = metricIncrease("verbatim_catch_ups_total", metricsBefore, await readMetrics(server.ops));
		const messagesSent = [...windows.without, ...windows.with];
		const expected = messagesSent.reduce((sum, window) => sum + window.expected, 0);
		const delivered = messagesSent.reduce((sum, window) => sum + window.delivered, 0);
		const p99 = (all: readonly MeasuredWindow[]): number =>
			Samples.merge(all.map(({ samples }) => samples)).percentile(0.99) ?? Number.NaN;
		const ratios = windows.with.map((window, i) => p99([window]) / p99(windows.without.slice(i, i + 1)));
		return [
			{
				scenario: "stalled",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers: options.receivers,
				delivered,
				expected,
				p50Ms: Samples.merge(windows.with.map(({ samples }) => samples)).percentile(0.5),
				p99Ms: p99(windows.with),
				failures: [
					...failuresOf(
						counters,
						delivered,
						expected,
						readers.map(({ session }) => session),
					),
					...failuresOf(
						slowCounters,
						0,
						0,
						slow.map(({ session }) => session),
					),
					...(catchUps === 0 ? ["no reader fell behind: buffers hid the stall"] : []),
					...(caughtUp ? [] : ["a stalled reader did not catch up when it read again"]),
				],
				more: {
					stalledReaders: slowCount,
					p99MsWithout: p99(windows.without),
					p99Ratio: median(ratios) ?? Number.NaN,
					ratios,
					rssMiBBefore: rssBytes.before / 2 ** 20,
					rssMiBMost: rssBytes.most / 2 ** 20,
					catchUps: catchUps ?? "not told by the server's metrics",
					rangesSkipped: slow.reduce((sum, { session }) => sum + session.skipped, 0),
				},
			},
		];
	});
}

function benchRoomOf(readers: readonly Guest[], counters: DeliveryCounters, sender: Session | undefined, room: string) {
	return {
		counters,
		receivers: readers.map(({ session }) => session.connection),
		send: (texts: readonly string[]) => void sender?.send(room, texts),
		acked: () => sender?.acked,
		refusals: [],
	};
}

/** Sends long texts in the stalled readers' own room, and waits for the acknowledgements. */
async function fill(loop: EpollLoop, filler: Session, side: string): Promise<void> {
	const target = filler.acked + FILL_TEXTS;
	let messagesSent = 0;
	const sendDue = (): boolean => {
		while (messagesSent < FILL_TEXTS && target - FILL_TEXTS + messagesSent - filler.acked < 50) {
			filler.send(side, ["z".repeat(FILL_TEXT_BYTES)]);
			messagesSent++;
		}
		return filler.acked >= target;
	};
	if (!(await loop.until(sendDue, 30_000))) throw new Error("the stalled readers' room could not be filled");
}

/** Whether the readers reach the head once they read again. */
function hasCaughtUp(loop: EpollLoop, slow: readonly Guest[], room: string, sender: Session | undefined): Promise<boolean> {
	const head = sender?.connection.cursors.get(room) ?? 0;
	return loop.until(() => slow.every(({ session }) => session.connection.cursors.get(room) === head), CATCH_UP_MS);
}
