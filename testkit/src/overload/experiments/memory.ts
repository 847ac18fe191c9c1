// Readers who ask for page after page of old history, as fast as they are answered, from a server that may have little memory. What it
// has to let go of is just that; who speaks is acknowledged as soon as there is memory again. How much a runtime holds that nobody uses
// differs from machine to machine, so this one is not among the tests.
import type { Experiment } from "../experiment.ts";
import type { Peer } from "../peer.ts";

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
	// The bound is where work is let go of, not a wall: what is under way and not yet collected comes on top.
	rssBytesMax: 1.5 * BYTES_MAX,
	async load(stage, seconds) {
		const writer = await stage.guest("writer");
		for (let said = 0; said < ENTRIES; said += AT_ONCE)
			await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => writer.say(`${said + i} ${"y".repeat(400)}`)));
		const readers: Peer[] = [];
		for (let i = 0; i < READERS; i++) readers.push(await stage.guest(`reader${i}`));
		const { tally, vitals } = stage;
		const beganMs = performance.now();
		const isOver = () => {
			const lastedMs = performance.now() - beganMs;
			return lastedMs > seconds * 1_000 && (vitals.level >= 3 || lastedMs > LONGEST_MS);
		};
		const refusedBefore = tally.refusals;
		await Promise.all(readers.flatMap((reader) => Array.from({ length: PAGES_AT_ONCE }, (_, i) => read(reader, i))));
		return tally.refusals > refusedBefore ? [] : ["nothing was refused: memory was not short"];

		async function read(reader: Peer, start: number): Promise<void> {
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
