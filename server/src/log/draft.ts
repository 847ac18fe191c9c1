// What callers ask a store to change.
import type { ErrorCode, Room_Kind } from "@verbatim/protocol";
import type { UserRecord, UserRef } from "./records.ts";

/**
 * A proposed entry of a room that exists. With a `cid`, same (sender, cid), room and content: the first outcome again. Another room or other
 * content: `cid_reused`. A refusal for good is the answer to whatever comes under its cid (refused.ts). With `behind`, a cid of the same sender:
 * `out_of_order` unless that one is in the log already (or earlier in this batch). What each body needs is said by `may.ts`; no entry is
 * written for what is so already.
 */
export interface EntryDraft {
	readonly kind: "entry";
	readonly room: string;
	readonly sender: UserRef;
	readonly cid?: string | undefined;
	readonly behind?: string | undefined;
	readonly body: ProposedBody;
	/** Of a new name: what makes names look alike. `room_taken` if another room has it. */
	readonly skeleton?: string;
	readonly atMs: number;
}

/** An entry's body as the protocol has it, without the names of its types, which entries.ts adds. */
export type ProposedBody =
	| { readonly case: "message"; readonly value: { readonly text: string } }
	/** A private room needs an open invitation; otherwise `no_such_room`. */
	| { readonly case: "joined"; readonly value: object }
	/** Of whoever is no member it declines an open invitation. Direct conversations cannot be left: `forbidden`. */
	| { readonly case: "left"; readonly value: { readonly reason: string } }
	| { readonly case: "renamed"; readonly value: { readonly name: string } }
	| { readonly case: "invited"; readonly value: { readonly user: UserRef } };

/** What is to be changed. Ids are made by the caller, so that the store needs neither clock nor chance. */
export type Draft =
	| EntryDraft
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
	 * opened for this entry, which follows; if that has its answer already, this is the outcome, and a refusal for good is its answer. It is
	 * not opened for one that is `out_of_order`.
	 */
	| {
			readonly kind: "direct";
			readonly room: string;
			readonly epoch: number;
			readonly sender: UserRef;
			readonly peer: UserRef;
			readonly send?: ProposedEntry;
			readonly atMs: number;
	  }
	/**
	 * An entry that cannot be proposed, for a reason that is final: the outcome is `code`, unless it has its answer already. Where it was to
	 * be written is not known, so an entry of its cid is another's: `cid_reused`.
	 */
	| {
			readonly kind: "refuse";
			readonly sender: UserRef;
			readonly send: ProposedEntry;
			readonly code: ErrorCode;
			readonly atMs: number;
	  }
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

/** A proposed entry, without its room. */
export interface ProposedEntry {
	readonly cid: string;
	readonly body: ProposedBody;
	readonly behind?: string | undefined;
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

/** The cid that the draft has, or for whose send it is made; none: undefined or empty. */
export function cidOf(draft: Draft): string | undefined {
	if (draft.kind === "entry") return draft.cid;
	return draft.kind === "direct" || draft.kind === "refuse" ? draft.send?.cid : undefined;
}

/** The cid of the sender's entry behind which this one stands. */
export function behindOf(draft: Draft): string | undefined {
	if (draft.kind === "entry") return draft.behind;
	return draft.kind === "direct" || draft.kind === "refuse" ? draft.send?.behind : undefined;
}

type InRoom = Omit<EntryDraft, "kind" | "body" | "skeleton">;

/** A literal, since copying the rest of an object takes ten times as long. */
export function messageDraft({ room, sender, cid, behind, text, atMs }: InRoom & { readonly text: string }): EntryDraft {
	return { kind: "entry", room, sender, cid, behind, body: { case: "message", value: { text } }, atMs };
}

export function joinDraft(draft: InRoom): EntryDraft {
	return { kind: "entry", ...draft, body: { case: "joined", value: {} } };
}

export function leaveDraft({ reason = "", ...draft }: InRoom & { readonly reason?: string }): EntryDraft {
	return { kind: "entry", ...draft, body: { case: "left", value: { reason } } };
}

export function renameDraft({ name, ...draft }: InRoom & { readonly name: string; readonly skeleton: string }): EntryDraft {
	return { kind: "entry", ...draft, body: { case: "renamed", value: { name } } };
}

export function inviteDraft({ user, ...draft }: InRoom & { readonly user: UserRef }): EntryDraft {
	return { kind: "entry", ...draft, body: { case: "invited", value: { user } } };
}

/** Drafts that concern a room. */
export type RoomDraft = Exclude<Draft, { readonly kind: "refuse" | "userCreate" | "userChange" | "tokenUse" }>;

export type DraftOf<K extends Draft["kind"]> = Extract<Draft, { readonly kind: K }>;
