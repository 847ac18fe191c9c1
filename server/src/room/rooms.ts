// The rooms that are live in memory, and the one place where what was committed meets those who read. A run of entries with
// the same readers is one push; a join or a leave ends the run, so that authorisation has its place in the order of the log:
// whoever joins gets the entry that says so and all after it, whoever leaves gets the entry that says so and none after it.
import { type Effect, type Entry, effectsOf, Room_Standing } from "@verbatim/protocol";
import type { Cancel, Clock } from "../clock.ts";
import type { Committed } from "../store/store.ts";
import type { Directory } from "./directory.ts";
import type { Presence } from "./presence.ts";
import { LiveRoom, type RoomLimits } from "./room.ts";

/** A room nobody reads, and a quiet room's newest entries, are kept this long: longer than any read may be under way. */
const IDLE_MS = 60_000;

type MembershipEffect = Extract<Effect, { kind: "member" | "gone" }>;

export class Rooms {
	private readonly live = new Map<string, LiveRoom>();
	private readonly directory: Directory;
	private readonly presence: Pick<Presence, "entered">;
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly limits: RoomLimits;
	/** The sweep to come; none while no room is live. */
	private cancelSweep: Cancel | undefined;

	constructor(
		directory: Directory,
		presence: Pick<Presence, "entered">,
		clock: Pick<Clock, "monotonic" | "after">,
		limits: RoomLimits,
	) {
		this.directory = directory;
		this.presence = presence;
		this.clock = clock;
		this.limits = limits;
	}

	/** Rooms in memory, for metrics. */
	get size(): number {
		return this.live.size;
	}

	/**
	 * The live room, for a caller that has just read its `head`. What is committed after that read comes here, because a committed
	 * room stays live for a while even without readers. A read may be ahead of the news of its commit, which must still reach those
	 * who stand before it: so the head of a live room is raised by `committed` alone, and is lowered to what the most cautious
	 * reader knows as long as it only rests on a read.
	 */
	open(id: string, epoch: number, head: number): LiveRoom {
		const room = this.enliven(id, epoch, head);
		if (epoch === room.epoch) room.notBeyond(head);
		return room;
	}

	get(id: string): LiveRoom | undefined {
		return this.live.get(id);
	}

	/** Delivers one batch. */
	committed(batch: readonly Committed[]): void {
		for (const committed of batch) this.deliver(committed);
	}

	/** Ends the sweeps. */
	stop(): void {
		this.cancelSweep?.();
		this.cancelSweep = undefined;
	}

	private deliver(committed: Committed): void {
		const first = committed.entries[0];
		if (first === undefined) return;
		const room = this.enliven(committed.room, committed.epoch, first.seq - 1);
		room.idleSinceMs = this.clock.monotonic();
		let run: Entry[] = [];
		const publishRun = (): void => {
			if (run.length > 0) room.publish({ ...committed, entries: run });
			run = [];
		};
		for (const entry of committed.entries) {
			const changes = membershipOf(entry);
			if (changes.some(joins)) publishRun();
			for (const change of changes) if (joins(change)) this.before(room, entry.seq, change);
			run.push(entry);
			if (changes.length === 0) continue;
			publishRun();
			for (const change of changes) this.after(room, entry, change);
		}
		publishRun();
	}

	/** What follows from a new membership before its entry is published. */
	private before(room: LiveRoom, seq: number, { user }: MembershipEffect): void {
		for (const device of this.directory.of(user.id)) device.memberNow(user.id, room, seq);
		this.presence.entered(user.id, room);
	}

	/** What follows from a membership change once its entry has been published. */
	private after(room: LiveRoom, entry: Entry, change: MembershipEffect): void {
		if (change.kind === "gone") {
			for (const device of this.directory.of(change.user.id)) device.memberNoLonger(room.id);
		} else if (change.standing === Room_Standing.INVITED && entry.sender !== undefined) {
			for (const device of this.directory.of(change.user.id)) device.invited(room.id, entry.sender);
		}
	}

	/** The live room; where it is not live yet it is now, and ends at `head`. */
	private enliven(id: string, epoch: number, head: number): LiveRoom {
		let room = this.live.get(id);
		if (room === undefined) {
			room = new LiveRoom(id, epoch, head, this.limits);
			room.idleSinceMs = this.clock.monotonic();
			this.live.set(id, room);
			this.cancelSweep ??= this.clock.after(IDLE_MS, () => this.sweep());
		}
		return room;
	}

	private sweep(): void {
		const now = this.clock.monotonic();
		for (const [id, room] of this.live) {
			if (now - room.idleSinceMs <= IDLE_MS) continue;
			if (room.readers.size === 0) this.live.delete(id);
			else room.rest();
		}
		this.cancelSweep = this.live.size === 0 ? undefined : this.clock.after(IDLE_MS, () => this.sweep());
	}
}

function membershipOf(entry: Entry): readonly MembershipEffect[] {
	// Nearly every entry is a message: no list is made for it.
	return entry.body.case === "message"
		? []
		: effectsOf(entry).filter((effect) => effect.kind === "member" || effect.kind === "gone");
}

function joins(change: MembershipEffect): boolean {
	return change.kind === "member" && change.standing !== Room_Standing.INVITED;
}
