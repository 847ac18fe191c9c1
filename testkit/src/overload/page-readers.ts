// Main module of a process whose guests read the largest pages continuously, several at a time each; after a refusal they wait
// `retryAfterMs`. Run as `bun page-readers.ts '{"port": …}'`. Prints a line once its room is full. Commands on stdin: "begin", "rest", and
// "report", which prints the totals so far.
import { LIMITS } from "@verbatim/protocol";
import { HistoryRecorder } from "./history-recorder.ts";
import { LoadClient, Tally } from "./load-client.ts";

export interface PageReadersOptions {
	readonly port: number;
	readonly readers: number;
}

export interface PageReadersReport {
	readonly pages: number;
	readonly bytes: number;
	readonly refused: number;
}

/** Of one reader at once. */
const PAGES_AT_ONCE = 4;
/** The longest page that its number bounds: texts of full length. */
const ENTRIES = LIMITS.historyEntriesMax;
const TEXT = "p".repeat(LIMITS.textBytesMax);

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? "") as PageReadersOptions);

async function main({ port, readers }: PageReadersOptions): Promise<void> {
	const parts = { port, recorder: new HistoryRecorder(), tally: new Tally() };
	const clients: LoadClient[] = [];
	for (let i = 0; i < readers; i++) {
		const client = await LoadClient.guest({ ...parts, name: `pages-${i}` });
		await client.join("#pages", false);
		clients.push(client);
	}
	while (parts.tally.done < ENTRIES) {
		await Promise.all(clients.map((client) => client.send(TEXT)));
		await Bun.sleep(50);
	}
	process.stdout.write("full\n");
	let [pages, bytes] = [0, 0];
	let isReading = false;
	const read = async (client: LoadClient): Promise<void> => {
		while (isReading && !client.ended) {
			const body = await client.ask({ case: "history", value: { room: client.room, limit: ENTRIES } });
			if (body.case === "failure") {
				parts.tally.failed(body.value);
				await Bun.sleep(Math.max(1, body.value.retryAfterMs));
			} else if (body.case === "page") {
				pages++;
				for (const { body: said } of body.value.entries) if (said.case === "message") bytes += said.value.text.length;
			}
		}
	};
	for await (const line of console) {
		if (line === "report") {
			process.stdout.write(`${JSON.stringify({ pages, bytes, refused: parts.tally.refusals } satisfies PageReadersReport)}\n`);
		} else {
			isReading = line === "begin";
			if (!isReading) continue;
			for (const client of clients) for (let i = 0; i < PAGES_AT_ONCE; i++) void read(client);
		}
	}
}
