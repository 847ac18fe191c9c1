// The rows on which a batch is decided, as a store has loaded them: plain maps. What is not in a map was not loaded; `null` says that
// it was looked for and is not there.
import type { Membership, RoomRow, TokenFamily, UserRecord } from "./records.ts";
import type { RefusedSend } from "./refused.ts";

export interface LoadedRoom {
	readonly row: RoomRow;
	/** By user id. */
	readonly memberships: ReadonlyMap<string, Membership>;
}

/** Where a cid was used. */
export interface CidPlace {
	readonly room: string;
	readonly seq: number;
	readonly atMs: number;
	/** Of its content (content.ts). */
	readonly hash: string;
}

const NONE: ReadonlyMap<string, string> = new Map();
const NONE_REFUSED: ReadonlyMap<string, RefusedSend> = new Map();

export class Snapshot {
	readonly rooms = new Map<string, LoadedRoom | null>();
	/** Ids; the rows that they name are loaded as well. */
	readonly roomBySkeleton = new Map<string, string | null>();
	readonly roomByDirectKey = new Map<string, string | null>();
	readonly users = new Map<string, UserRecord | null>();
	/** Ids; the rows that they name are loaded as well. */
	readonly userBySkeleton = new Map<string, string | null>();
	readonly userByExternal = new Map<string, string | null>();
	readonly ownRooms = new Map<string, number>();
	/** All rooms into which others have brought the user. */
	readonly brought = new Map<string, number>();
	/** Of these, open invitations by one inviter, by `pair(user, inviter)`. */
	readonly invitationsOf = new Map<string, number>();
	readonly invitationsBy = new Map<string, number>();
	/** Ids of rooms, by `pair(user, other)`; the rows are not loaded with them. */
	readonly shared = new Map<string, readonly string[]>();
	/** Ids of rooms; their rows, and what the user is in them, are loaded as well. */
	readonly channels = new Map<string, readonly string[]>();
	/** By `pair(sender, cid)`. The room of a `CidPlace` is loaded as well. */
	readonly cids = new Map<string, CidPlace | null>();
	/** By `pair(sender, cid)`, those of the batch's own cids at least. */
	refusedSends: ReadonlyMap<string, RefusedSend> = NONE_REFUSED;
	/** The newest cid of senders, where a store remembers it: it was used, and where is not said. */
	newestCids: { get(sender: string): string | undefined } = NONE;
	readonly tokenFamilies = new Map<string, TokenFamily | null>();
	/** By end, those of the earliest first. */
	expiredFamilies: readonly TokenFamily[] | undefined;
}

/** One key of two ids. */
export function pair(a: string, b: string): string {
	return `${a}|${b}`;
}
