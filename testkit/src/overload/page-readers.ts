// A process of its own whose guests read the biggest pages there are, again and again, as fast as they are given: each asks for the next
// as soon as it has one, several at a time, and waits as long as it is told to where one is refused: `bun page-readers.ts '{"port": …}'`.
// It says on its standard output when its room is full. What it is told on its standard input: "begin"; "rest", and begin again; "report",
// which it answers by what it was given so far.
import { LIMITS } from "@verbatim/protocol";
import { Peer, Tally } from "./peer.ts";
import { Recorder } from "./recorder.ts";

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
	const parts = { port, recorder: new Recorder(), tally: new Tally() };
	const peers: Peer[] = [];
	for (let i = 0; i < readers; i++) {
		const peer = await Peer.guest({ ...parts, name: `pages-${i}` });
		await peer.join("#pages", false);
		peers.push(peer);
	}
	while (parts.tally.done < ENTRIES) {
		await Promise.all(peers.map((peer) => peer.say(TEXT)));
		await Bun.sleep(50);
	}
	process.stdout.write("full\n");
	let [pages, bytes] = [0, 0];
	let isReading = false;
	const read = async (peer: Peer): Promise<void> => {
		while (isReading && !peer.ended) {
			const body = await peer.ask({ case: "history", value: { room: peer.room, limit: ENTRIES } });
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
			for (const peer of peers) for (let i = 0; i < PAGES_AT_ONCE; i++) void read(peer);
		}
	}
}
