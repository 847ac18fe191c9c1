// One overload experiment: a real server with low limits, two clients that send all the time, and a load of twice its capacity. Checked
// by the recorded history: nothing acknowledged is lost or doubled, nothing refused appears, every refusal has a retry time, memory stays
// below its bound, and after the load the level returns to 0 and delivery to normal within seconds.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "@verbatim/protocol";
import { ROOMY } from "../e2e/flags.ts";
import { check } from "../history/check.ts";
import { ServerProcess } from "../process/server-process.ts";
import { factsOf } from "../sim/recorder.ts";
import { HistoryRecorder } from "./history-recorder.ts";
import { LoadClient, Tally } from "./load-client.ts";
import { ServerMonitor } from "./server-monitor.ts";

const ROOT = join(import.meta.dir, "../../..");

export interface Experiment {
	readonly name: string;
	/** The load, as text. */
	readonly about: string;
	readonly flags: readonly string[];
	/** Default limits, except `flags`; otherwise rate limits are lifted. */
	readonly plain?: boolean;
	/** Resident memory of the server, at most. */
	readonly rssBytesMax: number;
	/** Applies the load for about `seconds`. Returns its own failures, as text. */
	load(context: ExperimentContext, seconds: number): Promise<readonly string[]>;
}

export interface ExperimentContext {
	readonly server: ServerProcess;
	/** The load's. */
	readonly tally: Tally;
	readonly monitor: ServerMonitor;
	/** Name of the room of the two clients. */
	readonly room: string;
	/** Adds latency to the disk: for each batch, and for each draft in it. */
	slowDisk(batchMs: number, draftMs: number): Promise<void>;
	/** A guest in the room; with `read` its deliveries are checked. */
	guest(name: string, read?: boolean): Promise<LoadClient>;
	/** Adds a line to the report. */
	note(words: string): void;
	/** A connection without a hello. */
	unauthenticated(name: string): Promise<LoadClient>;
}

export interface Outcome {
	readonly name: string;
	readonly about: string;
	readonly seconds: number;
	readonly offered: number;
	readonly done: number;
	readonly refused: Readonly<Record<string, number>>;
	/** Refusals without a retry time. */
	readonly untimed: number;
	readonly lost: number;
	readonly doubled: number;
	readonly violations: readonly string[];
	readonly rssMiB: number;
	readonly rssMiBMax: number;
	readonly outboxMiB: number;
	readonly level: number;
	/** From the load's end until a send was acknowledged and delivered in less than a second, and the level was 0. */
	readonly backMs: number;
	/** Further measurements, as text. */
	readonly notes: readonly string[];
	readonly failures: readonly string[];
}

/** Normal service is back within this. */
export const RECOVERY_MS_MAX = 5_000;
const MiB = 1024 * 1024;
const CANARY_INTERVAL_MS = 200;
const NORMAL_MS = 1_000;

const TIMEOUT_MS = 30_000;
const ROOM = "#overload";

export async function run(experiment: Experiment, seconds: number, backMsMax = RECOVERY_MS_MAX): Promise<Outcome> {
	const command = [process.execPath, "--preload", join(import.meta.dir, "slow-disk.ts"), join(ROOT, "cli/src/main.ts"), "serve"];
	const server = await ServerProcess.prepare({ flags: [...(experiment.plain ? [] : ROOMY), ...experiment.flags], command });
	const recorder = new HistoryRecorder();
	const clients: LoadClient[] = [];
	let monitor: ServerMonitor | undefined;
	try {
		await server.start();
		monitor = new ServerMonitor(server);
		const guest = async (name: string, read: boolean, tally: Tally): Promise<LoadClient> => {
			const client = await LoadClient.guest({ port: server.tcpPort, name, recorder, tally });
			clients.push(client);
			await client.join(ROOM, read);
			return client;
		};
		const talk = new Tally();
		const ann = await guest("ann", true, talk);
		const bob = await guest("bob", true, talk);
		const tally = new Tally();
		const notes: string[] = [];
		const context: ExperimentContext = {
			server,
			tally,
			monitor,
			room: ROOM,
			slowDisk: (batchMs, draftMs) => writeFile(`${server.data}.slow`, `${batchMs} ${draftMs}`),
			guest: (name, read = false) => guest(name, read, tally),
			note: (words) => void notes.push(words),
			unauthenticated: async (name) => {
				const client = await LoadClient.connect({ port: server.tcpPort, name, recorder, tally });
				clients.push(client);
				return client;
			},
		};
		const talking = setInterval(() => void ann.send(`ann, at ${Math.round(performance.now())}`), CANARY_INTERVAL_MS);
		let failures: readonly string[];
		try {
			failures = await experiment.load(context, seconds);
		} finally {
			clearInterval(talking);
		}
		const endedMs = performance.now();
		const isBack = await normal(ann, bob, monitor, endedMs + TIMEOUT_MS);
		const backMs = isBack ? performance.now() - endedMs : Number.POSITIVE_INFINITY;
		for (const client of clients) if (!client.ended) await client.until(() => client.open === 0, "answers to all", TIMEOUT_MS);
		const log = await readWholeLog(bob);
		for (const client of clients) {
			if (!client.ended && client.room !== "") await client.until(() => client.cursor >= log.length, "the head", TIMEOUT_MS);
		}
		recorder.end(bob.room, bob.epoch, log.map(factsOf));
		const verdict = check(recorder.history);
		const { rssBytesMax } = experiment;
		const untimed = tally.untimed + talk.untimed;
		return {
			name: experiment.name,
			about: experiment.about,
			seconds,
			offered: tally.offered,
			done: tally.done,
			refused: Object.fromEntries(tally.refused),
			untimed,
			lost: verdict.counts.lost,
			doubled: verdict.counts.doubled,
			violations: verdict.violations.map(({ clause, words }) => `${clause}: ${words}`),
			rssMiB: monitor.rssBytes / MiB,
			rssMiBMax: rssBytesMax / MiB,
			outboxMiB: monitor.outboxBytes / MiB,
			level: monitor.level,
			backMs,
			notes,
			failures: [
				...failures,
				...(verdict.ok ? [] : [`the history is not as promised: ${verdict.violations[0]?.words}`]),
				...(untimed === 0 ? [] : [`${untimed} refusals did not say when to come back`]),
				...(monitor.rssBytes <= rssBytesMax ? [] : [`memory went to ${Math.round(monitor.rssBytes / MiB)} MiB`]),
				...(backMs <= backMsMax ? [] : [`normal service came back only after ${Math.round(backMs)} ms`]),
			],
		};
	} finally {
		monitor?.stop();
		for (const client of clients) client.leave();
		await server.remove();
		await rm(`${server.data}.slow`, { force: true });
	}
}

/** Sends until a message is acknowledged and delivered in time and the overload level is 0. */
async function normal(ann: LoadClient, bob: LoadClient, monitor: ServerMonitor, giveUpMs: number): Promise<boolean> {
	while (performance.now() < giveUpMs) {
		const saidMs = performance.now();
		const before = bob.cursor;
		if ((await ann.send(`ann asks, at ${Math.round(saidMs)}`)) && (await delivered(bob, before))) {
			if (performance.now() - saidMs < NORMAL_MS && (await monitor.levelNow()) === 0) return true;
		}
		await Bun.sleep(50);
	}
	return false;
}

async function delivered(bob: LoadClient, before: number): Promise<boolean> {
	try {
		await bob.until(() => bob.cursor > before, "what ann has said", NORMAL_MS);
		return true;
	} catch {
		return false;
	}
}

/** Page by page, waiting `retryAfterMs` after a refusal. */
async function readWholeLog(reader: LoadClient): Promise<Entry[]> {
	const entries: Entry[] = [];
	for (;;) {
		const after = entries.length;
		const bound = { before: 0, after, first: after === 0, limit: 200 };
		const body = await reader.ask({ case: "history", value: { room: reader.room, ...bound } });
		if (body.case === "failure" && body.value.retry) {
			await Bun.sleep(body.value.retryAfterMs);
			continue;
		}
		if (body.case !== "page") throw new Error(`a page of the log was answered by ${body.case}`);
		entries.push(...body.value.entries);
		if (body.value.entries.length === 0 || body.value.to >= body.value.head) return entries;
	}
}
