// What goes on in the mixed scenario, how often, and what is due to whom. The choices are seeded: each run's day is the same.
import { Samples } from "../load/samples.ts";
import { Schedule } from "../load/schedule.ts";
import type { Swarm } from "../load/swarm.ts";
import { textOf } from "../load/text.ts";
import type { Guest } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";
import { seeded } from "../random.ts";

export interface Town {
	readonly rooms: readonly string[];
	readonly members: ReadonlyMap<string, readonly Session[]>;
}

/** A slow reader's day: so long deaf, so long reading, again and again. */
const DEAF_MS = 400;
const READING_MS = 100;
const PER_SECOND = { joins: 20, histories: 50, typings: 50 } as const;
const DRAIN_MS = 20_000;
const SEED = 7;

/** What goes on, and what is due to whom. */
export class Day {
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
		const isEven = await this.swarm.until(() => this.isEven(), DRAIN_MS);
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
