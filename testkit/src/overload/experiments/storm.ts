// Everybody comes back at once, and each has missed something: as in the storm of `bench`, in many rooms and asking nothing; in a single
// room of all, asking nothing; and there again as pages that ask who is there. All on one server, so that their costs compare: what a
// page asks after a reconnect must not make it much dearer than a client that asks nothing.
import { eventually } from "../../e2e/waiting.ts";
import type { Experiment, ExperimentContext } from "../experiment.ts";
import { HistoryRecorder } from "../history-recorder.ts";
import { LoadClient, type LoadClientOptions, Tally } from "../load-client.ts";
import { cpuSecondsOf } from "../server-monitor.ts";

export interface StormOptions {
	readonly clients: number;
	/** Rooms of the storm that asks nothing. */
	readonly rooms: number;
	/** Entries said in each room while its people are away. */
	readonly missed: number;
	/** What a page may cost beside a client that asks nothing. */
	readonly ratioMax: number;
}

interface StormGroup {
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
		async load(context) {
			const many = await reconnect(context, { name: "many", rooms, asks: false });
			const one = await reconnect(context, { name: "one", rooms: 1, asks: false });
			const page = await reconnect(context, { name: "page", rooms: 1, asks: true });
			const ratio = page.cpuMs / many.cpuMs;
			context.note(`in ${rooms} rooms, asking nothing: ${words(many)}`);
			context.note(`in one room, asking nothing: ${words(one)}`);
			context.note(`in one room, asking for the members by their version: ${words(page)}; ${ratio.toFixed(2)} times the first`);
			context.note(`a page of ${MEMBERS_ASKED} members at most, to who has none: ${page.pageMs?.toFixed(2)} ms`);
			return [
				...many.failures,
				...one.failures,
				...page.failures,
				...(ratio <= ratioMax ? [] : [`a page costs ${ratio.toFixed(2)} times what a client costs that asks nothing`]),
			];
		},
	};

	async function reconnect(
		{ server, tally, monitor }: ExperimentContext,
		{ name, rooms: count, asks }: StormGroup,
	): Promise<Cost> {
		const options = (guest: string) => ({
			port: server.tcpPort,
			name: guest,
			recorder: new HistoryRecorder(),
			tally: new Tally(),
		});
		const roomOf = (i: number): string => `#${name}${i % count}`;
		const senders: LoadClient[] = [];
		for (let i = 0; i < count; i++) {
			const sender = await guest(options(`${name}-speaker${i}`));
			await sender.join(roomOf(i), false);
			senders.push(sender);
		}
		const away = await mapConcurrently(clients, JOINING_AT_ONCE, async (i) => {
			const client = await guest(options(`${name}${i}`));
			await client.join(roomOf(i), false);
			client.leave();
			return client;
		});
		// All stand at the head, and know the list of members as it is, as those do who have followed the log.
		const lists = await mapConcurrently(count, BACK_AT_ONCE, async (i) => {
			const sender = mustBe(senders[i]);
			await sender.until(() => sender.cursor === 1 + members(i), "the joins of all", PATIENCE_MS);
			const body = await sender.ask({ case: "who", value: { room: sender.room, limit: 1 } });
			if (body.case !== "memberList") throw new Error(`who was answered by ${body.case}`);
			return body.value;
		});
		for (const [i, client] of away.entries()) client.cursor = mustBe(senders[i % count]).cursor;
		await mapConcurrently(count, BACK_AT_ONCE, (i) =>
			Promise.all(Array.from({ length: missed }, (_, n) => mustBe(senders[i]).send(`${n} ${"y".repeat(60)}`))),
		);

		// What is measured begins on a server that is calm.
		await eventually(
			async () => (await monitor.levelNow()) === 0 || undefined,
			() => "the server is calm",
			PATIENCE_MS,
		);
		const failures: string[] = [];
		const cpuBefore = cpuSecondsOf(server.pid);
		const beganMs = performance.now();
		const back = await mapConcurrently(clients, BACK_AT_ONCE, async (i) => {
			const before = mustBe(away[i]);
			tally.offered++;
			const client = await connectUntilAdmitted(options(before.name), (client) => client.resume(before), tally);
			if (!asks) return client;
			const { epoch, version } = mustBe(lists[i % count]);
			const body = await client.ask({ case: "who", value: { room: client.room, limit: MEMBERS_ASKED, epoch, version } });
			if (body.case !== "memberList") failures.push(`who was answered by ${body.case}`);
			else if (!body.value.same) failures.push("a list that had not changed was sent again");
			return client;
		});
		for (const [i, client] of back.entries()) {
			await client.until(() => client.cursor >= 1 + members(i) + missed, "everything", PATIENCE_MS);
		}
		const seconds = (performance.now() - beganMs) / 1_000;
		const cpuMs = ((cpuSecondsOf(server.pid) - cpuBefore) * 1_000) / clients;
		tally.done += back.filter((client) => client.given === missed && client.gaps === 0).length;
		const wrong = back.filter((client) => client.given !== missed || client.gaps > 0);
		if (wrong.length > 0)
			failures.push(`${wrong.length} were given something else than the ${missed} entries they missed, in order`);
		const pageMs = asks ? await pageCost(back) : undefined;
		for (const client of [...back, ...senders]) client.leave();
		return { cpuMs, seconds, pageMs, failures: failures.slice(0, 5) };

		async function pageCost(clients: readonly LoadClient[]): Promise<number> {
			const asking = clients.slice(0, PAGES_ASKED);
			const before = cpuSecondsOf(server.pid);
			await mapConcurrently(asking.length, PAGES_AT_ONCE, (i) => {
				const client = mustBe(asking[i]);
				return client.ask({ case: "who", value: { room: client.room, limit: MEMBERS_ASKED } });
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
async function connectUntilAdmitted(
	options: LoadClientOptions,
	hello: (client: LoadClient) => ReturnType<LoadClient["hello"]>,
	tally: Tally,
): Promise<LoadClient> {
	for (;;) {
		const client = await LoadClient.connect(options);
		const body = await hello(client);
		if (body.case === "welcome") return client;
		if (body.case === "failure") tally.failed(body.value);
		client.leave();
		await Bun.sleep((body.case === "failure" && body.value.retryAfterMs) || AGAIN_MS);
	}
}

function guest(options: LoadClientOptions): Promise<LoadClient> {
	return connectUntilAdmitted(options, (client) => client.hello({ case: "guest", value: { name: options.name } }), options.tally);
}

/** The results of `work` for 0 to `count` - 1, so many at once. */
async function mapConcurrently<T>(count: number, atOnce: number, work: (i: number) => Promise<T>): Promise<T[]> {
	const results: T[] = [];
	let next = 0;
	const worker = async (): Promise<void> => {
		for (let i = next++; i < count; i = next++) results[i] = await work(i);
	};
	await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
	return results;
}

function mustBe<T>(value: T | undefined): T {
	if (value === undefined) throw new Error("a client is missing");
	return value;
}

function words({ cpuMs, seconds }: Cost): string {
	return `${cpuMs.toFixed(2)} ms of the server's processors a client, all have all after ${seconds.toFixed(1)} s`;
}
