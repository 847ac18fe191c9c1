// What the rules need of a database: the rows of users, rooms, members and logs, read and written within one transaction.
// Synchronous, because a transaction is carried out by one thread in one go. Implementations: memory/tables.ts over maps,
// sqlite/tables.ts over statements.
import type { Entry, Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { RoomRecord, TokenFamily, UserRecord, UserRef } from "./store.ts";

/** A room within a transaction. Tables own it and keep it up to date; the rules read it. */
export interface RoomRow {
	readonly id: string;
	readonly kind: Room_Kind;
	readonly epoch: number;
	readonly name: string;
	readonly head: number;
	/** Members and owners; open invitations do not count. */
	readonly members: number;
}

/** Where a cid was used. */
export interface Said {
	readonly room: RoomRow;
	readonly seq: number;
	readonly atMs: number;
	readonly text: string;
}

export interface Tables {
	room(id: string): RoomRow | undefined;
	roomBySkeleton(skeleton: string): RoomRow | undefined;
	directRoom(key: string): RoomRow | undefined;
	/** Adds a room with an empty log. `key` is the skeleton of a channel's name or the key of a direct conversation. */
	addRoom(room: RoomRow, key: string): void;
	renameRoom(room: RoomRow, name: string, skeleton: string): void;

	standing(room: RoomRow, userId: string): Room_Standing;
	/**
	 * Who has brought the user here, while the user has not answered: the inviter of an open invitation, or whoever has opened a direct
	 * conversation in which the user has said nothing. Undefined where the room is the user's own wish, or the user has no standing.
	 */
	broughtBy(room: RoomRow, userId: string): string | undefined;
	/** The user has answered: the room counts as its own from now on. */
	answered(room: RoomRow, userId: string): void;
	/** The user's rooms that are its own wish. */
	ownRoomsCount(userId: string): number;
	/** The user's rooms into which others have brought it: all, and open invitations by `inviterId`. */
	broughtCount(userId: string, inviterId: string): { readonly all: number; readonly invitationsBy: number };
	/** Open invitations by the user, to anybody. */
	invitationsByCount(inviterId: string): number;
	/** Are both members of a room that is not public, and is the first there by its own wish? */
	knows(userId: string, otherId: string): boolean;
	/** Those that are no direct conversations, by room id. */
	channelsOf(userId: string): readonly RoomRow[];
	/** `broughtBy`: as above; undefined where it is the user's own wish. */
	setMember(room: RoomRow, user: UserRef, standing: Room_Standing, broughtBy: string | undefined): void;
	removeMember(room: RoomRow, userId: string): void;

	/**
	 * Appends `entry`, whose seq is the room's head + 1. False, and nothing is changed, if it has a cid that its sender has used
	 * before.
	 */
	append(room: RoomRow, entry: Entry): boolean;
	/** Has the sender used the cid? */
	hasSaid(sender: string, cid: string): boolean;
	/** Where the sender has used the cid. */
	said(sender: string, cid: string): Said | undefined;

	user(id: string): UserRecord | undefined;
	userBySkeleton(skeleton: string): UserRecord | undefined;
	userByExternal(external: string): UserRecord | undefined;
	/** Adds the user or replaces the one with its id. */
	putUser(user: UserRecord): void;

	tokenFamily(id: string): TokenFamily | undefined;
	/** Adds the family or replaces the one with its id. */
	putTokenFamily(family: TokenFamily): void;
	/** Drops up to `limit` families whose `expiresMs` has come. */
	dropTokenFamilies(nowMs: number, limit: number): void;
}

/** The room as it is now, for others than the transaction. */
export function recordOf({ id, kind, name, epoch, head, members }: RoomRow): RoomRecord {
	return { id, kind, name, epoch, head, members };
}

/** The key of the direct conversation of two users: the same whoever asks. */
export function directKey(a: string, b: string): string {
	return a < b ? `${a}|${b}` : `${b}|${a}`;
}

/** The other one of a direct conversation; undefined for those who are not in it. */
export function otherOf(key: string, userId: string): string | undefined {
	const cut = key.indexOf("|");
	const [a, b] = [key.slice(0, cut), key.slice(cut + 1)];
	if (userId === a) return b;
	return userId === b ? a : undefined;
}
