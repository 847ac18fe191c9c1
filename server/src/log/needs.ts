// Which rows a batch is decided on. `needsOf` names those that can be told from the drafts alone. What turns out to be missing while
// the batch is decided (the rooms of a guest that loses its name, where a repeated cid was used) is named by the view (view.ts), loaded,
// and the batch is decided again.
import type { Draft, EntryDraft } from "./draft.ts";
import { directKey } from "./records.ts";

/** Names of rows. Names may be repeated, and a row that is not there is loaded as absent. */
export class Needs {
	/** Rooms by id: `rooms[i]`, and what the user `members[i]` is in it ("": nobody). */
	readonly rooms: string[] = [];
	readonly members: string[] = [];
	readonly roomSkeletons: string[] = [];
	readonly directKeys: string[] = [];
	readonly users: string[] = [];
	readonly userSkeletons: string[] = [];
	readonly userExternals: string[] = [];
	/** How many rooms the user is in by its own wish. */
	readonly ownRooms: string[] = [];
	/** How many rooms others have brought the user into, and how many of these are open invitations by the inviter. */
	readonly brought: (readonly [user: string, inviter: string])[] = [];
	/** How many open invitations there are by the user. */
	readonly invitationsBy: string[] = [];
	/** Rooms that are not public, of which both are members, the first by its own wish. */
	readonly shared: (readonly [user: string, other: string])[] = [];
	/** The user's rooms that are no direct conversations, and what it is in them. */
	readonly channels: string[] = [];
	/** Where the sender has used the cid. */
	readonly cids: (readonly [sender: string, cid: string])[] = [];
	readonly tokenFamilies: string[] = [];
	/** Up to `expiredMax` families whose `expiresMs` has come at `expiredAtMs`, those of the earliest end first. */
	expiredMax = 0;
	expiredAtMs = 0;
}

/** How many families of tokens can leave the list of expired ones by one use: those that it drops, and its own. */
const EXPIRED_PER_USE = 3;

/**
 * What the drafts name. `cids`: "every", of entries and of those that they stand behind; "few": none of these, for a store that learns from
 * its insert whether a cid was used, and remembers each sender's newest.
 */
export function needsOf(drafts: readonly Draft[], cids: "every" | "few"): Needs {
	const needs = new Needs();
	for (const draft of drafts) {
		try {
			name(needs, draft, cids);
		} catch {
			// A draft that is broken by our mistake: decide meets the same trouble, and fails it alone.
		}
	}
	return needs;
}

function name(needs: Needs, draft: Draft, cids: "every" | "few"): void {
	switch (draft.kind) {
		case "entry":
			needs.rooms.push(draft.room);
			needs.members.push(draft.sender.id);
			nameBody(needs, draft);
			if (cids === "few") return;
			if (draft.cid) needs.cids.push([draft.sender.id, draft.cid]);
			if (draft.behind) needs.cids.push([draft.sender.id, draft.behind]);
			return;
		case "create":
			needs.rooms.push(draft.room);
			needs.members.push("");
			needs.roomSkeletons.push(draft.skeleton);
			needs.ownRooms.push(draft.sender.id);
			return;
		case "direct":
			needs.directKeys.push(directKey(draft.sender.id, draft.peer.id));
			needs.ownRooms.push(draft.sender.id);
			needs.brought.push([draft.peer.id, draft.sender.id]);
			if (draft.send) needs.cids.push([draft.sender.id, draft.send.cid]);
			if (draft.send?.behind) needs.cids.push([draft.sender.id, draft.send.behind]);
			return;
		case "refuse":
			needs.cids.push([draft.sender.id, draft.send.cid]);
			return;
		case "userCreate":
			needs.users.push(draft.user.id);
			needs.userSkeletons.push(draft.user.skeleton);
			if (draft.user.external !== undefined) needs.userExternals.push(draft.user.external);
			return;
		case "userChange":
			needs.users.push(draft.id);
			if (draft.change.skeleton !== undefined) needs.userSkeletons.push(draft.change.skeleton);
			return;
		case "tokenUse":
			needs.tokenFamilies.push(draft.family);
			needs.expiredMax += EXPIRED_PER_USE;
			needs.expiredAtMs = Math.max(needs.expiredAtMs, draft.dropBeforeMs);
			return;
	}
}

function nameBody(needs: Needs, { room, sender, body, skeleton }: EntryDraft): void {
	switch (body.case) {
		case "joined":
			needs.ownRooms.push(sender.id);
			return;
		case "renamed":
			if (skeleton !== undefined) needs.roomSkeletons.push(skeleton);
			return;
		case "invited":
			needs.rooms.push(room);
			needs.members.push(body.value.user.id);
			needs.brought.push([body.value.user.id, sender.id]);
			needs.invitationsBy.push(sender.id);
			return;
	}
}
