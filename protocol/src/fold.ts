// What an entry changes of who is in its room, as data: the store applies it to rows, the bus tells the users of it, the SDK applies it
// to its list of members. A room's name needs no such rule: it is that of the newest entry that carries one.
import { type Entry, Room_Kind, Room_Standing, type User } from "./wire.ts";

/** It sets the whole state of one user in the room: an open invitation is a member with standing `INVITED`. */
export type Effect =
	| { readonly kind: "member"; readonly user: User; readonly standing: Room_Standing }
	| { readonly kind: "gone"; readonly user: User };

const NONE: readonly Effect[] = [];

/** The changes by `entry`, in order. None for a message. */
export function effectsOf(entry: Entry): readonly Effect[] {
	const { body, sender } = entry;
	switch (body.case) {
		case "created": {
			const { kind, members } = body.value;
			const standing = kind === Room_Kind.DIRECT ? Room_Standing.MEMBER : Room_Standing.OWNER;
			return members.map((user) => ({ kind: "member", user, standing }));
		}
		case "joined":
			return sender ? [{ kind: "member", user: sender, standing: Room_Standing.MEMBER }] : NONE;
		case "left":
			return sender ? [{ kind: "gone", user: sender }] : NONE;
		case "invited":
			return body.value.user ? [{ kind: "member", user: body.value.user, standing: Room_Standing.INVITED }] : NONE;
		case "renamed":
		case "message":
		// An entry kind of a later version: no effects known here.
		case undefined:
			return NONE;
	}
}
