// The rules of rooms: what becomes of a draft that concerns one. They read a view of the rows and say what is to be changed (decide.ts);
// nothing is changed while they look.
//
// What an entry does to the rows is not written here but follows from the fold (fold.ts). One thing has no entry: that an invitation
// was declined concerns the invited alone.
import { isFinal, Room_Kind, Room_Standing, unreachable } from "@verbatim/protocol";
import { isRepeatable } from "../base/ids.ts";
import type { Change } from "./change.ts";
import { contentHash } from "./content.ts";
import type { RuleLimits, Ruling } from "./decide.ts";
import type { DraftOf, EntryDraft, ProposedBody, ProposedEntry, RoomDraft } from "./draft.ts";
import { bodyOf, entryOf } from "./entries.ts";
import { appendTo } from "./fold.ts";
import { whyNotBring, whyNotEnter } from "./invitations.ts";
import { type Act, may } from "./may.ts";
import { directKey, type RoomRow } from "./records.ts";
import type { CidAnswer, View, ViewedRoom } from "./view.ts";

/** What the rules have at hand while they decide a draft. */
export interface Deciding {
	readonly view: View;
	readonly limits: RuleLimits;
	/** The index of the draft. */
	readonly draft: number;
	/** What is to be changed is added here. */
	readonly changes: Change[];
}

type Refused = Extract<Ruling, { ok: false }>;

export function entry(at: Deciding, draft: EntryDraft): Ruling {
	const { view } = at;
	const { sender, cid = "" } = draft;
	const answer = view.answerTo(sender.id, cid, at.limits, draft.atMs);
	if (answer !== undefined && answer !== "unknown") return again(view, answer, draft.body, draft.room);
	const ruling = propose(at, draft);
	// Whether the cid of an entry that is written was used, the store learns from its insert.
	if (ruling.ok && ruling.seq !== undefined) return ruling;
	if (answer === "unknown") view.missCid(sender.id, cid);
	return ruling.ok ? ruling : refuseFor(at, draft, cid, ruling);
}

function propose(at: Deciding, draft: EntryDraft): Ruling {
	const { body } = draft;
	switch (body.case) {
		case "message":
			return inRoom(at, draft, "say", say);
		case "joined":
			return inRoom(at, draft, "join", enter);
		case "left":
			return inRoom(at, draft, "leave", log);
		case "renamed":
			return inRoom(at, draft, "rename", (_, room) => nameAnew(at, room, draft, body.value.name));
		case "invited":
			return inRoom(at, draft, "invite", (_, room) => bring(at, room, draft, body.value.user.id));
		default:
			return unreachable(body);
	}
}

/** An entry that cannot be proposed: see `Draft`. */
export function refuse(at: Deciding, draft: DraftOf<"refuse">): Ruling {
	const { send, code } = draft;
	return answered(at, draft, send, undefined) ?? refuseFor(at, draft, send.cid, { ok: false, code });
}

/** What the send was answered with, if it was: whatever has changed since. The sender may have left, the room may be full. */
function answered(
	{ view, limits }: Deciding,
	{ sender, atMs }: Pick<RoomDraft, "sender" | "atMs">,
	{ cid, body }: ProposedEntry,
	room: string | undefined,
): Ruling | undefined {
	const answer = view.answerTo(sender.id, cid, limits, atMs);
	if (answer === "unknown") return view.missCid(sender.id, cid);
	return answer && again(view, answer, body, room);
}

/**
 * The answer of before, to a copy; `room`: where that is to be written, if there is such a room. To an entry of another room the answer is the same
 * whether the room named exists, may be seen, or neither.
 */
function again(view: View, answer: CidAnswer, body: ProposedBody, room: string | undefined): Ruling {
	if ("refused" in answer) return { ok: false, code: answer.refused, note: "before" };
	const isSame = answer.room === room && answer.hash === contentHash(bodyOf(body));
	if (!isSame) return { ok: false, code: "cid_reused" };
	return { ok: true, room: view.room(answer.room), first: { seq: answer.seq, atMs: answer.atMs } };
}

/** Refuses a send whose cid has no answer: for good, if the code says so. */
function refuseFor(
	{ changes }: Deciding,
	{ sender, atMs }: Pick<RoomDraft, "sender" | "atMs">,
	cid: string,
	refusal: Refused,
): Ruling {
	const { code } = refusal;
	if (isRepeatable(cid) && isFinal(code)) changes.push({ kind: "refuse", send: { sender: sender.id, cid, code, atMs } });
	return refusal;
}

function say(at: Deciding, room: ViewedRoom, draft: EntryDraft): Ruling {
	const { view, limits, changes } = at;
	const sender = draft.sender.id;
	if (!isUnanswered(view, room, sender)) return log(at, room, draft);
	const stopped = whyNotAppend(at, room, draft);
	if (stopped) return stopped;
	const refusal = whyNotEnter(view, sender, limits);
	if (refusal) return { ok: false, code: refusal };
	const ruling = log(at, room, draft);
	changes.push({ kind: "answered", room: room.id, user: sender });
	return ruling;
}

export function create(at: Deciding, draft: DraftOf<"create">): Ruling {
	const { view } = at;
	// Ids are unique: a room of this id is this draft, carried out before.
	const existing = view.room(draft.room);
	if (existing) return { ok: true, room: existing };
	if (view.channel(draft.skeleton)) return { ok: false, code: "room_taken" };
	const refusal = whyNotEnter(view, draft.sender.id, at.limits);
	if (refusal) return { ok: false, code: refusal };
	const { room: id, epoch, roomKind: kind, name, skeleton: key } = draft;
	return found(at, draft, { id, key, kind, name, epoch, head: 0, members: 0 });
}

export function direct(at: Deciding, draft: DraftOf<"direct">): Ruling {
	const { view, limits } = at;
	const { send } = draft;
	const key = directKey(draft.sender.id, draft.peer.id);
	const existing = view.directRoom(key);
	const before = send && answered(at, draft, send, existing?.id);
	if (before) return before;
	if (existing) return { ok: true, room: existing };
	const early = outOfOrder(at, draft, send?.behind);
	if (early) return early;
	const refusal =
		whyNotEnter(view, draft.sender.id, limits) ?? whyNotBring(view, draft.sender.id, draft.peer.id, "direct", limits);
	if (refusal) return refuseFor(at, draft, send?.cid ?? "", { ok: false, code: refusal });
	const { room: id, epoch } = draft;
	return found(at, draft, { id, key, kind: Room_Kind.DIRECT, name: "", epoch, head: 0, members: 0 });
}

function enter(at: Deciding, room: ViewedRoom, draft: EntryDraft): Ruling {
	const refusal = whyNotEnter(at.view, draft.sender.id, at.limits);
	return refusal ? { ok: false, code: refusal } : log(at, room, draft);
}

function nameAnew(at: Deciding, room: ViewedRoom, draft: EntryDraft, name: string): Ruling {
	const { skeleton = "" } = draft;
	if (room.name === name) return { ok: true, room };
	const holder = at.view.channel(skeleton);
	if (holder && holder.id !== room.id) return { ok: false, code: "room_taken" };
	const ruling = log(at, room, draft);
	if (ruling.ok) at.changes.push({ kind: "renameRoom", room: room.id, name, skeleton });
	return ruling;
}

function bring(at: Deciding, room: ViewedRoom, draft: EntryDraft, user: string): Ruling {
	const { view, limits } = at;
	if (view.standing(room, user) !== Room_Standing.NONE) return { ok: true, room };
	const refusal = whyNotBring(view, draft.sender.id, user, "invite", limits);
	return refusal ? { ok: false, code: refusal } : log(at, room, draft);
}

/** What `may` says of the draft, and where it says yes, what `task` says. */
function inRoom(
	at: Deciding,
	draft: EntryDraft,
	act: Act,
	task: (at: Deciding, room: ViewedRoom, draft: EntryDraft) => Ruling,
): Ruling {
	const room = at.view.room(draft.room);
	if (!room) return { ok: false, code: "no_such_room" };
	const answer = may(at.view.standing(room, draft.sender.id), act, room.kind);
	switch (answer) {
		case "yes":
			return task(at, room, draft);
		case "done":
			return { ok: true, room };
		case "decline":
			at.changes.push({ kind: "removeMember", room: room.id, user: draft.sender.id });
			return { ok: true, room, declined: true };
		default:
			return { ok: false, code: answer };
	}
}

/** Founds a room: its row, and the entry from which its members follow. */
function found({ changes, draft: index }: Deciding, draft: DraftOf<"create" | "direct">, room: RoomRow): Ruling {
	changes.push({ kind: "addRoom", room });
	appendTo(changes, room.id, entryOf(draft, 1), index);
	return { ok: true, room, seq: 1 };
}

/** What stands against any entry of the room. */
function whyNotAppend(at: Deciding, room: ViewedRoom, draft: EntryDraft): Refused | undefined {
	return room.head >= at.limits.seqMax ? { ok: false, code: "room_full" } : outOfOrder(at, draft, draft.behind);
}

/**
 * Also behind a send that was refused for good: what that one stood behind may come yet, and would come after this one. The client knows the one before.
 */
function outOfOrder(
	{ view, limits }: Deciding,
	{ sender, atMs }: Pick<RoomDraft, "sender" | "atMs">,
	behind = "",
): Refused | undefined {
	if (behind === "" || view.hasUsed(sender.id, behind)) return undefined;
	const answer = view.answerTo(sender.id, behind, limits, atMs);
	return { ok: false, code: "out_of_order", ...(typeof answer === "object" ? { note: "behind" as const } : {}) };
}

function log(at: Deciding, room: ViewedRoom, draft: EntryDraft): Ruling {
	const stopped = whyNotAppend(at, room, draft);
	if (stopped) return stopped;
	const { changes, draft: index } = at;
	const seq = room.head + 1;
	appendTo(changes, room.id, entryOf(draft, seq), index);
	return { ok: true, room, seq };
}

/** A direct conversation that another has opened, in which the user, a member, has said nothing. */
function isUnanswered(view: View, room: ViewedRoom, userId: string): boolean {
	return room.kind === Room_Kind.DIRECT && view.membership(room, userId).broughtBy !== undefined;
}
