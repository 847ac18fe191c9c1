// One reader in a hundred stops reading. What do the others notice, and what does it cost the server in memory? The same people, in turn
// without and with stalled readers. Before each window with them, a second room in which only they are is filled until the kernel and
// the server hold for each of them as much as they ever will: otherwise their sockets' buffers would hide that they stalled.
import { failuresOf } from "../failures.ts";
import { Crowd } from "../load/connection.ts";
import { Samples } from "../load/samples.ts";
import type { Swarm } from "../load/swarm.ts";
import { type Pace, Stage, type Window } from "../load/window.ts";
import { median } from "../median.ts";
import { countersOf, grownBy } from "../metrics.ts";
import { type Guest, guests, joinAll, levelAt, withServer } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

export interface StalledOptions extends Pace {
	readonly receivers: number;
	readonly pairs: number;
}

const ONE_IN = 100;
/** The stalled one's own kernel buffer: small, as a phone's. */
const RECEIVE_BYTES = 16 * 1024;
const FILL_TEXT_BYTES = 8_000;
/** More than the kernel's send buffer on loopback (some 4 MB) and the server's outbox (1 MiB) hold. */
const FILL_TEXTS = 900;
const CATCH_UP_MS = 30_000;

/** Of a window: the server ends whoever reads nothing for 30 s (`stalledMs`), which is another matter. */
const SECONDS_MAX = 20;

export function stalled(given: StalledOptions): Promise<Result[]> {
	const options = { ...given, seconds: Math.min(given.seconds, SECONDS_MAX) };
	return withServer(async (server, swarm) => {
		const port = server.httpPort;
		const [crowd, slowCrowd] = [new Crowd(), new Crowd()];
		const slowCount = Math.max(1, Math.floor(options.receivers / ONE_IN));
		const well = await guests(swarm, { port, crowd }, options.receivers - slowCount, "well-");
		const slow = await guests(swarm, { port, crowd: slowCrowd, receiveBytes: RECEIVE_BYTES }, slowCount, "slow-");
		const [room = ""] = await joinAll(swarm, [...well, ...slow], () => "stall");
		const [filler] = await guests(swarm, { port, crowd: new Crowd() }, 1, "filler");
		if (filler === undefined) throw new Error("nobody to fill the buffers");
		const [side = ""] = await joinAll(swarm, [filler, ...slow], () => "side");
		await levelAt(swarm, [...well, ...slow], room);

		const speaker = well[0]?.session;
		const stage = new Stage(swarm, audienceOf(well, crowd, speaker, room), server.pid);
		await stage.window({ ...options, seconds: Math.min(1, options.seconds) });
		const windows: { readonly without: Window[]; readonly with: Window[] } = { without: [], with: [] };
		const rssBytes = { before: usageOf(server.pid).rssBytes, most: 0 };
		const countersBefore = await countersOf(server.ops);
		let caughtUp = true;
		for (let pair = 0; pair < options.pairs; pair++) {
			windows.without.push(await stage.window(options));
			for (const { session } of slow) swarm.pause(session.connection);
			await fill(swarm, filler.session, side);
			windows.with.push(await stage.window(options));
			rssBytes.most = Math.max(rssBytes.most, usageOf(server.pid).rssBytes);
			for (const { session } of slow) swarm.resume(session.connection);
			caughtUp &&= await hasCaughtUp(swarm, slow, room, speaker);
		}
		const catchUps = grownBy("verbatim_catch_ups_total", countersBefore, await countersOf(server.ops));
		const said = [...windows.without, ...windows.with];
		const expected = said.reduce((sum, window) => sum + window.expected, 0);
		const delivered = said.reduce((sum, window) => sum + window.delivered, 0);
		const p99 = (all: readonly Window[]): number =>
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
						crowd,
						delivered,
						expected,
						well.map(({ session }) => session),
					),
					...failuresOf(
						slowCrowd,
						0,
						0,
						slow.map(({ session }) => session),
					),
					...(catchUps === 0 ? ["nobody fell behind: the buffers hid that some had stalled"] : []),
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

function audienceOf(well: readonly Guest[], crowd: Crowd, speaker: Session | undefined, room: string) {
	return {
		crowd,
		receivers: well.map(({ session }) => session.connection),
		say: (texts: readonly string[]) => void speaker?.say(room, texts),
		acked: () => speaker?.acked,
		refusals: [],
	};
}

/** Says long texts in the stalled ones' own room, and waits until all are acknowledged. */
async function fill(swarm: Swarm, filler: Session, side: string): Promise<void> {
	const target = filler.acked + FILL_TEXTS;
	let said = 0;
	const speak = (): boolean => {
		while (said < FILL_TEXTS && target - FILL_TEXTS + said - filler.acked < 50) {
			filler.say(side, ["z".repeat(FILL_TEXT_BYTES)]);
			said++;
		}
		return filler.acked >= target;
	};
	if (!(await swarm.until(speak, 30_000))) throw new Error("the stalled readers' room could not be filled");
}

/** Whether those who read again come to stand where the others are. */
function hasCaughtUp(swarm: Swarm, slow: readonly Guest[], room: string, speaker: Session | undefined): Promise<boolean> {
	const head = speaker?.connection.cursors.get(room) ?? 0;
	return swarm.until(() => slow.every(({ session }) => session.connection.cursors.get(room) === head), CATCH_UP_MS);
}
