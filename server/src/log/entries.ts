// The entry that a draft becomes, given its place in the log. Pure, so that whoever knows draft and seq can make the entry: the
// rules inside the transaction, and the event loop once the batch is durable. Entries never travel between the two.
//
// Entries are literals, not `create(…)`: that walks the schema for each value, and this is the hottest path of the server.
import { type Entry, Room_Kind, type User, unreachable } from "@verbatim/protocol";
import type { ProposedBody, RoomDraft } from "./draft.ts";
import type { UserRef } from "./records.ts";

/** The entry that `draft` becomes at `seq`; every draft that concerns a room writes one entry at most. */
export function entryOf(draft: RoomDraft, seq: number): Entry {
	const { sender, atMs } = draft;
	switch (draft.kind) {
		case "entry":
			return entry(seq, atMs, sender, draft.cid ?? "", bodyOf(draft.body));
		case "create":
			return entry(seq, atMs, sender, "", created(draft.roomKind, draft.name, [sender]));
		case "direct": {
			const members = sender.id === draft.peer.id ? [sender] : [sender, draft.peer];
			return entry(seq, atMs, sender, "", created(Room_Kind.DIRECT, "", members));
		}
		default:
			return unreachable(draft);
	}
}

/** The entry by which a guest that has lost its name leaves a room. */
export function expiryEntry(guest: UserRef, atMs: number, seq: number): Entry {
	return entry(seq, atMs, guest, "", { case: "left", value: { $typeName: "verbatim.v1.LeftBody", reason: "expired" } });
}

/** An entry of these parts. */
export function entry(seq: number, atMs: number, sender: UserRef, cid: string, body: Entry["body"]): Entry {
	return { $typeName: "verbatim.v1.Entry", seq, atMs, sender: user(sender), cid, body };
}

/** The body of a message. */
export function messageBody(text: string): Entry["body"] {
	return { case: "message", value: { $typeName: "verbatim.v1.MessageBody", text } };
}

/** Whole: with the names of its types. */
export function bodyOf(body: ProposedBody): Entry["body"] {
	switch (body.case) {
		case "message":
			return messageBody(body.value.text);
		case "joined":
			return { case: "joined", value: { $typeName: "verbatim.v1.JoinedBody" } };
		case "left":
			return { case: "left", value: { $typeName: "verbatim.v1.LeftBody", reason: body.value.reason } };
		case "renamed":
			return { case: "renamed", value: { $typeName: "verbatim.v1.RenamedBody", name: body.value.name } };
		case "invited":
			return { case: "invited", value: { $typeName: "verbatim.v1.InvitedBody", user: user(body.value.user) } };
		default:
			return unreachable(body);
	}
}

function created(kind: Room_Kind, name: string, members: readonly UserRef[]): Entry["body"] {
	return { case: "created", value: { $typeName: "verbatim.v1.CreatedBody", kind, name, members: members.map(user) } };
}

function user({ id, name }: UserRef): User {
	return { $typeName: "verbatim.v1.User", id, name };
}
