// Readers that request history pages at twice their rate limit. They get what the limit allows; the rest is refused with a retry time;
// sends of others are acknowledged meanwhile.
import type { Experiment } from "../experiment.ts";
import type { LoadClient } from "../load-client.ts";

const READERS = 10;
const ASKS_PER_SECOND = 100;
const ENTRIES = 2_000;
const STEP_MS = 20;
const LONGEST_MS = 20_000;

export const history: Experiment = {
	name: "history",
	about: `${READERS} readers ask for 2 x ${ASKS_PER_SECOND} pages/s each, where each may have ${ASKS_PER_SECOND}`,
	flags: [`--limits.asksPerSecond=${ASKS_PER_SECOND}`, `--limits.asksBurst=${ASKS_PER_SECOND}`],
	rssBytesMax: 400 * 1024 * 1024,
	async load(context, seconds) {
		const readers: LoadClient[] = [];
		for (let i = 0; i < READERS; i++) readers.push(await context.guest(`reader${i}`));
		const writer = await context.guest("writer");
		await Promise.all(Array.from({ length: ENTRIES }, (_, i) => writer.send(`${i} ${"y".repeat(400)}`)));
		const before = { offered: context.tally.offered, done: context.tally.done };
		const beganMs = performance.now();
		let asked = 0;
		// On a slow machine the limit refills while the pages are read: it takes longer until one is refused.
		const isTooShort = () => !context.tally.refused.has("rate_limited") && performance.now() - beganMs < LONGEST_MS;
		while (performance.now() - beganMs < seconds * 1_000 || isTooShort()) {
			const due = ((performance.now() - beganMs) / 1_000) * ASKS_PER_SECOND * 2 * READERS;
			for (; asked < due; asked++) ask(readers[asked % READERS], asked);
			await Bun.sleep(STEP_MS);
		}
		const refused = context.tally.refused.get("rate_limited") ?? 0;
		return [
			...(before.done === before.offered ? [] : ["what was to be read could not be said"]),
			...(refused > 0 ? [] : ["nothing was refused: twice as much as they may was no overload"]),
			...(context.tally.done > before.done ? [] : ["not a single page was given"]),
		];

		function ask(reader: LoadClient | undefined, i: number): void {
			if (reader === undefined) return;
			context.tally.offered++;
			const before = 2 + ((i * 97) % ENTRIES);
			void reader
				.ask({ case: "history", value: { room: reader.room, before, after: 0, first: false, limit: 50 } })
				.then((body) => {
					if (body.case === "page") context.tally.done++;
					else if (body.case === "failure") context.tally.failed(body.value);
				});
		}
	},
};
