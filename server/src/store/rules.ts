// What each draft may do and does: decided inside the transaction that carries it out, so that membership, names and cids have
// their place in the order of the log. One set of rules for every implementation; they differ in their tables only.
//
// Whoever may not see a room is told `no_such_room`, in the same words as if there were none. What an entry does to the rows is
// not written here but follows from the fold (write.ts). One thing has no entry: that an invitation was declined concerns the
// invited alone.
import { type ErrorCode, Room_Kind, Room_Standing, unreachable } from "@verbatim/protocol";
import { entryOf, type RoomDraft } from "./entries.ts";
import { type InvitationLimits, whyNotBring, whyNotEnter } from "./invitation-rules.ts";
import type { Draft, RoomRecord, TokenFamily } from "./store.ts";
import { directKey, type RoomRow, recordOf, type Tables } from "./tables.ts";
import { useToken } from "./token-rules.ts";
import { changeUser, createUser, type Parting } from "./user-rules.ts";
import { write } from "./write.ts";

export interface RuleLimits extends InvitationLimits {
	/** The newest seq a room can have. */
	readonly seqMax: number;
}

/** What was decided of a draft. The entries follow from draft and seq (entries.ts). */
export type Ruling =
	| { readonly ok: false; readonly code: ErrorCode }
	| {
			readonly ok: true;
			/** The room afterwards. */
			readonly room?: RoomRecord;
			/** Where the draft's entry was written now. */
			readonly seq?: number;
			/** For a message whose cid had been committed before: where and when. */
			readonly first?: { readonly seq: number; readonly atMs: number };
			/** The sender's open invitation has ended, without an entry. */
			readonly declined?: true;
			/** The guest that has lost its name to this draft. */
			readonly parting?: Parting;
			readonly family?: TokenFamily;
	  };

type Of<K extends Draft["kind"]> = Extract<Draft, { readonly kind: K }>;

/** Decides `draft` and carries it out on `tables`. Throws only what the tables throw. */
export function carryOut(tables: Tables, draft: Draft, limits: RuleLimits): Ruling {
	switch (draft.kind) {
		case "message":
			return message(tables, draft, limits);
		case "create":
			return create(tables, draft, limits);
		case "direct":
			return direct(tables, draft, limits);
		case "join":
			return join(tables, draft, limits);
		case "leave":
			return leave(tables, draft, limits);
		case "rename":
			return rename(tables, draft, limits);
		case "invite":
			return invite(tables, draft, limits);
		case "userCreate":
			return createUser(tables, draft, limits.seqMax);
		case "userChange":
			return changeUser(tables, draft, limits.seqMax);
		case "tokenUse":
			return useToken(tables, draft);
		default:
			return unreachable(draft);
	}
}

function message(tables: Tables, draft: Of<"message">, limits: RuleLimits): Ruling {
	const room = tables.room(draft.room);
	const refusal = room ? whyNotSay(tables, room, draft, limits) : "no_such_room";
	if (room && !refusal) {
		const seq = room.head + 1;
		if (tables.append(room, entryOf(draft, seq))) {
			if (isUnanswered(tables, room, draft.sender.id)) tables.answered(room, draft.sender.id);
			return { ok: true, room: recordOf(room), seq };
		}
	}
	// A repeat is answered whatever has changed since: the sender may have left, the room may be full.
	const said = tables.said(draft.sender.id, draft.cid);
	if (!said) return { ok: false, code: refusal ?? "internal" };
	if (said.room.id !== draft.room || said.text !== draft.text) return { ok: false, code: "cid_reused" };
	return { ok: true, room: recordOf(said.room), first: { seq: said.seq, atMs: said.atMs } };
}

function whyNotSay(tables: Tables, room: RoomRow, draft: Of<"message">, limits: RuleLimits): ErrorCode | undefined {
	const standing = tables.standing(room, draft.sender.id);
	if (!isMember(standing)) return outside(room, standing);
	if (room.head >= limits.seqMax) return "room_full";
	if (draft.behind && !tables.hasSaid(draft.sender.id, draft.behind)) return "out_of_order";
	return isUnanswered(tables, room, draft.sender.id) ? whyNotEnter(tables, draft.sender.id, limits) : undefined;
}

function create(tables: Tables, draft: Of<"create">, limits: RuleLimits): Ruling {
	// Ids are unique: a room of this id is this draft, carried out before.
	const existing = tables.room(draft.room);
	if (existing) return { ok: true, room: recordOf(existing) };
	if (tables.roomBySkeleton(draft.skeleton)) return { ok: false, code: "room_taken" };
	const refusal = whyNotEnter(tables, draft.sender.id, limits);
	if (refusal) return { ok: false, code: refusal };
	return found(tables, draft, { kind: draft.roomKind, name: draft.name }, draft.skeleton);
}

function direct(tables: Tables, draft: Of<"direct">, limits: RuleLimits): Ruling {
	const key = directKey(draft.sender.id, draft.peer.id);
	const existing = tables.directRoom(key);
	if (existing) return { ok: true, room: recordOf(existing) };
	const refusal =
		whyNotEnter(tables, draft.sender.id, limits) ?? whyNotBring(tables, draft.sender.id, draft.peer.id, "direct", limits);
	if (refusal) return { ok: false, code: refusal };
	return found(tables, draft, { kind: Room_Kind.DIRECT, name: "" }, key);
}

function join(tables: Tables, draft: Of<"join">, limits: RuleLimits): Ruling {
	const room = tables.room(draft.room);
	if (!room) return { ok: false, code: "no_such_room" };
	const standing = tables.standing(room, draft.sender.id);
	if (isMember(standing)) return { ok: true, room: recordOf(room) };
	if (standing === Room_Standing.NONE && room.kind !== Room_Kind.PUBLIC) return { ok: false, code: "no_such_room" };
	const refusal = whyNotEnter(tables, draft.sender.id, limits);
	if (refusal) return { ok: false, code: refusal };
	return log(tables, room, draft, limits);
}

function leave(tables: Tables, draft: Of<"leave">, limits: RuleLimits): Ruling {
	const room = tables.room(draft.room);
	if (!room) return { ok: false, code: "no_such_room" };
	const standing = tables.standing(room, draft.sender.id);
	if (isMember(standing)) {
		if (room.kind === Room_Kind.DIRECT) return { ok: false, code: "forbidden" };
		return log(tables, room, draft, limits);
	}
	if (standing === Room_Standing.INVITED) {
		tables.removeMember(room, draft.sender.id);
		return { ok: true, room: recordOf(room), declined: true };
	}
	if (room.kind !== Room_Kind.PUBLIC) return { ok: false, code: "no_such_room" };
	return { ok: true, room: recordOf(room) };
}

function rename(tables: Tables, draft: Of<"rename">, limits: RuleLimits): Ruling {
	const room = tables.room(draft.room);
	if (!room) return { ok: false, code: "no_such_room" };
	const standing = tables.standing(room, draft.sender.id);
	if (!isMember(standing)) return { ok: false, code: outside(room, standing) };
	if (standing !== Room_Standing.OWNER || room.kind === Room_Kind.DIRECT) return { ok: false, code: "forbidden" };
	if (room.name === draft.name) return { ok: true, room: recordOf(room) };
	const holder = tables.roomBySkeleton(draft.skeleton);
	if (holder && holder.id !== room.id) return { ok: false, code: "room_taken" };
	if (room.head >= limits.seqMax) return { ok: false, code: "room_full" };
	tables.renameRoom(room, draft.name, draft.skeleton);
	return log(tables, room, draft, limits);
}

function invite(tables: Tables, draft: Of<"invite">, limits: RuleLimits): Ruling {
	const room = tables.room(draft.room);
	if (!room) return { ok: false, code: "no_such_room" };
	const standing = tables.standing(room, draft.sender.id);
	if (!isMember(standing)) return { ok: false, code: outside(room, standing) };
	if (room.kind === Room_Kind.DIRECT) return { ok: false, code: "forbidden" };
	if (room.kind === Room_Kind.PRIVATE && standing !== Room_Standing.OWNER) return { ok: false, code: "forbidden" };
	if (tables.standing(room, draft.user.id) !== Room_Standing.NONE) return { ok: true, room: recordOf(room) };
	const refusal = whyNotBring(tables, draft.sender.id, draft.user.id, "invite", limits);
	if (refusal) return { ok: false, code: refusal };
	return log(tables, room, draft, limits);
}

/** Founds a room: its row, and the entry from which its members follow. */
function found(
	tables: Tables,
	draft: Of<"create"> | Of<"direct">,
	{ kind, name }: { readonly kind: Room_Kind; readonly name: string },
	key: string,
): Ruling {
	tables.addRoom({ id: draft.room, kind, name, epoch: draft.epoch, head: 0, members: 0 }, key);
	const room = tables.room(draft.room);
	if (!room) return { ok: false, code: "internal" };
	write(tables, room, entryOf(draft, 1));
	return { ok: true, room: recordOf(room), seq: 1 };
}

function log(tables: Tables, room: RoomRow, draft: RoomDraft, limits: RuleLimits): Ruling {
	if (room.head >= limits.seqMax) return { ok: false, code: "room_full" };
	const seq = room.head + 1;
	write(tables, room, entryOf(draft, seq));
	return { ok: true, room: recordOf(room), seq };
}

/** A direct conversation that another has opened, in which the user, a member, has said nothing. */
function isUnanswered(tables: Tables, room: RoomRow, userId: string): boolean {
	return room.kind === Room_Kind.DIRECT && tables.broughtBy(room, userId) !== undefined;
}

export function isMember(standing: Room_Standing): boolean {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER;
}

/** What somebody hears who wants something of a room without being a member. */
function outside(room: RoomRow, standing: Room_Standing): ErrorCode {
	return room.kind === Room_Kind.PUBLIC || standing === Room_Standing.INVITED ? "not_member" : "no_such_room";
}
