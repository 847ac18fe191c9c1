// The contract of the store: the truth about users, rooms and their logs. Implementations lie beside it (`memory/`,
// `sqlite/`, `postgres/`, and `remote/` for that of another thread); one contract suite (server/test/store/contract.ts) runs on each.
//
// Everything that changes goes through `append`, in order: the store forms batches (one in flight, what arrives meanwhile is
// the next), carries each batch out in one transaction, assigns sequence numbers inside it, and resolves when it is durable.
// Whether a sender is a member, whether a name is free, whether a cid was used: all that is decided inside the transaction,
// so that authorisation has its place in the order of the log.
import type { Entry, ErrorCode, Page, Room_Standing } from "@verbatim/protocol";
import type { RefusalNote } from "../log/decide.ts";
import type { Draft } from "../log/draft.ts";
import type { RoomRecord, TokenFamily, UserRecord, UserRef } from "../log/records.ts";

export type { Draft, UserChange } from "../log/draft.ts";
export type { RoomRecord, TokenFamily, UserRecord, UserRef } from "../log/records.ts";

/** A room as one user sees it. */
export interface RoomView extends RoomRecord {
	readonly standing: Room_Standing;
	/** The other one of a direct conversation (oneself, when it is a conversation with oneself). */
	readonly peer?: UserRef;
}

export interface MemberRecord {
	readonly user: UserRef;
	readonly standing: Room_Standing;
}

export type RoomHead = Pick<RoomRecord, "id" | "epoch" | "head">;

export interface UserMark extends Pick<UserRecord, "id" | "generation" | "disabled"> {
	/** Another one whenever the rooms in which the user has a standing, or these standings, are others. */
	readonly standings: string;
}

/** A page of those with a standing in a room, open invitations too, by user id; all of it read at one moment. */
export interface MemberPage {
	readonly epoch: number;
	/** The room's head at that moment. */
	readonly head: number;
	/**
	 * Grows by one with each member or invitation that is added, changed or removed: by the effects of an entry (protocol's fold), or
	 * without one, when an invitation is declined. At least 1.
	 */
	readonly version: number;
	/** Members and owners, on all pages; open invitations do not count. */
	readonly total: number;
	readonly members: readonly MemberRecord[];
	/** Whether more follow the last of these. */
	readonly more: boolean;
}

/**
 * What became of a draft. `entries` are those written now in the draft's room, in order; empty where nothing had to be written.
 * (A guest that loses its name leaves rooms of which the draft knows nothing: those entries come by `committed` alone.)
 */
export type Outcome =
	| {
			readonly ok: true;
			readonly entries: readonly Entry[];
			/** Where the draft concerned a room: the room afterwards. */
			readonly room?: RoomRecord;
			/** The seq and time of the draft's entry, now written or long ago. */
			readonly seq?: number;
			readonly atMs?: number;
			/** The cid had been committed before. */
			readonly repeated?: boolean;
			/** The sender's open invitation has ended, without an entry. */
			readonly declined?: true;
			/** For a token's use: the family afterwards. */
			readonly family?: TokenFamily;
	  }
	| { readonly ok: false; readonly code: ErrorCode; readonly note?: RefusalNote };

/** The entries of one room that one batch has committed, in order. */
export interface Committed {
	readonly room: string;
	readonly epoch: number;
	readonly entries: readonly Entry[];
}

/**
 * A dense piece of a log as it goes over the wire: the first and the last seq covered are included, `to` < `from` where there is nothing. `asOf` is `head`: no entry changes a
 * message yet. The entries are not changed afterwards.
 */
export type LogPage = Readonly<Omit<Page, "$typeName">>;

/**
 * Where a page is cut. `after` and `before` are exclusive, and `before: 0` asks for the newest, as on the wire. `around`: with this entry in
 * its middle, as far as the log goes. `atMs`: around an entry of this time or later whose predecessor is earlier. Where the log ends before
 * that entry: the newest.
 */
export type PageBound =
	| { readonly after: number }
	| { readonly before: number }
	| { readonly around: number }
	| { readonly atMs: number };

export interface StoreStats {
	/** Batches committed, drafts in them, and the newest batch's size and duration. */
	readonly batches: number;
	readonly drafts: number;
	/** Drafts that wait for the next batch, and about what they hold, in bytes. */
	readonly waiting: number;
	readonly waitingBytes: number;
	/** For how long the oldest draft waits that is not settled yet, in ms; 0: none does. */
	readonly oldestMs: number;
	/** Where the data is at another's: connections to it, and reads that wait for one. */
	readonly connections?: number;
	readonly readsWaiting?: number;
}

/** Told of every batch. Both calls are made before the promises of the batch's drafts resolve. */
export interface StoreEvents {
	/** Durable now: deliver it. Called once per batch, rooms in the order of their first entry. */
	committed(rooms: readonly Committed[]): void;
	/** One batch was carried out (or refused, with its error's words). For metrics. */
	batch(facts: { readonly drafts: number; readonly commitMs: number; readonly error?: string }): void;
	/** One of the above, or whoever commits, has thrown: our bug. The batch is answered all the same. Never throws. */
	broken(cause: unknown): void;
}

/** Everything but `append` rejects with a `Refusal` of code `unavailable` where the disk does not let it be done. */
export interface Store {
	/**
	 * Carries the draft out and resolves when it is durable. Drafts take effect in the order of the calls. Never rejects for
	 * what a caller or the disk may do: a disk that is full or broken gives `unavailable` for all drafts of the batch, and
	 * nothing of them is written; too many waiting gives `busy` at once.
	 */
	append(draft: Draft): Promise<Outcome>;

	/** Sets who is told; called once, before the first append. */
	listen(events: StoreEvents): void;

	/** Up to `limit` entries and about `bytesMax` bytes of text (but at least one entry); undefined if there is no such room. */
	page(room: string, bound: PageBound, limit: number, bytesMax: number): Promise<LogPage | undefined>;
	/** The room as `userId` sees it ("" for nobody in particular: standing is NONE). */
	room(id: string, userId: string): Promise<RoomView | undefined>;
	/** A channel by its skeleton. */
	roomBySkeleton(skeleton: string): Promise<RoomRecord | undefined>;
	/** The direct conversation of two users. */
	directRoom(a: string, b: string): Promise<RoomRecord | undefined>;
	/** Rooms of which the user is a member or to which it is invited, by id. */
	roomsOf(userId: string): Promise<readonly RoomView[]>;
	/** Public channels in order of name, as `userId` sees them, after `afterName`. */
	publicRooms(userId: string, afterName: string, limit: number): Promise<readonly RoomView[]>;
	/** Where the logs of these rooms end, in one read; a room that does not exist is left out. */
	heads(rooms: readonly string[]): Promise<readonly RoomHead[]>;
	/** What is to be compared of these users, in one read; a user who does not exist is left out. */
	userMarks(users: readonly string[]): Promise<readonly UserMark[]>;
	/** The page after the user id `afterId` ("" from the first), at most `limit` (0: what the list is, and none of it). */
	members(room: string, afterId: string, limit: number): Promise<MemberPage | undefined>;

	user(id: string): Promise<UserRecord | undefined>;
	/** A user and, in the same look, a family of tokens ("" for none). */
	userWithFamily(id: string, family: string): Promise<{ readonly user: UserRecord; readonly family?: TokenFamily } | undefined>;
	userBySkeleton(skeleton: string): Promise<UserRecord | undefined>;
	userByExternal(external: string): Promise<UserRecord | undefined>;
	/** Users by id, after `afterId` ("" from the first): for operators. */
	users(afterId: string, limit: number): Promise<readonly UserRecord[]>;
	/**
	 * Guests whose time has run out at `nowMs`, longest ago first, or (with `live`) that have no end set: after a crash these
	 * need one. Disabled guests, and with them those that lost their name, are left out: nothing remains to be done for them.
	 */
	guests(which: "expired" | "live", nowMs: number, limit: number): Promise<readonly UserRecord[]>;

	/** Gives every room a new epoch: to be called once after an older state was put in place. */
	renewEpochs(epochs: () => number): Promise<void>;
	/** A value kept with the data (signing keys), or undefined. `put` keeps the first one given and returns what is kept. */
	putOnce(key: string, value: string): Promise<string>;

	stats(): StoreStats;
	/** Can it commit? A probe for readiness. */
	healthy(): Promise<boolean>;
	/** Finishes what was appended and closes; appends that come later get `unavailable`. */
	close(): Promise<void>;
}
