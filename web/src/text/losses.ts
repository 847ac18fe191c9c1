// What is lost for good by signing out and by leaving a room, as sentences for the confirmation. Empty: nothing, no confirmation.
import type { Room } from "@verbatim/client";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import { counted } from "./words.ts";

/** The kind of identity; undefined: signed in before this was stored. */
export type CameAs = "guest" | "account" | undefined;

export interface SigningOut {
	readonly as: CameAs;
	/** Undefined while the user is not known. */
	readonly name: string | undefined;
	/** Sends in the outbox; undefined while unknown. */
	readonly unsent: number | undefined;
	readonly drafts: number;
}

export function lostBySigningOut({ as, name, unsent, drafts }: SigningOut): readonly string[] {
	const lost: string[] = [];
	if (as !== "account") {
		const who = as === "guest" ? "You are here as a guest: " : "If you came as a guest, ";
		const under = name === undefined ? "under this name" : `as ${name}`;
		lost.push(`${who}nobody can come back ${under}, not even you. Your direct messages and private rooms will be out of reach.`);
	}
	if (unsent === undefined) {
		if (as !== "account") lost.push("What is not sent yet will never be.");
	} else if (unsent > 0) {
		const messages = counted(unsent, "message is", "messages are");
		lost.push(
			as === "account"
				? `${messages} not sent yet, and will wait in this browser until you log in here again.`
				: `${messages} not sent yet, and will never be.`,
		);
	}
	if (drafts > 0) lost.push(`What you have begun to write in ${counted(drafts, "room", "rooms")} is thrown away.`);
	return lost;
}

export function lostByLeaving(room: Pick<Room, "kind" | "standing" | "pending">): readonly string[] {
	const lost: string[] = [];
	const owner = room.standing === Room_Standing.OWNER;
	if (room.kind === Room_Kind.PRIVATE) {
		lost.push(
			owner
				? "You are its only owner: nobody can be invited to it any more, and you cannot come back."
				: "It is private: you can come back only if you are invited again.",
		);
	} else if (owner) {
		lost.push("You are its only owner: nobody can rename it any more, even if you come back.");
	}
	const unsent = room.pending.filter(({ status }) => status.state !== "done").length;
	if (unsent > 0) lost.push(`${counted(unsent, "message is", "messages are")} not sent yet, and will never be.`);
	return lost;
}
