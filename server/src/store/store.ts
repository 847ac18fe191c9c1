// The contract of the store: the truth about users, rooms and their logs. Implementations lie beside it (`memory/`,
// `sqlite/`); one contract suite (server/test/store/contract.ts) runs on each.
//
// Everything that changes goes through `append`, in order: the store forms batches (one in flight, what arrives meanwhile is
// the next), carries each batch out in one transaction, assigns sequence numbers inside it, and resolves when it is durable.
// Whether a sender is a member, whether a name is free, whether a cid was used: all that is decided inside the transaction,
// so that authorisation has its place in the order of the log.
import type { Entry, ErrorCode, Room_Kind, Room_Standing } from "@verbatim/protocol";

/** A user under the name of this moment. */
export interface UserRef {
	readonly id: string;
	readonly name: string;
}

export type UserKind = "registered" | "guest" | "external";

export interface UserRecord extends UserRef {
	readonly kind: UserKind;
	/** What makes two names look alike; unique among users. */
	readonly skeleton: string;
	/** argon2id in PHC form; for registered users only. */
	readonly passwordHash?: string;
	/** Of external users: issuer and subject at an identity provider, as `iss|sub`. Of guests: what their key is known by. Unique. */
	readonly external?: string;
	readonly createdMs: number;
	/** A guest's name is free for others from this time on; absent while a session of it lives, and for all others. */
	readonly expiresMs?: number;
	/** A guest that has no token to come back with (line mode): no name is kept for it once its session or the server has ended. */
	readonly fleeting?: boolean;
	/** Tokens with a smaller generation are void: raised by a password change or an operator. */
	readonly generation: number;
	/** May not log in. */
	readonly disabled: boolean;
}

/** The refresh tokens that descend from one log-in, each made for the one before it. Kept from the first use of one of them. */
export interface TokenFamily {
	readonly id: string;
	readonly user: string;
	/** The newest token: its number (1, 2, 3, …), when it was made and until when it holds (wall clock, ms). */
	readonly number: number;
	readonly issuedMs: number;
	readonly expiresMs: number;
	/** A replaced token was used again: no token of the family is valid any more. */
	readonly ended: boolean;
}

export interface RoomRecord {
	readonly id: string;
	readonly kind: Room_Kind;
	/** Without `#`; empty for direct conversations. */
	readonly name: string;
	readonly epoch: number;
	readonly head: number;
	readonly members: number;
}

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

/** What is to be changed. Ids are made by the caller, so that the store needs neither clock nor chance. */
export type Draft =
	/**
	 * Needs membership. Same (sender, cid) and same content: the first outcome again. Other content: `cid_reused`. With
	 * `behind`, a cid of the same sender: `out_of_order` unless that one is in the log already (or earlier in this batch).
	 */
	| {
			readonly kind: "message";
			readonly room: string;
			readonly sender: UserRef;
			readonly cid: string;
			readonly behind?: string;
			readonly text: string;
			readonly atMs: number;
	  }
	/** A channel and its creator's membership, as entries 1 (created) and so on. `room_taken` if the skeleton is in use. */
	| {
			readonly kind: "create";
			readonly room: string;
			readonly epoch: number;
			readonly roomKind: Room_Kind;
			readonly name: string;
			readonly skeleton: string;
			readonly sender: UserRef;
			readonly atMs: number;
	  }
	/** The direct conversation of two users (or of one with oneself): created if it is not there; `room` is the id for a new one. */
	| {
			readonly kind: "direct";
			readonly room: string;
			readonly epoch: number;
			readonly sender: UserRef;
			readonly peer: UserRef;
			readonly atMs: number;
	  }
	/** No entry if a member already. A private room needs an open invitation; otherwise `no_such_room`. */
	| { readonly kind: "join"; readonly room: string; readonly sender: UserRef; readonly atMs: number }
	/** No entry if not a member (an open invitation is declined). Direct conversations cannot be left: `forbidden`. */
	| { readonly kind: "leave"; readonly room: string; readonly sender: UserRef; readonly reason: string; readonly atMs: number }
	/** The owner only. */
	| {
			readonly kind: "rename";
			readonly room: string;
			readonly sender: UserRef;
			readonly name: string;
			readonly skeleton: string;
			readonly atMs: number;
	  }
	/** A member may invite to a public room, the owner to a private one. No entry if a member or invited already. */
	| { readonly kind: "invite"; readonly room: string; readonly sender: UserRef; readonly user: UserRef; readonly atMs: number }
	/**
	 * `name_taken` if the skeleton is another's, unless that is a guest whose time has run out: it loses the name, leaves its
	 * channels (entries `left`, reason "expired", in the same batch) and is disabled for ever. The same id again: done already.
	 * `name_taken` too if `external` is another's; a guest whose time has run out loses that as well.
	 */
	| { readonly kind: "userCreate"; readonly user: UserRecord; readonly nowMs: number }
	/** Changes given fields of a user; `name_taken` as above, `no_such_user` if there is none or it has lost its name. */
	| { readonly kind: "userChange"; readonly id: string; readonly nowMs: number; readonly change: UserChange }
	/**
	 * The refresh token `number` of a family is used. The newest one is replaced by the next, which holds until `expiresMs`. The one
	 * before it changes nothing within `graceMs` of its replacement, since its answer may have been lost. Any other ends the family.
	 * A family of which nothing is kept is at `number`. Drops families whose newest token expired before `dropBeforeMs`.
	 */
	| {
			readonly kind: "tokenUse";
			readonly family: string;
			readonly user: string;
			readonly number: number;
			readonly nowMs: number;
			readonly graceMs: number;
			readonly expiresMs: number;
			/** Until then no token may be taken that had expired: an ended family that is forgotten would be taken for a new one. */
			readonly dropBeforeMs: number;
	  };

export interface UserChange {
	readonly name?: string;
	readonly skeleton?: string;
	readonly passwordHash?: string;
	/** null: no longer. */
	readonly expiresMs?: number | null;
	/** Raises the generation: all tokens of before are void. */
	readonly voidsTokens?: true;
	readonly disabled?: boolean;
	/** Nothing is changed unless this hash stands there still. */
	readonly ifPasswordHash?: string;
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
			/** For a message: the seq and time of its entry, now written or long ago. */
			readonly seq?: number;
			readonly atMs?: number;
			/** The cid had been committed before. */
			readonly repeated?: boolean;
			/** The sender's open invitation has ended, without an entry. */
			readonly declined?: true;
			/** For a token's use: the family afterwards. */
			readonly family?: TokenFamily;
	  }
	| { readonly ok: false; readonly code: ErrorCode };

/** The entries of one room that one batch has committed, in order. */
export interface Committed {
	readonly room: string;
	readonly epoch: number;
	readonly entries: readonly Entry[];
}

/** A dense piece of a log. */
export interface LogPage {
	readonly epoch: number;
	readonly head: number;
	/** The first and the last seq covered, both included; `to` < `from` where there is nothing. */
	readonly from: number;
	readonly to: number;
	readonly entries: readonly Entry[];
}

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
