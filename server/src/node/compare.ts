// Anti-entropy for a lossy bus: compares with the store the heads of the rooms that have subscribers here, and of the users with
// sessions here their memberships and generations. Reads are batched in pages, so that no turn of the event loop is long. A pass
// begins a second after the last has ended, which bounds the delay to about two seconds; a quarter of a second while the bus does not work; and 15 seconds with a bus
// that tells of its losses.
import { Refusal } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Faults } from "../base/faults.ts";
import type { LabeledCounter } from "../base/metrics.ts";
import type { Bus } from "../bus/bus.ts";
import type { Directory } from "../people/directory.ts";
import type { Presence } from "../people/presence.ts";
import type { Rooms } from "../room/rooms.ts";
import type { Store } from "../store/store.ts";

export interface CompareParts {
	readonly store: Pick<Store, "heads" | "userMarks" | "roomsOf">;
	readonly bus: Pick<Bus, "lossy" | "working" | "tellsLosses">;
	readonly clock: Pick<Clock, "after">;
	readonly faults: Pick<Faults, "report">;
	readonly rooms: Pick<Rooms, "subscribed" | "get" | "gaps">;
	readonly directory: Directory;
	readonly presence: Pick<Presence, "compare">;
	/** Ends the user's sessions of an earlier generation. */
	readonly revoke: (user: string, generation: number, why: "banned" | "expired") => void;
	readonly missed: LabeledCounter;
}

const PAUSE_MS = 1_000;
/** While the bus is known not to work: it is all that tells of other nodes. */
const PAUSE_WITHOUT_BUS_MS = 250;
/** With a bus that tells of each loss, which is compared with at once. */
const PAUSE_TOLD_MS = 15_000;
const PAGE = 500;

export class Comparison {
	private readonly parts: CompareParts;
	/** The memberships with which a user's sessions were compared last. */
	private standings = new Map<string, string>();
	private cancel: Cancel | undefined;
	private isStopped = false;
	private isDue = false;
	private readonly newlyFollowed: string[] = [];
	/** The last pass has not compared everything. */
	private hasFailed = false;

	constructor(parts: CompareParts) {
		this.parts = parts;
	}

	/** Starts, if the bus is lossy. */
	start(): void {
		if (this.parts.bus.lossy) this.later();
	}

	/** Something may have been lost just now: a pass begins at once, or after the one that is under way. */
	hurry(): void {
		if (!this.parts.bus.lossy || this.isStopped) return;
		this.isDue = true;
		if (this.cancel === undefined) return;
		this.cancel();
		this.cancel = undefined;
		void this.pass();
	}

	/**
	 * A room's channel is followed from now on, and what was committed after its head was read may have been published before. Of a bus that tells of its
	 * losses this is looked for at once; with others, by the next pass.
	 */
	followed(room: string): void {
		if (this.parts.bus.tellsLosses !== true || this.isStopped) return;
		this.newlyFollowed.push(room);
		// One read for all that are followed in this turn.
		if (this.newlyFollowed.length === 1) this.parts.clock.after(0, () => void this.compareFollowed());
	}

	stop(): void {
		this.isStopped = true;
		this.cancel?.();
	}

	private later(): void {
		this.cancel = this.parts.clock.after(this.isDue ? 0 : this.pauseMs, () => {
			this.cancel = undefined;
			void this.pass();
		});
	}

	private get pauseMs(): number {
		const { tellsLosses, working } = this.parts.bus;
		if (!working) return PAUSE_WITHOUT_BUS_MS;
		return tellsLosses === true && !this.hasFailed ? PAUSE_TOLD_MS : PAUSE_MS;
	}

	/** Never rejects. */
	private async pass(): Promise<void> {
		this.isDue = false;
		this.hasFailed = false;
		try {
			await this.compareHeads();
			await this.compareUsers();
			if (!this.isStopped) this.parts.presence.compare();
		} catch (cause) {
			// A store that cannot read is asked again in the next pass.
			this.hasFailed = true;
			if (!(cause instanceof Refusal))
				this.parts.faults.report("bus", "what is known could not be compared with the store", cause);
		}
		if (!this.isStopped) this.later();
	}

	/** Never rejects. */
	private async compareFollowed(): Promise<void> {
		try {
			await this.readOnBehind(this.newlyFollowed.splice(0), () => undefined);
		} catch (cause) {
			if (cause instanceof Refusal) this.hurry();
			else this.parts.faults.report("bus", "rooms that are followed anew could not be compared with the store", cause);
		}
	}

	private compareHeads(): Promise<void> {
		const { rooms, missed } = this.parts;
		return this.readOnBehind(
			Array.from(rooms.subscribed(), ({ id }) => id),
			() => missed.add("heads"),
		);
	}

	/** Reads those of the rooms on whose log has more; `found` is called for each. */
	private async readOnBehind(all: readonly string[], found: () => void): Promise<void> {
		const { rooms, store } = this.parts;
		for (const ids of pagesOf(all)) {
			const heads = await store.heads(ids);
			if (this.isStopped) return;
			for (const { id, epoch, head } of heads) {
				const room = rooms.get(id);
				if (room === undefined || room.epoch !== epoch || head <= room.head) continue;
				found();
				rooms.gaps.readOn(room);
			}
		}
	}

	private async compareUsers(): Promise<void> {
		const { directory, store, missed, revoke } = this.parts;
		const compared = new Map<string, string>();
		for (const ids of pagesOf([...directory.ids()])) {
			const marks = await store.userMarks(ids);
			for (const { id, generation, disabled, standings } of marks) {
				if (this.isStopped) return;
				if (isVoid(directory, id, generation)) {
					missed.add("revoked");
					revoke(id, generation, disabled ? "banned" : "expired");
				}
				if (this.standings.get(id) !== standings) await this.compareRooms(id);
				compared.set(id, standings);
			}
		}
		this.standings = compared;
	}

	/**
	 * Finds memberships without a subscription, which were not notified. A membership that has ended shows as an entry, through
	 * the room's head.
	 */
	private async compareRooms(user: string): Promise<void> {
		const views = await this.parts.store.roomsOf(user);
		if (this.isStopped) return;
		for (const subscriber of [...this.parts.directory.of(user)]) {
			try {
				if (subscriber.compare(views)) this.parts.missed.add("memberships");
			} catch (cause) {
				subscriber.broken(cause);
			}
		}
	}
}

/** Is a session of the user of an earlier generation? */
function isVoid(directory: Directory, user: string, generation: number): boolean {
	for (const subscriber of directory.of(user)) if (subscriber.generation < generation) return true;
	return false;
}

function* pagesOf<T>(all: readonly T[]): Iterable<readonly T[]> {
	for (let from = 0; from < all.length; from += PAGE) yield all.slice(from, from + PAGE);
}
