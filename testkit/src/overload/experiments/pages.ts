// A handful of guests who read the biggest pages of history all the time. What is measured is how long everybody else waits for an
// acknowledgement, beside how long without them, in turn in one run.
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { type AckLatency, describeLatency, measureAckLatency, mergeLatencies } from "../ack-latency.ts";
import type { Experiment, ExperimentContext } from "../experiment.ts";
import type { LoadClient } from "../load-client.ts";
import type { PageReadersOptions, PageReadersReport } from "../page-readers.ts";

const READERS = 8;
const SENDERS = 10;
/** Without and with them, in turn: whatever else the machine does meanwhile concerns both. */
const SLICE_MS = 2_000;
/** Until what each may read at once after a rest is read, about: what is measured is how it goes on. */
const SETTLE_MS = 1_000;
const ROUNDS = 3;
/** The median of the rounds: others wait so many times as long at p99, at most. */
const RATIO_MAX = 2;

export const pages: Experiment = {
	name: "pages",
	about: `${READERS} guests read the biggest pages of history all the time`,
	plain: true,
	flags: ["--limits.loginsPerMinute=100000", "--log.level=error"],
	rssBytesMax: 500 * 1024 * 1024,
	async load(context, seconds) {
		const senders: LoadClient[] = [];
		for (let i = 0; i < SENDERS; i++) senders.push(await context.guest(`speaker${i}`, true));
		const readers = await gather(context);
		const ratios: number[] = [];
		const slices = Math.ceil((seconds * 1_000) / SLICE_MS);
		for (let round = 0; round < ROUNDS; round++) {
			const without: AckLatency[] = [];
			const beside: AckLatency[] = [];
			let [pages, bytes] = [0, 0];
			for (let slice = 0; slice < slices; slice++) {
				await Bun.sleep(SETTLE_MS);
				without.push(await measureAckLatency(context, senders, SLICE_MS));
				readers.tell("begin");
				await Bun.sleep(SETTLE_MS);
				const before = await readers.report();
				beside.push(await measureAckLatency(context, senders, SLICE_MS));
				const after = await readers.report();
				readers.tell("rest");
				pages += after.pages - before.pages;
				bytes += after.bytes - before.bytes;
			}
			const [quiet, loud] = [mergeLatencies(without), mergeLatencies(beside)];
			ratios.push(loud.p99 / quiet.p99);
			const forSeconds = (slices * SLICE_MS) / 1_000;
			const rate = `${(pages / forSeconds).toFixed(0)} pages/s, ${(bytes / 1024 / 1024 / forSeconds).toFixed(1)} MiB/s`;
			context.note(`without: ${describeLatency(quiet)}`);
			context.note(`beside: ${describeLatency(loud)}; ${rate}`);
			context.note(`p99 beside them is ${ratios.at(-1)?.toFixed(2)} times as long`);
		}
		await readers.end();
		const median = ratios.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
		return median <= RATIO_MAX ? [] : [`others wait ${median.toFixed(1)} times as long at p99, more than ${RATIO_MAX}`];
	},
};

interface Readers {
	tell(what: "begin" | "rest"): void;
	/** What they were given so far. */
	report(): Promise<PageReadersReport>;
	end(): Promise<void>;
}

/** They are in their room, and it is full. */
async function gather({ server }: ExperimentContext): Promise<Readers> {
	const options: PageReadersOptions = { port: server.tcpPort, readers: READERS };
	const child = Bun.spawn([process.execPath, join(import.meta.dir, "../page-readers.ts"), JSON.stringify(options)], {
		stdin: "pipe",
		stdout: "pipe",
		stderr: "inherit",
	});
	// In life it is another machine: it must not take the processor from the server and from those who talk.
	setPriority(child.pid, constants.priority.PRIORITY_LOW);
	const lines = linesOf(child.stdout);
	if ((await lines.next()).value !== "full") throw new Error("the room could not be filled");
	return {
		tell: (what) => void child.stdin.write(`${what}\n`),
		async report() {
			child.stdin.write("report\n");
			const { value } = await lines.next();
			return JSON.parse(value ?? "") as PageReadersReport;
		},
		async end() {
			child.kill("SIGKILL");
			await child.exited;
		},
	};
}

async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
	let rest = "";
	for await (const chunk of stream) {
		const lines = (rest + Buffer.from(chunk).toString()).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
	return undefined;
}
