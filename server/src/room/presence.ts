// Who is online, told to those who share a room. Ephemeral: merged, shed first, and never told in rooms where it would cost
// more than it says. "Offline" is said only after a while: a reload or a short drop is not an absence. While the server has more to
// do than it can, nothing is told; who has come or gone meanwhile is told once it is over, as it is then.
import type { Cancel, Clock } from "../clock.ts";
import type { Shedding } from "../overload/shedding.ts";
import type { UserRef } from "../store/store.ts";
import type { Directory } from "./directory.ts";
import { Push } from "./push.ts";
import type { LiveRoom } from "./room.ts";

export interface PresenceOptions {
	readonly offlineGraceMs: number;
	/** Rooms with more subscribers than this do not hear of presence. */
	readonly readersMax: number;
}

/** Changes kept while nothing is told; beyond, the oldest are never told. */
const UNTOLD_MAX = 10_000;
const LOOK_AGAIN_MS = 200;

interface Untold {
	readonly user: UserRef;
	/** The ids of all in which something was to be told of the user. */
	readonly rooms: Iterable<string>;
}

/** Rooms are kept by their ids: one that is idle is let go of, and live again as another object, while an absence waits to be told. */
export class Presence {
	private readonly liveRoom: (id: string) => LiveRoom | undefined;
	private readonly directory: Directory;
	private readonly clock: Pick<Clock, "after">;
	private readonly options: PresenceOptions;
	private readonly shedding: Shedding;
	/** Who has just gone, and where it will be missed. */
	private readonly leaving = new Map<string, { readonly cancel: Cancel; readonly rooms: Set<string> }>();
	/** By user, the newest last. */
	private readonly untold = new Map<string, Untold>();
	private stopped = false;
	private cancelLook: Cancel | undefined;

	constructor(
		directory: Directory,
		liveRoom: (id: string) => LiveRoom | undefined,
		clock: Pick<Clock, "after">,
		shedding: Shedding,
		options: PresenceOptions,
	) {
		this.liveRoom = liveRoom;
		this.directory = directory;
		this.shedding = shedding;
		this.clock = clock;
		this.options = options;
	}

	/** Do the others see the user as online? Whoever has just gone is not away yet. */
	shows(userId: string): boolean {
		return this.directory.isOnline(userId) || this.leaving.has(userId);
	}

	/** Is the user online in `room`, as its members see it? For those who are not in it, no. */
	showsIn(userId: string, room: string): boolean {
		for (const subscriber of this.directory.of(userId)) if (subscriber.present && subscriber.isSubscribed(room)) return true;
		return this.leaving.get(userId)?.rooms.has(room) === true;
	}

	/** The user's first session stands in its rooms. */
	online(user: UserRef, rooms: readonly string[]): void {
		if (this.leaving.has(user.id)) this.stays(user.id);
		else this.tell(user, rooms, true);
	}

	/** The user's last session has gone. */
	offline(user: UserRef, rooms: readonly string[]): void {
		this.stays(user.id);
		if (this.stopped) return;
		const leaving = new Set(rooms);
		const cancel = this.clock.after(this.options.offlineGraceMs, () => {
			this.leaving.delete(user.id);
			if (!this.directory.isOnline(user.id)) this.tell(user, leaving, false);
		});
		this.leaving.set(user.id, { cancel, rooms: leaving });
	}

	/** The user has become a member, perhaps by a command that its last session did not live to see answered. */
	entered(userId: string, room: string): void {
		this.leaving.get(userId)?.rooms.add(room);
	}

	/** The entry by which the user has become a member is out: the others, who do not know of them yet, learn whether they are online. */
	joined(user: UserRef, room: string): void {
		this.tell(user, [room], this.shows(user.id));
	}

	/** Nothing is told any more. */
	stop(): void {
		this.stopped = true;
		for (const { cancel } of this.leaving.values()) cancel();
		this.leaving.clear();
		this.cancelLook?.();
		this.cancelLook = undefined;
		this.untold.clear();
	}

	private stays(userId: string): void {
		this.leaving.get(userId)?.cancel();
		this.leaving.delete(userId);
	}

	private tell(user: UserRef, rooms: Iterable<string>, online: boolean): void {
		if (this.stopped) return;
		if (this.shedding.sheds("presence")) {
			this.keep(user, rooms);
			return;
		}
		const push = new Push({ case: "presence", value: { user: { id: user.id, name: user.name }, online } }, user.id);
		const told = new Set<unknown>();
		for (const id of rooms) {
			const room = this.liveRoom(id);
			// One that is not live has no subscribers.
			if (room === undefined || room.subscribers.size > this.options.readersMax) continue;
			room.subscribers.each(({ subscriber }) => {
				if (subscriber.user.id === user.id || told.has(subscriber)) return;
				told.add(subscriber);
				subscriber.pushEphemeral(push);
			});
		}
	}

	private keep(user: UserRef, rooms: Iterable<string>): void {
		const before = this.untold.get(user.id)?.rooms ?? [];
		this.untold.delete(user.id);
		this.untold.set(user.id, { user, rooms: new Set([...before, ...rooms]) });
		if (this.untold.size > UNTOLD_MAX) {
			for (const oldest of this.untold.keys()) {
				this.untold.delete(oldest);
				break;
			}
		}
		this.cancelLook ??= this.clock.after(LOOK_AGAIN_MS, () => this.look());
	}

	private look(): void {
		this.cancelLook = undefined;
		if (this.shedding.sheds("presence")) {
			this.cancelLook = this.clock.after(LOOK_AGAIN_MS, () => this.look());
			return;
		}
		const untold = [...this.untold.values()];
		this.untold.clear();
		for (const { user, rooms } of untold) this.tell(user, rooms, this.shows(user.id));
	}
}
