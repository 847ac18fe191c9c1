// What the memory store keeps where another has a disk. Outlives its store: a new store on the same disk is a server started
// again.
import type { Entry } from "@verbatim/protocol";
import type { Membership, RoomRecord, TokenFamily, UserRecord, UserRef } from "../../log/records.ts";
import type { RefusedSends } from "../../log/refused.ts";

export interface MemoryMember extends Membership {
	readonly user: UserRef;
}

export interface MemoryRoom {
	/** Replaced when something of it changes. */
	row: RoomRecord;
	/** The skeleton of a channel's name or the key of a direct conversation. */
	key: string;
	/** The entry of seq n stands at n − 1. */
	readonly log: Entry[];
	/** How often a standing has changed, counted from 1. */
	memberVersion: number;
	readonly members: Map<string, MemoryMember>;
}

export interface MemoryDisk {
	readonly rooms: Map<string, MemoryRoom>;
	readonly roomBySkeleton: Map<string, string>;
	readonly roomByDirectKey: Map<string, string>;
	/** Rooms by user in which it has a standing. */
	readonly roomsOf: Map<string, Set<string>>;
	/** Room and seq by sender and cid. */
	readonly said: Map<string, Map<string, { readonly room: string; readonly seq: number }>>;
	readonly refused: RefusedSends;
	readonly users: Map<string, UserRecord>;
	readonly userBySkeleton: Map<string, string>;
	readonly userByExternal: Map<string, string>;
	readonly tokenFamilies: Map<string, TokenFamily>;
	readonly kept: Map<string, string>;
}

export function newMemoryDisk(): MemoryDisk {
	return {
		rooms: new Map(),
		roomBySkeleton: new Map(),
		roomByDirectKey: new Map(),
		roomsOf: new Map(),
		said: new Map(),
		refused: new Map(),
		users: new Map(),
		userBySkeleton: new Map(),
		userByExternal: new Map(),
		tokenFamilies: new Map(),
		kept: new Map(),
	};
}
