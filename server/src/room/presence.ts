// Who is online, told to those who share a room. Ephemeral: merged, shed first, and never told in rooms where it would cost
// more than it says. "Offline" is said only after a while: a reload or a short drop is not an absence.
import type { Cancel, Clock } from "../clock.ts";
import type { UserRef } from "../store/store.ts";
import type { Directory } from "./directory.ts";
import { Push } from "./push.ts";
import type { LiveRoom } from "./room.ts";

export interface PresenceOptions {
	readonly offlineGraceMs: number;
	/** Rooms with more readers than this do not hear of presence. */
	readonly readersMax: number;
}

export class Presence {
	private readonly directory: Directory;
	private readonly clock: Pick<Clock, "after">;
	private readonly options: PresenceOptions;
	private readonly leaving = new Map<string, Cancel>();

	constructor(directory: Directory, clock: Pick<Clock, "after">, options: PresenceOptions) {
		this.directory = directory;
		this.clock = clock;
		this.options = options;
	}

	/** Do the others see the user as online? Whoever has just gone is not away yet. */
	shows(userId: string): boolean {
		return this.directory.isOnline(userId) || this.leaving.has(userId);
	}

	/** The user's first session stands in its rooms. */
	online(user: UserRef, rooms: readonly LiveRoom[]): void {
		const cancel = this.leaving.get(user.id);
		if (cancel !== undefined) {
			cancel();
			this.leaving.delete(user.id);
			return;
		}
		this.tell(user, rooms, true);
	}

	/** The user's last session has gone. */
	offline(user: UserRef, rooms: readonly LiveRoom[]): void {
		this.leaving.get(user.id)?.();
		const cancel = this.clock.after(this.options.offlineGraceMs, () => {
			this.leaving.delete(user.id);
			if (!this.directory.isOnline(user.id)) this.tell(user, rooms, false);
		});
		this.leaving.set(user.id, cancel);
	}

	stop(): void {
		for (const cancel of this.leaving.values()) cancel();
		this.leaving.clear();
	}

	private tell(user: UserRef, rooms: readonly LiveRoom[], online: boolean): void {
		const push = new Push({ case: "presence", value: { user: { id: user.id, name: user.name }, online } });
		const told = new Set<unknown>();
		for (const room of rooms) {
			if (room.readers.size > this.options.readersMax) continue;
			for (const { reader } of room.readers) {
				const device = reader;
				if (device.user.id === user.id || told.has(device)) continue;
				told.add(device);
				device.pushEphemeral(push);
			}
		}
	}
}
