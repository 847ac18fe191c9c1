// The load of the mixed scenario: sends, typing, history pages, joins and leaves at fixed rates, with the expected deliveries. Seeded:
// each run makes the same choices.

import type { EpollLoop } from "../load/epoll-loop.ts";
import { messageText } from "../load/message-text.ts";
import { Samples } from "../load/samples.ts";
import { Schedule } from "../load/schedule.ts";
import { seeded } from "../math.ts";
import type { Guest } from "../peers/verbatim.ts";
import type { Session } from "../peers/verbatim-session.ts";

export interface RoomMembers {
	readonly rooms: readonly string[];
	readonly members: ReadonlyMap<string, readonly Session[]>;
}

/** A slow reader alternates between not reading and reading. */
const PAUSED_MS = 400;
const READING_MS = 100;
const PER_SECOND = { joins: 20, histories: 50, typings: 50 } as const;
const DRAIN_MS = 20_000;
const SEED = 7;

export class MixedLoad {
	messagesSent = 0;
	/** Deliveries due to readers that are not slow. */
	expected = 0;
	joinsAndLeaves = 0;
	typingsSent = 0;
	readonly pages = new Samples();
	readonly failures: string[] = [];
	private readonly loop: EpollLoop;
	private readonly roomMembers: RoomMembers;
	private readonly readers: readonly Guest[];
	private readonly slowReaders: readonly Guest[];
	private readonly joiners: readonly Guest[];
	private readonly random = seeded(SEED);
	private readonly slowSessions: ReadonlySet<Session>;
	private readonly under = new Set<Promise<void>>();
	/** The room that each joiner is in. */
	private readonly currentRooms = new Map<Session, string>();

	constructor(
		loop: EpollLoop,
		roomMembers: RoomMembers,
		readers: readonly Guest[],
		slowReaders: readonly Guest[],
		joiners: readonly Guest[],
	) {
		this.loop = loop;
		this.roomMembers = roomMembers;
		this.readers = readers;
		this.slowReaders = slowReaders;
		this.joiners = joiners;
		this.slowSessions = new Set(slowReaders.map(({ session }) => session));
	}

	/** Runs the load for `seconds`, then waits until all cursors have converged. */
	async live(rate: number, seconds: number): Promise<void> {
		const schedules = [
			new Schedule(rate, () => this.send()),
			new Schedule(PER_SECOND.typings, () => this.type()),
			new Schedule(PER_SECOND.histories, () => this.page()),
			new Schedule(PER_SECOND.joins, (i) => this.joinOrLeave(i)),
		];
		const startMs = performance.now();
		let arePaused = false;
		const go = (): boolean => {
			const nowMs = performance.now() - startMs;
			const shallPause = nowMs < seconds * 1_000 && nowMs % (PAUSED_MS + READING_MS) < PAUSED_MS;
			if (shallPause !== arePaused) this.pauseSlowReaders(shallPause);
			arePaused = shallPause;
			if (nowMs >= seconds * 1_000) return true;
			for (const schedule of schedules) schedule.run();
			return false;
		};
		await this.loop.until(go, seconds * 1_000 + DRAIN_MS);
		await this.loop.during(Promise.all(this.under), "the last answers", DRAIN_MS);
		const isConverged = await this.loop.until(() => this.isConverged(), DRAIN_MS);
		if (!isConverged) this.failures.push("not all readers reached the heads of their rooms");
	}

	private send(): void {
		const room = this.pick(this.roomMembers.rooms);
		const members = this.roomMembers.members.get(room) ?? [];
		const sender = this.pick(members);
		sender.send(room, [messageText(++this.messagesSent, performance.now())]);
		this.expected += members.filter((session) => !this.slowSessions.has(session)).length;
	}

	private type(): void {
		const room = this.pick(this.roomMembers.rooms);
		this.pick(this.roomMembers.members.get(room) ?? []).sendWithoutReply({ typing: { room } });
		this.typingsSent++;
	}

	private page(): void {
		const room = this.pick(this.roomMembers.rooms);
		const reader = this.pick(this.roomMembers.members.get(room) ?? []);
		if (this.slowSessions.has(reader)) return;
		const askedMs = performance.now();
		this.track(reader.ask({ history: { room } }).then(() => this.pages.add(performance.now() - askedMs)));
	}

	private joinOrLeave(index: number): void {
		const guest = this.joiners[index % this.joiners.length];
		if (guest === undefined) return;
		const { session } = guest;
		const room = this.currentRooms.get(session);
		this.joinsAndLeaves++;
		if (room !== undefined) this.currentRooms.delete(session);
		else this.currentRooms.set(session, this.pick(this.roomMembers.rooms));
		const target = room ?? this.currentRooms.get(session) ?? "";
		this.track(session.ask(room === undefined ? { join: { room: target, history: 1 } } : { leave: { room: target } }));
	}

	private pauseSlowReaders(paused: boolean): void {
		for (const { session } of this.slowReaders) {
			if (paused) this.loop.pause(session.connection);
			else this.loop.resume(session.connection);
		}
	}

	/** All sends are acknowledged, and the cursors of each room are equal. */
	private isConverged(): boolean {
		const acked = [...this.readers, ...this.slowReaders].reduce((sum, { session }) => sum + session.acked, 0);
		if (acked < this.messagesSent) return false;
		return this.roomMembers.rooms.every((room) => {
			const cursors = this.roomMembers.members.get(room)?.map(({ connection }) => connection.cursors.get(room)) ?? [];
			return cursors.every((seq) => seq === cursors[0]);
		});
	}

	private track(answer: Promise<unknown>): void {
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
