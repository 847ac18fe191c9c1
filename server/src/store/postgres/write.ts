// What the changes of a batch leave: each row once, as it is at the end, sorted by key, written by statements of many rows.
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { Append, Change } from "../../log/change.ts";
import type { TokenFamily, UserRecord, UserRef } from "../../log/records.ts";
import type { RefusedSend } from "../../log/refused.ts";
import type { Snapshot } from "../../log/snapshot.ts";
import { membersMore } from "../../log/standing.ts";
import type { StoredRoom } from "./rows.ts";

/** A room as the batch leaves it. */
export interface WrittenRoom {
	/** 0: it is new, and gets its number when it is written. */
	no: number;
	readonly id: string;
	readonly kind: Room_Kind;
	readonly epoch: number;
	key: string;
	name: string;
	head: number;
	members: number;
	memberVersion: number;
	isRenamed: boolean;
}

export interface WrittenMember {
	readonly room: WrittenRoom;
	readonly user: UserRef;
	readonly standing: Room_Standing;
	readonly broughtBy: string | undefined;
}

/** The room and the user, or the sender and the cid, in one key. */
type Pair = string;

export class Written {
	readonly rooms = new Map<string, WrittenRoom>();
	readonly set = new Map<Pair, WrittenMember>();
	readonly removed = new Map<Pair, { readonly room: WrittenRoom; readonly user: string }>();
	/** Rooms that count as the user's own from now on; nothing else of the member changes. */
	readonly answered = new Map<Pair, { readonly room: WrittenRoom; readonly user: string }>();
	readonly appends: { readonly room: WrittenRoom; readonly entry: Append["entry"] }[] = [];
	readonly users = new Map<string, UserRecord>();
	/** null: dropped. */
	readonly families = new Map<string, TokenFamily | null>();
	readonly refused = new Map<Pair, RefusedSend>();
	private readonly snapshot: Snapshot;

	constructor(snapshot: Snapshot, changes: readonly Change[]) {
		this.snapshot = snapshot;
		for (const change of changes) this.take(change);
	}

	private take(change: Change): void {
		switch (change.kind) {
			case "append": {
				const room = this.room(change.room);
				room.head = change.entry.seq;
				this.appends.push({ room, entry: change.entry });
				return;
			}
			case "refuse":
				this.refuse(change.send);
				return;
			case "addRoom": {
				const { id, key, kind, name, epoch, head, members } = change.room;
				const room = { no: 0, id, key, kind, name, epoch, head, members, memberVersion: 1, isRenamed: false };
				this.rooms.set(id, room);
				return;
			}
			case "renameRoom": {
				const room = this.room(change.room);
				room.name = change.name;
				room.key = change.skeleton;
				room.isRenamed = true;
				return;
			}
			case "setMember": {
				const { user, standing, broughtBy } = change;
				const room = this.room(change.room);
				this.stands(room, user.id, standing);
				const key = keyOf(room, user.id);
				this.set.set(key, { room, user, standing, broughtBy });
				this.removed.delete(key);
				this.answered.delete(key);
				return;
			}
			case "removeMember": {
				const room = this.room(change.room);
				this.stands(room, change.user, Room_Standing.NONE);
				const key = keyOf(room, change.user);
				this.set.delete(key);
				this.answered.delete(key);
				this.removed.set(key, { room, user: change.user });
				return;
			}
			case "answered": {
				const room = this.room(change.room);
				const key = keyOf(room, change.user);
				const member = this.set.get(key);
				if (member === undefined) this.answered.set(key, { room, user: change.user });
				else this.set.set(key, { ...member, broughtBy: undefined });
				return;
			}
			case "putUser":
				this.users.set(change.user.id, change.user);
				return;
			case "putTokenFamily":
				this.families.set(change.family.id, change.family);
				return;
			case "dropTokenFamily":
				this.families.set(change.id, null);
				return;
		}
	}

	/** One that was refused before, too long ago to count, is refused anew: last. */
	private refuse(send: RefusedSend): void {
		const key = `${send.sender}\n${send.cid}`;
		this.refused.delete(key);
		this.refused.set(key, send);
	}

	/** The user is `standing` in the room from now on. */
	private stands(room: WrittenRoom, userId: string, standing: Room_Standing): void {
		const key = keyOf(room, userId);
		const changed = this.removed.has(key) ? Room_Standing.NONE : this.set.get(key)?.standing;
		const before = changed ?? this.snapshot.rooms.get(room.id)?.memberships.get(userId)?.standing ?? Room_Standing.NONE;
		room.members += membersMore(before, standing);
		room.memberVersion++;
	}

	private room(id: string): WrittenRoom {
		const known = this.rooms.get(id);
		if (known !== undefined) return known;
		const loaded = this.snapshot.rooms.get(id)?.row as StoredRoom | undefined;
		if (loaded === undefined) throw new Error(`room ${id} is not of this transaction`);
		const room: WrittenRoom = { ...loaded, isRenamed: false };
		this.rooms.set(id, room);
		return room;
	}
}

function keyOf(room: WrittenRoom, userId: string): Pair {
	return `${room.id}\n${userId}`;
}

export function isDirect({ kind }: WrittenRoom): boolean {
	return kind === Room_Kind.DIRECT;
}
