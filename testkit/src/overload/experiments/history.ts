// Readers who ask for pages of history twice as often as they may. They get what they may have; what is beyond is refused with when to
// come back; and those who talk meanwhile are acknowledged all the same.
import type { Experiment } from "../experiment.ts";
import type { Peer } from "../peer.ts";

const READERS = 10;
const ASKS_PER_SECOND = 100;
const ENTRIES = 2_000;
const STEP_MS = 20;

export const history: Experiment = {
	name: "history",
	about: `${READERS} readers ask for 2 x ${ASKS_PER_SECOND} pages/s each, where each may have ${ASKS_PER_SECOND}`,
	flags: [`--limits.asksPerSecond=${ASKS_PER_SECOND}`, `--limits.asksBurst=${ASKS_PER_SECOND}`],
	rssBytesMax: 400 * 1024 * 1024,
	async load(stage, seconds) {
		const readers: Peer[] = [];
		for (let i = 0; i < READERS; i++) readers.push(await stage.guest(`reader${i}`));
		const writer = await stage.guest("writer");
		await Promise.all(Array.from({ length: ENTRIES }, (_, i) => writer.say(`${i} ${"y".repeat(400)}`)));
		const before = { offered: stage.tally.offered, done: stage.tally.done };
		const beganMs = performance.now();
		let asked = 0;
		while (performance.now() - beganMs < seconds * 1_000) {
			const due = ((performance.now() - beganMs) / 1_000) * ASKS_PER_SECOND * 2 * READERS;
			for (; asked < due; asked++) ask(readers[asked % READERS], asked);
			await Bun.sleep(STEP_MS);
		}
		const refused = stage.tally.refused.get("rate_limited") ?? 0;
		return [
			...(before.done === before.offered ? [] : ["what was to be read could not be said"]),
			...(refused > 0 ? [] : ["nothing was refused: twice as much as they may was no overload"]),
			...(stage.tally.done > before.done ? [] : ["not a single page was given"]),
		];

		function ask(reader: Peer | undefined, i: number): void {
			if (reader === undefined) return;
			stage.tally.offered++;
			const before = 2 + ((i * 97) % ENTRIES);
			void reader
				.ask({ case: "history", value: { room: reader.room, before, after: 0, first: false, limit: 50 } })
				.then((body) => {
					if (body.case === "page") stage.tally.done++;
					else if (body.case === "failure") stage.tally.failed(body.value);
				});
		}
	},
};
