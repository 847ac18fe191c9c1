// The entry that a draft becomes, given its place in the log. Pure, so that whoever knows draft and seq can make the entry: the
// rules inside the transaction, and the event loop once the batch is durable. Entries never travel between the two.
//
// Entries are literals, not `create(…)`: that walks the schema for each value, and this is the hottest path of the server.
import { type Entry, Room_Kind, type User, unreachable } from "@verbatim/protocol";
import type { RoomDraft } from "./draft.ts";
import type { UserRef } from "./records.ts";

/** The entry that `draft` becomes at `seq`; every draft that concerns a room writes one entry at most. */
export function entryOf(draft: RoomDraft, seq: number): Entry {
	return entry(seq, draft.atMs, draft.sender, draft.kind === "message" ? draft.cid : "", bodyOf(draft));
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

function bodyOf(draft: RoomDraft): Entry["body"] {
	switch (draft.kind) {
		case "message":
			return messageBody(draft.text);
		case "create":
			return created(draft.roomKind, draft.name, [draft.sender]);
		case "direct":
			return created(Room_Kind.DIRECT, "", draft.sender.id === draft.peer.id ? [draft.sender] : [draft.sender, draft.peer]);
		case "join":
			return { case: "joined", value: { $typeName: "verbatim.v1.JoinedBody" } };
		case "leave":
			return { case: "left", value: { $typeName: "verbatim.v1.LeftBody", reason: draft.reason } };
		case "rename":
			return { case: "renamed", value: { $typeName: "verbatim.v1.RenamedBody", name: draft.name } };
		case "invite":
			return { case: "invited", value: { $typeName: "verbatim.v1.InvitedBody", user: user(draft.user) } };
		default:
			return unreachable(draft);
	}
}

function created(kind: Room_Kind, name: string, members: readonly UserRef[]): Entry["body"] {
	return { case: "created", value: { $typeName: "verbatim.v1.CreatedBody", kind, name, members: members.map(user) } };
}

function user({ id, name }: UserRef): User {
	return { $typeName: "verbatim.v1.User", id, name };
}
