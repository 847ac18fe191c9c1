// Which rows a batch locks before it looks at anything else, and whether those were enough. Users are locked before rooms, each by id, so that
// two batches never wait for each other; hence a batch that turns out to need more begins anew.
//
// A room's lock guards its log and its members, a user's lock its record and how many rooms and invitations it has.
import type { Change } from "../../log/change.ts";
import type { Draft } from "../../log/draft.ts";
import type { Needs } from "../../log/needs.ts";
import { DecideAgain } from "./errors.ts";

export class Locks {
	readonly users = new Set<string>();
	readonly rooms = new Set<string>();

	constructor(drafts: readonly Draft[]) {
		for (const draft of drafts) {
			try {
				this.name(draft);
			} catch {
				// A draft that is broken by our mistake: deciding meets the same trouble, and fails it alone.
			}
		}
		for (const ids of [this.users, this.rooms]) for (const id of ids) if (typeof id !== "string") ids.delete(id);
	}

	/** For the next time. */
	add({ users, rooms }: DecideAgain): void {
		for (const id of users) this.users.add(id);
		for (const id of rooms) this.rooms.add(id);
	}

	/** Throws `DecideAgain` if what was counted, or is to be changed, was not locked. Rows that are new need no lock: others cannot see them. */
	mustCover(counted: readonly Needs[], changes: readonly Change[], isNewUser: (id: string) => boolean): void {
		const users = new Set<string>();
		const rooms = new Set<string>();
		const added = new Set<string>();
		for (const { ownRooms, brought, invitationsBy, shared, channels } of counted) {
			for (const id of [...ownRooms, ...invitationsBy, ...channels]) users.add(id);
			for (const [id, other] of [...brought, ...shared]) users.add(id).add(other);
		}
		for (const change of changes) {
			switch (change.kind) {
				case "addRoom":
					added.add(change.room.id);
					break;
				case "putUser":
					if (!isNewUser(change.user.id)) users.add(change.user.id);
					break;
				// Guarded by its sender's lock, as all that the sender sends.
				case "refuse":
				case "putTokenFamily":
				case "dropTokenFamily":
					break;
				default:
					if (!added.has(change.room)) rooms.add(change.room);
			}
		}
		const moreUsers = [...users].filter((id) => !this.users.has(id));
		const moreRooms = [...rooms].filter((id) => !this.rooms.has(id));
		if (moreUsers.length + moreRooms.length > 0)
			throw new DecideAgain("more rows are concerned than were locked", moreUsers, moreRooms);
	}

	private name(draft: Draft): void {
		const { users, rooms } = this;
		switch (draft.kind) {
			case "userCreate":
				return;
			case "userChange":
				users.add(draft.id);
				return;
			case "tokenUse":
				users.add(draft.user);
				return;
			case "refuse":
				users.add(draft.sender.id);
				return;
			case "direct":
				users.add(draft.sender.id).add(draft.peer.id);
				return;
			case "entry":
				users.add(draft.sender.id);
				if (draft.body.case === "invited") users.add(draft.body.value.user.id);
				rooms.add(draft.room);
				return;
			default:
				users.add(draft.sender.id);
				rooms.add(draft.room);
		}
	}
}
