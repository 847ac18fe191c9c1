// The rooms in memory, and the one place where commits are delivered to subscribers. A run of entries with the same subscribers
// is one push. A join or a leave ends the run, so that authorisation follows the order of the log: a joining user gets the entry
// of the join and all after it, a leaving user the entry of the leave and none after it.
import { type Effect, type Entry, effectsOf, Room_Standing } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Faults } from "../base/faults.ts";
import type { Bus, UserEvent } from "../bus/bus.ts";
import { joins } from "../bus/publish-commits.ts";
import type { Committed, UserRef } from "../store/store.ts";
import { type GapParts, Gaps } from "./gaps.ts";
import type { MemberLists } from "./member-lists.ts";
import { LiveRoom, type RoomLimits } from "./room.ts";
import type { Subscriber } from "./subscriber.ts";

/** How long a room without subscribers, and an idle room's newest entries, are kept: longer than any read takes. */
const IDLE_MS = 60_000;

/** This node's sessions, by user. */
export interface SubscribersByUser {
	of(user: string): Iterable<Subscriber>;
	has(user: string): boolean;
}

/** Notified of members, to publish their presence. */
export interface MemberWatch {
	/** The user has become a member, perhaps by a command whose session has ended since. */
	entered(user: string, room: string): void;
	/** The entry that made the user a member has been delivered. */
	joined(user: UserRef, room: string): void;
}

type Joined = Extract<UserEvent, { kind: "joined" | "left" }>;

export interface RoomsParts extends GapParts {
	readonly directory: SubscribersByUser;
	readonly presence: MemberWatch;
	readonly lists: Pick<MemberLists, "changed">;
	readonly clock: Pick<Clock, "monotonic" | "after">;
	readonly faults: Faults;
	readonly bus: Pick<Bus, "followRoom" | "unfollowRoom">;
	readonly limits: RoomLimits & GapParts["limits"];
}

export class Rooms {
	private readonly live = new Map<string, LiveRoom>();
	private readonly directory: SubscribersByUser;
	private readonly presence: MemberWatch;
	private readonly lists: Pick<MemberLists, "changed">;
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly faults: Faults;
	private readonly bus: Pick<Bus, "followRoom" | "unfollowRoom">;
	private readonly limits: RoomLimits;
	readonly gaps: Gaps;
	/** Counts rooms that became live, and batches with entries of one. */
	changes = 0;
	/** The next sweep; none while no room is live. */
	private cancelSweep: Cancel | undefined;

	constructor(parts: RoomsParts) {
		this.directory = parts.directory;
		this.presence = parts.presence;
		this.lists = parts.lists;
		this.clock = parts.clock;
		this.faults = parts.faults;
		this.bus = parts.bus;
		this.limits = parts.limits;
		this.gaps = new Gaps(parts, (committed) => this.deliverOrEnd(committed));
	}

	/** Rooms in memory, for metrics. */
	get size(): number {
		return this.live.size;
	}

	/**
	 * The live room, for a caller that has just read its `head`. What is committed after that read arrives here, because a live
	 * room is kept for a while even without subscribers. The read may be ahead of the notification of its commit, which must
	 * still reach the subscribers behind it: so the head of a live room is raised by `committed` alone, and is clamped to what
	 * each new subscriber's read has seen (`LiveRoom.clampHead`).
	 */
	open(id: string, epoch: number, head: number): LiveRoom {
		const room = this.getOrOpen(id, epoch, head);
		if (epoch === room.epoch) room.clampHead(head);
		if (room.isUnread) {
			room.isUnread = false;
			this.gaps.readOn(room);
		}
		return room;
	}

	get(id: string): LiveRoom | undefined {
		return this.live.get(id);
	}

	/** The live rooms that have subscribers. */
	*subscribed(): Iterable<LiveRoom> {
		for (const room of this.live.values()) if (room.subscribers.size > 0) yield room;
	}

	/** Delivers what a batch has committed in one room. */
	committed(committed: Committed): void {
		this.deliverOrEnd(committed);
		const room = this.gaps.isEmpty ? undefined : this.live.get(committed.room);
		if (room !== undefined) this.gaps.follow(room);
	}

	private deliverOrEnd(committed: Committed): void {
		try {
			this.deliver(committed);
		} catch (cause) {
			this.faults.report("rooms", "what a batch has committed in a room could not be delivered", cause, {
				room: committed.room,
			});
			// The room's readers are not certain any more: its sessions end, and are resumed.
			this.live.get(committed.room)?.subscribers.each(({ subscriber }) => subscriber.broken(cause));
		}
	}

	/** An entry has made the user a member. Its commit may be delivered before, after, or never. */
	joined({ user, room, epoch, seq }: Joined): void {
		if (this.directory.has(user)) this.join(user, this.open(room, epoch, seq - 1), seq);
	}

	/** An entry has ended the user's membership. */
	left({ user, room, seq }: Pick<Joined, "user" | "room" | "seq">): void {
		this.notify(user, (subscriber) => subscriber.memberLeft(room, seq));
	}

	invited({ user, room, seq, by }: Pick<Extract<UserEvent, { kind: "invited" }>, "user" | "room" | "seq" | "by">): void {
		this.notify(user, (subscriber) => subscriber.invited(room, seq, by));
	}

	/** The user has declined the invitation to `room`; there is no entry for it. */
	declined(room: string, user: string): void {
		this.lists.changed(room);
		this.notify(user, (subscriber) => subscriber.declined(room));
	}

	/** Stops sweeps and reads. */
	stop(): void {
		this.gaps.stop();
		this.endSweeps();
	}

	private endSweeps(): void {
		this.cancelSweep?.();
		this.cancelSweep = undefined;
	}

	private deliver(committed: Committed): void {
		const first = committed.entries[0];
		if (first === undefined) return;
		const room = this.getOrOpen(committed.room, committed.epoch, first.seq - 1);
		room.idleSinceMs = this.clock.monotonic();
		room.change = ++this.changes;
		if (first.seq > room.head + 1) {
			// The entries between were not seen here.
			this.lists.changed(room.id);
			if (room.subscribers.size > 0) {
				this.gaps.buffer(room, committed);
				return;
			}
			room.begin(first.seq - 1);
		}
		let run: Entry[] = [];
		const publishRun = (): void => {
			const entries = run;
			run = [];
			if (entries.length > 0) this.publish(room, { ...committed, entries });
		};
		for (const entry of committed.entries) {
			const changes = effectsOf(entry);
			if (changes.some(joins)) publishRun();
			for (const change of changes) if (joins(change)) this.before(room, entry.seq, change);
			run.push(entry);
			if (changes.length === 0) continue;
			publishRun();
			this.lists.changed(room.id);
			for (const change of changes) this.after(room, entry, change);
		}
		publishRun();
	}

	private publish(room: LiveRoom, run: Committed): void {
		try {
			room.publish(run);
		} catch (cause) {
			this.faults.report("rooms", "entries could not be delivered live, and are read from the log", cause, { room: room.id });
			room.notify(run);
			room.leaveToLog(run.entries.at(-1)?.seq ?? 0);
		}
	}

	/** Applies a new membership before its entry is published. */
	private before(room: LiveRoom, seq: number, { user }: Effect): void {
		this.join(user.id, room, seq);
		this.faults.guard("presence", "presence was not told of a member", () => this.presence.entered(user.id, room.id));
	}

	/** Applies a membership change after its entry was published. */
	private after(room: LiveRoom, entry: Entry, change: Effect): void {
		if (change.kind === "gone") {
			this.left({ user: change.user.id, room: room.id, seq: entry.seq });
		} else if (joins(change)) {
			this.faults.guard("presence", "presence was not told of a member", () => this.presence.joined(change.user, room.id));
		} else if (change.standing === Room_Standing.INVITED && entry.sender !== undefined) {
			this.invited({ user: change.user.id, room: room.id, seq: entry.seq, by: entry.sender });
		}
	}

	private join(user: string, room: LiveRoom, seq: number): void {
		this.notify(user, (subscriber) => subscriber.memberJoined(user, room, seq));
	}

	/** Notifies each of the user's sessions here. One that throws ends itself. */
	private notify(user: string, what: (subscriber: Subscriber) => void): void {
		for (const subscriber of this.directory.of(user)) {
			try {
				what(subscriber);
			} catch (cause) {
				subscriber.broken(cause);
			}
		}
	}

	/** The live room; opens it with `head` if it is not live. */
	private getOrOpen(id: string, epoch: number, head: number): LiveRoom {
		let room = this.live.get(id);
		if (room === undefined) {
			room = new LiveRoom(id, epoch, head, this.limits);
			room.idleSinceMs = this.clock.monotonic();
			room.change = ++this.changes;
			this.live.set(id, room);
			this.bus.followRoom(id);
			this.cancelSweep ??= this.clock.after(IDLE_MS, () => this.sweep());
		}
		return room;
	}

	private sweep(): void {
		this.cancelSweep = this.clock.after(IDLE_MS, () => this.sweep());
		const now = this.clock.monotonic();
		for (const [id, room] of this.live) {
			if (now - room.idleSinceMs <= IDLE_MS) continue;
			if (room.subscribers.size > 0) {
				room.clearRing();
				continue;
			}
			this.live.delete(id);
			this.bus.unfollowRoom(id);
		}
		if (this.live.size === 0) this.endSweeps();
	}
}
