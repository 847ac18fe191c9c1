// Readers that request old history pages in a closed loop from a server with a low memory limit. Exactly those requests are shed; sends are
// acknowledged as soon as there is memory again. How much unused memory the runtime keeps differs between machines, so this one is
// not among the tests.
import type { Experiment } from "../experiment.ts";
import type { LoadClient } from "../load-client.ts";

const MiB = 1024 * 1024;
const BYTES_MAX = 220 * MiB;
const READERS = 10;
const PAGES_AT_ONCE = 16;
const ENTRIES = 2_000;
const AT_ONCE = 50;
const LONGEST_MS = 20_000;

export const memory: Experiment = {
	name: "memory",
	about: `${READERS} readers ask for pages without end, where the server may have ${BYTES_MAX / MiB} MiB`,
	flags: [`--limits.memoryBytesMax=${BYTES_MAX}`],
	// The limit starts shedding, it is not a hard bound: work in progress and garbage come on top.
	rssBytesMax: 1.5 * BYTES_MAX,
	async load(context, seconds) {
		const writer = await context.guest("writer");
		for (let said = 0; said < ENTRIES; said += AT_ONCE)
			await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => writer.send(`${said + i} ${"y".repeat(400)}`)));
		const readers: LoadClient[] = [];
		for (let i = 0; i < READERS; i++) readers.push(await context.guest(`reader${i}`));
		const { tally, monitor } = context;
		const beganMs = performance.now();
		const isOver = () => {
			const lastedMs = performance.now() - beganMs;
			return lastedMs > seconds * 1_000 && (monitor.level >= 3 || lastedMs > LONGEST_MS);
		};
		const refusedBefore = tally.refusals;
		await Promise.all(readers.flatMap((reader) => Array.from({ length: PAGES_AT_ONCE }, (_, i) => read(reader, i))));
		return tally.refusals > refusedBefore ? [] : ["nothing was refused: memory was not short"];

		async function read(reader: LoadClient, start: number): Promise<void> {
			for (let i = start; !isOver(); i++) {
				tally.offered++;
				const before = 2 + ((i * 97) % ENTRIES);
				const body = await reader.ask({
					case: "history",
					value: { room: reader.room, before, after: 0, first: false, limit: 200 },
				});
				if (body.case === "page") tally.done++;
				if (body.case !== "failure") continue;
				tally.failed(body.value);
				// Sooner than they were told: this is a load, not a client.
				await Bun.sleep(50);
			}
		}
	},
};
