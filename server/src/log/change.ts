// What a store has to write, as plain data, in order. Made by the rules (decide.ts), applied by the view of a batch (view.ts) and by
// each store to its rows.
import type { Entry, Room_Standing } from "@verbatim/protocol";
import type { RoomRow, TokenFamily, UserRecord, UserRef } from "./records.ts";
import type { RefusedSend } from "./refused.ts";

/** Appends `entry`, whose seq is the room's head + 1. `draft`: the index of the draft from which it comes. */
export interface Append {
	readonly kind: "append";
	readonly room: string;
	readonly entry: Entry;
	readonly draft: number;
}

/** Rooms are named by their ids. */
export type Change =
	| Append
	/** A send is refused for good; the log does not have its cid, and if the refused sends have, that is too old. */
	| { readonly kind: "refuse"; readonly send: RefusedSend }
	/** A room with an empty log. */
	| { readonly kind: "addRoom"; readonly room: RoomRow }
	| { readonly kind: "renameRoom"; readonly room: string; readonly name: string; readonly skeleton: string }
	/** Adds a member or an open invitation, or replaces it. */
	| {
			readonly kind: "setMember";
			readonly room: string;
			readonly user: UserRef;
			readonly standing: Room_Standing;
			readonly broughtBy: string | undefined;
	  }
	/** The user, who has a standing, has none from now on. */
	| { readonly kind: "removeMember"; readonly room: string; readonly user: string }
	/** The room counts as the user's own from now on; the list of members has not changed. */
	| { readonly kind: "answered"; readonly room: string; readonly user: string }
	/** Adds the user or replaces the one with its id. */
	| { readonly kind: "putUser"; readonly user: UserRecord }
	/** Adds the family or replaces the one with its id. */
	| { readonly kind: "putTokenFamily"; readonly family: TokenFamily }
	| { readonly kind: "dropTokenFamily"; readonly id: string };
