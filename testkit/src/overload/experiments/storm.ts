// Everybody comes back at once, and each has missed something: as in the storm of `bench`, in many rooms and asking nothing; in a single
// room of all, asking nothing; and there again as pages that ask who is there. All on one server, so that their costs compare: what a
// page asks after a reconnect must not make it much dearer than a client that asks nothing.
import { eventually } from "../../e2e/waiting.ts";
import type { Experiment, Stage } from "../experiment.ts";
import { Peer, type PeerOptions, Tally } from "../peer.ts";
import { Recorder } from "../recorder.ts";
import { cpuSecondsOf } from "../vitals.ts";

export interface StormOptions {
	readonly clients: number;
	/** Rooms of the storm that asks nothing. */
	readonly rooms: number;
	/** Entries said in each room while its people are away. */
	readonly missed: number;
	/** What a page may cost beside a client that asks nothing. */
	readonly ratioMax: number;
}

interface Crowd {
	readonly name: string;
	readonly rooms: number;
	/** Does each ask for the members, with the version of the list it had? */
	readonly asks: boolean;
}

interface Cost {
	readonly cpuMs: number;
	readonly seconds: number;
	/** Of one answer to `who` with a page of members: the server's processor time, in milliseconds. */
	readonly pageMs: number | undefined;
	readonly failures: readonly string[];
}

/** Members are made by guests who join and go, so many at a time: nobody is there to be told of all the others. */
const JOINING_AT_ONCE = 50;
/** Connections being opened at once: below a listener's backlog. */
const BACK_AT_ONCE = 400;
const PATIENCE_MS = 120_000;
/** Who is not let in and not told when, tries again after this. */
const AGAIN_MS = 500;
const MEMBERS_ASKED = 1_000;
const PAGES_ASKED = 1_000;
const PAGES_AT_ONCE = 20;

/** The storm that docs/performance.md tells of. */
export const storm = stormOf({ clients: 10_000, rooms: 100, missed: 100, ratioMax: 1.5 });

export function stormOf({ clients, rooms, missed, ratioMax }: StormOptions): Experiment {
	return {
		name: "storm",
		about: `${clients} pages in one room of ${clients} come back at once, each ${missed} entries behind, beside as many clients in ${rooms} rooms that ask nothing`,
		flags: [
			"--limits.connections=100000",
			"--limits.connectionsPerAddress=100000",
			"--limits.opensPerSecond=1000000",
			"--limits.opensBurst=1000000",
			"--limits.opensPerAddressPerSecond=1000000",
			"--limits.opensPerAddressBurst=1000000",
			"--limits.loginsPerMinute=1000000",
		],
		rssBytesMax: 800 * 1024 * 1024,
		async load(stage) {
			const many = await comeBack(stage, { name: "many", rooms, asks: false });
			const one = await comeBack(stage, { name: "one", rooms: 1, asks: false });
			const page = await comeBack(stage, { name: "page", rooms: 1, asks: true });
			const ratio = page.cpuMs / many.cpuMs;
			stage.note(`in ${rooms} rooms, asking nothing: ${words(many)}`);
			stage.note(`in one room, asking nothing: ${words(one)}`);
			stage.note(`in one room, asking for the members by their version: ${words(page)}; ${ratio.toFixed(2)} times the first`);
			stage.note(`a page of ${MEMBERS_ASKED} members at most, to who has none: ${page.pageMs?.toFixed(2)} ms`);
			return [
				...many.failures,
				...one.failures,
				...page.failures,
				...(ratio <= ratioMax ? [] : [`a page costs ${ratio.toFixed(2)} times what a client costs that asks nothing`]),
			];
		},
	};

	async function comeBack({ server, tally, vitals }: Stage, { name, rooms: count, asks }: Crowd): Promise<Cost> {
		const options = (guest: string) => ({ port: server.tcpPort, name: guest, recorder: new Recorder(), tally: new Tally() });
		const roomOf = (i: number): string => `#${name}${i % count}`;
		const speakers: Peer[] = [];
		for (let i = 0; i < count; i++) {
			const speaker = await guest(options(`${name}-speaker${i}`));
			await speaker.join(roomOf(i), false);
			speakers.push(speaker);
		}
		const away = await eachOf(clients, JOINING_AT_ONCE, async (i) => {
			const peer = await guest(options(`${name}${i}`));
			await peer.join(roomOf(i), false);
			peer.leave();
			return peer;
		});
		// All stand at the head, and know the list of members as it is, as those do who have followed the log.
		const lists = await eachOf(count, BACK_AT_ONCE, async (i) => {
			const speaker = mustBe(speakers[i]);
			await speaker.until(() => speaker.cursor === 1 + members(i), "the joins of all", PATIENCE_MS);
			const body = await speaker.ask({ case: "who", value: { room: speaker.room, limit: 1 } });
			if (body.case !== "memberList") throw new Error(`who was answered by ${body.case}`);
			return body.value;
		});
		for (const [i, peer] of away.entries()) peer.cursor = mustBe(speakers[i % count]).cursor;
		await eachOf(count, BACK_AT_ONCE, (i) =>
			Promise.all(Array.from({ length: missed }, (_, n) => mustBe(speakers[i]).say(`${n} ${"y".repeat(60)}`))),
		);

		// What is measured begins on a server that is calm.
		await eventually(
			async () => (await vitals.levelNow()) === 0 || undefined,
			() => "the server is calm",
			PATIENCE_MS,
		);
		const failures: string[] = [];
		const cpuBefore = cpuSecondsOf(server.pid);
		const beganMs = performance.now();
		const back = await eachOf(clients, BACK_AT_ONCE, async (i) => {
			const before = mustBe(away[i]);
			tally.offered++;
			const peer = await letIn(options(before.name), (peer) => peer.resume(before), tally);
			if (!asks) return peer;
			const { epoch, version } = mustBe(lists[i % count]);
			const body = await peer.ask({ case: "who", value: { room: peer.room, limit: MEMBERS_ASKED, epoch, version } });
			if (body.case !== "memberList") failures.push(`who was answered by ${body.case}`);
			else if (!body.value.same) failures.push("a list that had not changed was sent again");
			return peer;
		});
		for (const [i, peer] of back.entries()) {
			await peer.until(() => peer.cursor >= 1 + members(i) + missed, "everything", PATIENCE_MS);
		}
		const seconds = (performance.now() - beganMs) / 1_000;
		const cpuMs = ((cpuSecondsOf(server.pid) - cpuBefore) * 1_000) / clients;
		tally.done += back.filter((peer) => peer.given === missed && peer.gaps === 0).length;
		const wrong = back.filter((peer) => peer.given !== missed || peer.gaps > 0);
		if (wrong.length > 0)
			failures.push(`${wrong.length} were given something else than the ${missed} entries they missed, in order`);
		const pageMs = asks ? await pageCost(back) : undefined;
		for (const peer of [...back, ...speakers]) peer.leave();
		return { cpuMs, seconds, pageMs, failures: failures.slice(0, 5) };

		async function pageCost(peers: readonly Peer[]): Promise<number> {
			const asking = peers.slice(0, PAGES_ASKED);
			const before = cpuSecondsOf(server.pid);
			await eachOf(asking.length, PAGES_AT_ONCE, (i) => {
				const peer = mustBe(asking[i]);
				return peer.ask({ case: "who", value: { room: peer.room, limit: MEMBERS_ASKED } });
			});
			return ((cpuSecondsOf(server.pid) - before) * 1_000) / asking.length;
		}

		/** Those in the room beside its speaker. */
		function members(i: number): number {
			const room = i % count;
			return Math.floor(clients / count) + (room < clients % count ? 1 : 0);
		}
	}
}

/** Connects until it is let in, and waits in between as it is told. */
async function letIn(options: PeerOptions, hello: (peer: Peer) => ReturnType<Peer["hello"]>, tally: Tally): Promise<Peer> {
	for (;;) {
		const peer = await Peer.connect(options);
		const body = await hello(peer);
		if (body.case === "welcome") return peer;
		if (body.case === "failure") tally.failed(body.value);
		peer.leave();
		await Bun.sleep((body.case === "failure" && body.value.retryAfterMs) || AGAIN_MS);
	}
}

function guest(options: PeerOptions): Promise<Peer> {
	return letIn(options, (peer) => peer.hello({ case: "guest", value: { name: options.name } }), options.tally);
}

/** The results of `work` for 0 to `count` - 1, so many at once. */
async function eachOf<T>(count: number, atOnce: number, work: (i: number) => Promise<T>): Promise<T[]> {
	const results: T[] = [];
	let next = 0;
	const worker = async (): Promise<void> => {
		for (let i = next++; i < count; i = next++) results[i] = await work(i);
	};
	await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
	return results;
}

function mustBe<T>(value: T | undefined): T {
	if (value === undefined) throw new Error("somebody is missing");
	return value;
}

function words({ cpuMs, seconds }: Cost): string {
	return `${cpuMs.toFixed(2)} ms of the server's processors a client, all have all after ${seconds.toFixed(1)} s`;
}
