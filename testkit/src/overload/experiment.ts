// One experiment: a real server with low limits, two people who talk all the time, and a load of twice what it holds. Judged by what
// was written down: nothing acknowledged is lost or doubled, nothing refused appears, every refusal says when to come back, memory
// stays under its bound, and once the load ends, what is said is delivered as always and the server is calm again within seconds.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "@verbatim/protocol";
import { ROOMY } from "../e2e/flags.ts";
import { check } from "../history/check.ts";
import { ServerProcess } from "../process/server-process.ts";
import { factsOf } from "../sim/recorder.ts";
import { Peer, Tally } from "./peer.ts";
import { Recorder } from "./recorder.ts";
import { Vitals } from "./vitals.ts";

const ROOT = join(import.meta.dir, "../../..");

export interface Experiment {
	readonly name: string;
	/** What is asked twice, in words. */
	readonly about: string;
	readonly flags: readonly string[];
	/** Is the server as it is by default, but for `flags`? Otherwise one address may do nearly anything. */
	readonly plain?: boolean;
	/** Resident memory of the server, at most. */
	readonly rssBytesMax: number;
	/** Puts the load on for about `seconds` and takes it away again. What goes wrong in its own terms it returns in words. */
	load(stage: Stage, seconds: number): Promise<readonly string[]>;
}

export interface Stage {
	readonly server: ServerProcess;
	/** The load's. */
	readonly tally: Tally;
	readonly vitals: Vitals;
	/** The room in which the two talk: its name. */
	readonly room: string;
	/** Milliseconds that the disk takes for each batch and for each draft of it, beyond its own time. */
	slowDisk(batchMs: number, draftMs: number): Promise<void>;
	/** A guest who is in the room; with `read` what it is given is judged. */
	guest(name: string, read?: boolean): Promise<Peer>;
	/** Tells what was measured, in words. */
	note(words: string): void;
	/** A connection on which nobody has said hello. */
	stranger(name: string): Promise<Peer>;
}

export interface Outcome {
	readonly name: string;
	readonly about: string;
	readonly seconds: number;
	readonly offered: number;
	readonly done: number;
	readonly refused: Readonly<Record<string, number>>;
	/** Refusals without a time to come back. */
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
	/** What was measured beside, in words. */
	readonly notes: readonly string[];
	readonly failures: readonly string[];
}

/** Normal service is back within this. */
export const BACK_MS_MAX = 5_000;
const MiB = 1024 * 1024;
const TALK_EVERY_MS = 200;
const NORMAL_MS = 1_000;
/** Whatever takes longer than this does not come. */
const GIVE_UP_MS = 30_000;
const ROOM = "#overload";

export async function run(experiment: Experiment, seconds: number, backMsMax = BACK_MS_MAX): Promise<Outcome> {
	const command = [process.execPath, "--preload", join(import.meta.dir, "slow-disk.ts"), join(ROOT, "cli/src/main.ts"), "serve"];
	const server = await ServerProcess.prepare({ flags: [...(experiment.plain ? [] : ROOMY), ...experiment.flags], command });
	const recorder = new Recorder();
	const peers: Peer[] = [];
	let vitals: Vitals | undefined;
	try {
		await server.start();
		vitals = new Vitals(server);
		const guest = async (name: string, read: boolean, tally: Tally): Promise<Peer> => {
			const peer = await Peer.guest({ port: server.tcpPort, name, recorder, tally });
			peers.push(peer);
			await peer.join(ROOM, read);
			return peer;
		};
		const talk = new Tally();
		const ann = await guest("ann", true, talk);
		const bob = await guest("bob", true, talk);
		const tally = new Tally();
		const notes: string[] = [];
		const stage: Stage = {
			server,
			tally,
			vitals,
			room: ROOM,
			slowDisk: (batchMs, draftMs) => writeFile(`${server.data}.slow`, `${batchMs} ${draftMs}`),
			guest: (name, read = false) => guest(name, read, tally),
			note: (words) => void notes.push(words),
			stranger: async (name) => {
				const peer = await Peer.connect({ port: server.tcpPort, name, recorder, tally });
				peers.push(peer);
				return peer;
			},
		};
		const talking = setInterval(() => void ann.say(`ann, at ${Math.round(performance.now())}`), TALK_EVERY_MS);
		let failures: readonly string[];
		try {
			failures = await experiment.load(stage, seconds);
		} finally {
			clearInterval(talking);
		}
		const endedMs = performance.now();
		const isBack = await normal(ann, bob, vitals, endedMs + GIVE_UP_MS);
		const backMs = isBack ? performance.now() - endedMs : Number.POSITIVE_INFINITY;
		for (const peer of peers) if (!peer.ended) await peer.until(() => peer.open === 0, "answers to all", GIVE_UP_MS);
		const log = await wholeLog(bob);
		for (const peer of peers) {
			if (!peer.ended && peer.room !== "") await peer.until(() => peer.cursor >= log.length, "the head", GIVE_UP_MS);
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
			rssMiB: vitals.rssBytes / MiB,
			rssMiBMax: rssBytesMax / MiB,
			outboxMiB: vitals.outboxBytes / MiB,
			level: vitals.level,
			backMs,
			notes,
			failures: [
				...failures,
				...(verdict.ok ? [] : [`the history is not as promised: ${verdict.violations[0]?.words}`]),
				...(untimed === 0 ? [] : [`${untimed} refusals did not say when to come back`]),
				...(vitals.rssBytes <= rssBytesMax ? [] : [`memory went to ${Math.round(vitals.rssBytes / MiB)} MiB`]),
				...(backMs <= backMsMax ? [] : [`normal service came back only after ${Math.round(backMs)} ms`]),
			],
		};
	} finally {
		vitals?.stop();
		for (const peer of peers) peer.leave();
		await server.remove();
		await rm(`${server.data}.slow`, { force: true });
	}
}

/** Says something until it is acknowledged and delivered as always, and the server is calm. */
async function normal(ann: Peer, bob: Peer, vitals: Vitals, giveUpMs: number): Promise<boolean> {
	while (performance.now() < giveUpMs) {
		const saidMs = performance.now();
		const before = bob.cursor;
		if ((await ann.say(`ann asks, at ${Math.round(saidMs)}`)) && (await delivered(bob, before))) {
			if (performance.now() - saidMs < NORMAL_MS && (await vitals.levelNow()) === 0) return true;
		}
		await Bun.sleep(50);
	}
	return false;
}

async function delivered(bob: Peer, before: number): Promise<boolean> {
	try {
		await bob.until(() => bob.cursor > before, "what ann has said", NORMAL_MS);
		return true;
	} catch {
		return false;
	}
}

/** Page by page, waiting where the server says so. */
async function wholeLog(reader: Peer): Promise<Entry[]> {
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
