// An ordinary day, fast: users in several rooms each, of whom some talk, some type, some page back, some wander in and out of rooms, and
// one in a hundred reads slowly. Everybody has to have everything in the end, the slow ones too; the latencies are the others'.

import { failuresOf } from "../failures.ts";
import { Crowd } from "../load/connection.ts";
import { Samples } from "../load/samples.ts";
import { Schedule } from "../load/schedule.ts";
import type { Swarm } from "../load/swarm.ts";
import { textOf } from "../load/text.ts";
import { type Guest, guests, withServer } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";
import { usageOf } from "../proc.ts";
import { seeded } from "../random.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";

export interface MixedOptions {
	/** Users. */
	readonly receivers: number;
	readonly rooms: number;
	/** Messages a second, over all rooms. */
	readonly rate: number;
	readonly seconds: number;
}

const ROOMS_EACH = 5;
const SLOW_ONE_IN = 100;
/** A slow reader's day: so long deaf, so long reading, again and again. */
const DEAF_MS = 400;
const READING_MS = 100;
const WANDERERS = 20;
const PER_SECOND = { joins: 20, histories: 50, typings: 50 } as const;
/** One user in so many has its latencies taken. */
const SAMPLED_ONE_IN = 10;
const DRAIN_MS = 20_000;
const SEED = 7;

export function mixed(options: MixedOptions): Promise<Result[]> {
	return withServer(async (server, swarm) => {
		const port = server.httpPort;
		const [crowd, slowCrowd, wanderCrowd] = [new Crowd(), new Crowd(), new Crowd()];
		const slowCount = Math.max(1, Math.floor(options.receivers / SLOW_ONE_IN));
		const well = await guests(swarm, { port, crowd }, options.receivers - slowCount, "well-");
		const slow = await guests(swarm, { port, crowd: slowCrowd, receiveBytes: 16_384 }, slowCount, "slow-");
		const wanderers = await guests(swarm, { port, crowd: wanderCrowd }, WANDERERS, "wanderer-");
		const town = await settle(swarm, [...well, ...slow], options.rooms);
		const day = new Day(swarm, town, well, slow, wanderers);
		await day.live(options.rate, 1);
		const samples = new Samples();
		for (const [i, { session }] of well.entries()) if (i % SAMPLED_ONE_IN === 0) session.connection.samples = samples;
		const had = { said: day.said, delivered: crowd.delivered };
		const before = usageOf(server.pid);
		const startMs = performance.now();
		await day.live(options.rate, options.seconds);
		const seconds = (performance.now() - startMs) / 1_000;
		const after = usageOf(server.pid);
		const delivered = crowd.delivered - had.delivered;
		const sessions = [...well, ...slow, ...wanderers].map(({ session }) => session);
		return [
			{
				scenario: "mixed",
				peer: "Verbatim",
				durability: DURABILITY,
				receivers: options.receivers,
				delivered: crowd.delivered,
				expected: day.due,
				deliveriesPerSecond: delivered / seconds,
				ackedPerSecond: (day.said - had.said) / seconds,
				p50Ms: samples.percentile(0.5),
				p99Ms: samples.percentile(0.99),
				cpuUsPerDelivery: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / delivered,
				failures: [
					...failuresOf(crowd, crowd.delivered, day.due, sessions),
					...failuresOf(slowCrowd, 0, 0),
					...failuresOf(wanderCrowd, 0, 0),
					...day.failures,
				],
				more: {
					rooms: options.rooms,
					roomsEach: ROOMS_EACH,
					slowReaders: slowCount,
					joinsAndLeaves: day.wandered,
					historyPages: day.pages.count,
					historyP99Ms: day.pages.percentile(0.99) ?? 0,
					typings: day.typed,
					serverCores: (after.cpuSeconds - before.cpuSeconds) / seconds,
					rssMiB: after.rssBytes / 2 ** 20,
				},
			},
		];
	});
}

interface Town {
	readonly rooms: readonly string[];
	readonly members: ReadonlyMap<string, readonly Session[]>;
}

/** Everybody joins their rooms; who is in which is spread evenly. */
async function settle(swarm: Swarm, people: readonly Guest[], count: number): Promise<Town> {
	const names = Array.from({ length: count }, (_, i) => `mixed${i}`);
	const [founder] = people;
	const found = names.map((name) => founder?.session.join(name));
	const rooms = (await swarm.during(Promise.all(found), "founding rooms")).map((room) => room ?? "");
	const members = new Map<string, Session[]>(rooms.map((room) => [room, founder === undefined ? [] : [founder.session]]));
	const join = async ({ session }: Guest, person: number): Promise<void> => {
		for (let k = 0; k < Math.min(ROOMS_EACH, count); k++) {
			const at = (person + k * Math.ceil(count / ROOMS_EACH)) % count;
			const room = await session.join(names[at] ?? "");
			const here = members.get(room);
			if (here !== undefined && !here.includes(session)) here.push(session);
		}
	};
	await swarm.during(Promise.all(people.slice(1).map((guest, i) => join(guest, i + 1))), "joining", 120_000);
	return { rooms, members };
}

/** What goes on, and what is due to whom. */
class Day {
	said = 0;
	/** Deliveries due to those who read well. */
	due = 0;
	wandered = 0;
	typed = 0;
	readonly pages = new Samples();
	readonly failures: string[] = [];
	private readonly swarm: Swarm;
	private readonly town: Town;
	private readonly well: readonly Guest[];
	private readonly slow: readonly Guest[];
	private readonly wanderers: readonly Guest[];
	private readonly random = seeded(SEED);
	private readonly slowSessions: ReadonlySet<Session>;
	private readonly under = new Set<Promise<void>>();
	/** The room in which each wanderer is. */
	private readonly inside = new Map<Session, string>();

	constructor(swarm: Swarm, town: Town, well: readonly Guest[], slow: readonly Guest[], wanderers: readonly Guest[]) {
		this.swarm = swarm;
		this.town = town;
		this.well = well;
		this.slow = slow;
		this.wanderers = wanderers;
		this.slowSessions = new Set(slow.map(({ session }) => session));
	}

	/** Lets it go on for so long, then waits until everybody has everything. */
	async live(rate: number, seconds: number): Promise<void> {
		const schedules = [
			new Schedule(rate, () => this.say()),
			new Schedule(PER_SECOND.typings, () => this.type()),
			new Schedule(PER_SECOND.histories, () => this.page()),
			new Schedule(PER_SECOND.joins, (i) => this.wander(i)),
		];
		const startMs = performance.now();
		let areDeaf = false;
		const go = (): boolean => {
			const nowMs = performance.now() - startMs;
			const shallBeDeaf = nowMs < seconds * 1_000 && nowMs % (DEAF_MS + READING_MS) < DEAF_MS;
			if (shallBeDeaf !== areDeaf) this.deafen(shallBeDeaf);
			areDeaf = shallBeDeaf;
			if (nowMs >= seconds * 1_000) return true;
			for (const schedule of schedules) schedule.run();
			return false;
		};
		await this.swarm.until(go, seconds * 1_000 + DRAIN_MS);
		await this.swarm.during(Promise.all(this.under), "the last answers", DRAIN_MS);
		const isEven = await this.swarm.until(() => this.well[0]?.session !== undefined && this.isEven(), DRAIN_MS);
		if (!isEven) this.failures.push("not everybody reached the head of all their rooms");
	}

	private say(): void {
		const room = this.pick(this.town.rooms);
		const members = this.town.members.get(room) ?? [];
		const speaker = this.pick(members);
		speaker.say(room, [textOf(++this.said, performance.now())]);
		this.due += members.filter((session) => !this.slowSessions.has(session)).length;
	}

	private type(): void {
		const room = this.pick(this.town.rooms);
		this.pick(this.town.members.get(room) ?? []).tell({ typing: { room } });
		this.typed++;
	}

	private page(): void {
		const room = this.pick(this.town.rooms);
		const reader = this.pick(this.town.members.get(room) ?? []);
		if (this.slowSessions.has(reader)) return;
		const askedMs = performance.now();
		this.follow(reader.ask({ history: { room } }).then(() => this.pages.add(performance.now() - askedMs)));
	}

	private wander(index: number): void {
		const guest = this.wanderers[index % this.wanderers.length];
		if (guest === undefined) return;
		const { session } = guest;
		const room = this.inside.get(session);
		this.wandered++;
		if (room !== undefined) this.inside.delete(session);
		else this.inside.set(session, this.pick(this.town.rooms));
		const target = room ?? this.inside.get(session) ?? "";
		this.follow(session.ask(room === undefined ? { join: { room: target, history: 1 } } : { leave: { room: target } }));
	}

	private deafen(deaf: boolean): void {
		for (const { session } of this.slow) {
			if (deaf) this.swarm.pause(session.connection);
			else this.swarm.resume(session.connection);
		}
	}

	/** Does everybody stand where the newest member of each room does, and have all sends been acknowledged? */
	private isEven(): boolean {
		const acked = [...this.well, ...this.slow].reduce((sum, { session }) => sum + session.acked, 0);
		if (acked < this.said) return false;
		return this.town.rooms.every((room) => {
			const cursors = this.town.members.get(room)?.map(({ connection }) => connection.cursors.get(room)) ?? [];
			return cursors.every((seq) => seq === cursors[0]);
		});
	}

	private follow(answer: Promise<unknown>): void {
		const tracked: Promise<void> = answer
			.then(
				() => {},
				(error: unknown) => void this.failures.push(String(error)),
			)
			.finally(() => this.under.delete(tracked));
		this.under.add(tracked);
	}

	private pick<T>(from: readonly T[]): T {
		const one = from[Math.floor(this.random() * from.length)];
		if (one === undefined) throw new Error("nothing to choose from");
		return one;
	}
}
