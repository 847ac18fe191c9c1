// Clients send over TCP and WebSocket while the server is killed with SIGKILL at random moments and started again. At the end
// every acknowledged message must be in the log at its seq, none twice, and every reader must have been given 1..n.
//
// The clients are the SDK's, with outboxes in files; some are killed as well and restarted from their files.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Verdict } from "../history/verdict.ts";
import { Witness } from "../history/witness.ts";
import { ServerProcess } from "../process/server-process.ts";
import { SeededRandom } from "../random.ts";
import type { WholeLog } from "../whole-log.ts";
import { CrashClient } from "./crash-client.ts";

export interface CrashOptions {
	readonly rounds: number;
	readonly seed: number;
	/** Half of them speak WebSocket, half TCP. */
	readonly clients?: number;
	readonly rooms?: readonly string[];
	/** Worker threads of the server; default 1. */
	readonly workers?: number;
	/** Called after each round. */
	readonly onRound?: (round: number, acknowledged: number) => void;
}

export interface CrashReport {
	readonly verdict: Verdict;
	/** Entries in all logs at the end. */
	readonly entries: number;
	/** Kills of clients. */
	readonly clientDeaths: number;
}

/** Time at the end until all sends are answered and all clients have caught up. */
const RECOVERY_TIMEOUT_MS = 60_000;

const FLAGS = [
	"--limits.sendsPerSecond",
	"1000000",
	"--limits.sendsBurst",
	"1000000",
	"--limits.asksPerSecond",
	"10000",
	"--limits.asksBurst",
	"10000",
	"--limits.readBytesPerSecond=1GiB",
	"--limits.readBytesBurst=1GiB",
	"--log.level",
	"error",
];

export async function runCrash(options: CrashOptions): Promise<CrashReport> {
	const { rounds, seed, rooms = ["tea", "den"] } = options;
	const random = new SeededRandom(seed);
	const server = await ServerProcess.prepare({ flags: [...FLAGS, `--workers=${options.workers ?? 1}`] });
	const files = await mkdtemp(join(tmpdir(), "verbatim-clients-"));
	const witness = new Witness();
	const clients: CrashClient[] = [];
	let clientDeaths = 0;
	try {
		await server.start();
		for (let i = 0; i < (options.clients ?? 6); i++) {
			const client = new CrashClient({
				name: `c${i}`,
				endpoint: i % 2 === 0 ? server.webSocket : server.tcp,
				folder: join(files, `c${i}`),
				rooms,
				witness,
			});
			clients.push(client);
			await client.start();
		}
		for (let round = 1; round <= rounds; round++) {
			const before = witness.acknowledged;
			for (const client of clients) client.startSending();
			// Kill only once this round has acknowledged sends.
			while (witness.acknowledged === before) await Bun.sleep(1);
			await Bun.sleep(random.float() * 250);
			await server.stop("SIGKILL");
			if (random.float() < 0.3) {
				clientDeaths++;
				await clients[random.below(clients.length)]?.kill();
			}
			await server.start();
			for (const client of clients) await client.reconnect();
			options.onRound?.(round, witness.acknowledged);
		}
		for (const client of clients) client.stopSending();
		for (const client of clients) await client.settled(RECOVERY_TIMEOUT_MS);
		const logs = new Map<string, WholeLog>();
		for (const room of rooms) logs.set(room, await (clients[0] as CrashClient).wholeLog(room));
		for (const client of clients) await client.caughtUp(logs, RECOVERY_TIMEOUT_MS);
		const entries = [...logs.values()].reduce((sum, log) => sum + log.entries.length, 0);
		return { verdict: witness.verdict([...logs.values()]), entries, clientDeaths };
	} finally {
		for (const client of clients) await client.close();
		await server.remove();
		await rm(files, { recursive: true, force: true });
	}
}
