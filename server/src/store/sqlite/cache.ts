// What the writer remembers between batches: rooms, what users are in them, and each sender's newest cid, so that a message costs one
// statement, its insert. The writer is the only one that writes to the folder (folder.ts), hence what it has read or written it may
// remember. Whatever is rolled back is forgotten.
import { Room_Standing } from "@verbatim/protocol";
import type { Membership, RoomRow } from "../../log/records.ts";
import type { LoadedRoom } from "../../log/snapshot.ts";
import { NO_MEMBERSHIP } from "../../log/standing.ts";
import type { RoomColumns } from "../rows.ts";
import { Recent } from "./recent.ts";

/** Bounds between batches, in bytes as estimated below: 40,000 rooms with a member each, or 160,000 members of one room; 40,000 senders. */
const ROOMS_BYTES_MAX = 32 * 1024 * 1024;
const CIDS_BYTES_MAX = 8 * 1024 * 1024;
/** What one holds, with its key and its place in the map: measured as growth of the heap, and rounded up. */
const ROOM_BYTES = 700;
const MEMBERSHIP_BYTES = 200;
const CID_BYTES = 200;
/** Memberships remembered of one room, about which every user there is may ask. */
const MEMBERSHIPS_MAX = 16_384;

/** A room as the writer knows it. */
export interface CachedRoom extends LoadedRoom {
	readonly no: number;
	readonly row: RoomRow & { key: string; name: string; head: number; members: number };
	memberVersion: number;
	readonly memberships: Map<string, Membership>;
}

/** Those without `broughtBy`, as nearly all are, are shared. */
const OWN: { readonly [S in Room_Standing]?: Membership } = {
	[Room_Standing.NONE]: NO_MEMBERSHIP,
	[Room_Standing.MEMBER]: { standing: Room_Standing.MEMBER, broughtBy: undefined },
	[Room_Standing.OWNER]: { standing: Room_Standing.OWNER, broughtBy: undefined },
};

export class Cache {
	private readonly rooms = new Recent<string, CachedRoom>(
		ROOMS_BYTES_MAX,
		({ memberships }) => ROOM_BYTES + memberships.size * MEMBERSHIP_BYTES,
	);
	private readonly cids = new Recent<string, { newest: string }>(CIDS_BYTES_MAX, () => CID_BYTES);
	private readonly crowded = new Set<CachedRoom>();

	room(id: string): CachedRoom | undefined {
		return this.rooms.get(id);
	}

	/** The room of these columns, which may be older than what is remembered of it. */
	roomOf(columns: RoomColumns): CachedRoom {
		const known = this.rooms.get(columns.id);
		if (known !== undefined) return known;
		const { no, member_version: memberVersion, ...row } = columns;
		const room: CachedRoom = { no, row, memberVersion, memberships: new Map() };
		this.rooms.add(row.id, room);
		return room;
	}

	keep(room: CachedRoom, userId: string, standing: Room_Standing, broughtBy: string | undefined): Membership {
		const { memberships } = room;
		const membership = (broughtBy === undefined ? OWN[standing] : undefined) ?? { standing, broughtBy };
		const before = memberships.size;
		memberships.set(userId, membership);
		if (memberships.size === before) return membership;
		// The room was just got or added, or is older than the last turn: then its growth counts from the next use on.
		if (this.rooms.get(room.row.id) === room) this.rooms.grew(MEMBERSHIP_BYTES);
		if (memberships.size > MEMBERSHIPS_MAX) this.crowded.add(room);
		return membership;
	}

	newestCid(sender: string): string | undefined {
		return this.cids.get(sender)?.newest;
	}

	keepCid(sender: string, cid: string): void {
		const known = this.cids.get(sender);
		if (known === undefined) this.cids.add(sender, { newest: cid });
		else known.newest = cid;
	}

	/** Evicts what was not used lately if there is too much. Between transactions: within one, a room has one object. */
	evict(): void {
		for (const { row, memberships } of this.crowded) {
			if (this.rooms.get(row.id)?.memberships === memberships) this.rooms.grew(-memberships.size * MEMBERSHIP_BYTES);
			memberships.clear();
		}
		this.crowded.clear();
		this.rooms.turn();
		this.cids.turn();
	}

	/** Forgets everything: after a rollback, and where others have written. */
	forget(): void {
		this.rooms.clear();
		this.cids.clear();
		this.crowded.clear();
	}
}
