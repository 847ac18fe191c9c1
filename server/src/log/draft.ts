// What callers ask a store to change.
import type { ErrorCode, Room_Kind } from "@verbatim/protocol";
import type { UserRecord, UserRef } from "./records.ts";

/** What is to be changed. Ids are made by the caller, so that the store needs neither clock nor chance. */
export type Draft =
	/**
	 * Needs membership. Same (sender, cid), room and content: the first outcome again. Another room or other content: `cid_reused`. A refusal for
	 * good is the answer to whatever comes under its cid (refused.ts). With `behind`, a cid of the same sender: `out_of_order` unless that one is in the log already (or earlier in this batch).
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
	/**
	 * The direct conversation of two users (or of one with oneself): created if it is not there; `room` is the id for a new one. `send`: it is
	 * opened for this message, which follows; if that has its answer already, this is the outcome, and a refusal for good is its answer. It is
	 * not opened for a message that is `out_of_order`.
	 */
	| {
			readonly kind: "direct";
			readonly room: string;
			readonly epoch: number;
			readonly sender: UserRef;
			readonly peer: UserRef;
			readonly send?: Said;
			readonly atMs: number;
	  }
	/**
	 * A message that cannot become a draft, for a reason that is final: the outcome is `code`, unless it has its answer already. Where it was to
	 * be said is not known, so an entry of its cid is another message's: `cid_reused`.
	 */
	| { readonly kind: "refuse"; readonly sender: UserRef; readonly send: Said; readonly code: ErrorCode; readonly atMs: number }
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

/** A message, without its room. */
export interface Said {
	readonly cid: string;
	readonly text: string;
	readonly behind?: string;
}

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

/** The message that the draft is, or for which it is made. */
export function sendOf(draft: Draft): (Said & { readonly sender: string }) | undefined {
	switch (draft.kind) {
		case "message":
			return { sender: draft.sender?.id, cid: draft.cid, text: draft.text };
		case "direct":
		case "refuse":
			return draft.send && { sender: draft.sender?.id, cid: draft.send.cid, text: draft.send.text };
		default:
			return undefined;
	}
}

/** Drafts that concern a room. */
export type RoomDraft = Exclude<Draft, { readonly kind: "refuse" | "userCreate" | "userChange" | "tokenUse" }>;

export type DraftOf<K extends Draft["kind"]> = Extract<Draft, { readonly kind: K }>;
