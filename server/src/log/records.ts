// Rows that the rules read and change, as every store keeps them. Nothing of the schema of the wire is loaded here (sqlite/reader.ts).
import type { Room_Kind, Room_Standing } from "@verbatim/protocol";

/** A user under the name of this moment. */
export interface UserRef {
	readonly id: string;
	readonly name: string;
}

export type UserKind = "registered" | "guest" | "external";

export interface UserRecord extends UserRef {
	readonly kind: UserKind;
	/** What makes two names look alike; unique among users. */
	readonly skeleton: string;
	/** argon2id in PHC form; for registered users only. */
	readonly passwordHash?: string;
	/** Of external users: issuer and subject at an identity provider, as `iss|sub`. Of guests: what their key is known by. Unique. */
	readonly external?: string;
	readonly createdMs: number;
	/** A guest's name is free for others from this time on; absent while a session of it lives, and for all others. */
	readonly expiresMs?: number;
	/** A guest without a token to resume with (line mode): its name is released when its session or the server ends. */
	readonly sessionOnly?: boolean;
	/** Tokens with a smaller generation are void: raised by a password change or an operator. */
	readonly generation: number;
	/** May not log in. */
	readonly disabled: boolean;
}

/** The refresh tokens that descend from one log-in, each made for the one before it. Kept from the first use of one of them. */
export interface TokenFamily {
	readonly id: string;
	readonly user: string;
	/** The newest token: its number (1, 2, 3, …), when it was made and until when it holds (wall clock, ms). */
	readonly number: number;
	readonly issuedMs: number;
	readonly expiresMs: number;
	/** A replaced token was used again: no token of the family is valid any more. */
	readonly ended: boolean;
}

export interface RoomRecord {
	readonly id: string;
	readonly kind: Room_Kind;
	/** Without `#`; empty for direct conversations. */
	readonly name: string;
	readonly epoch: number;
	readonly head: number;
	readonly members: number;
}

/** A room with the key by which it is unique: the skeleton of a channel's name, or the key of a direct conversation. */
export interface RoomRow extends RoomRecord {
	readonly key: string;
}

/** What a user is in a room. */
export interface Membership {
	readonly standing: Room_Standing;
	/**
	 * Who has brought the user here, while the user has not answered: the inviter of an open invitation, or whoever has opened a direct
	 * conversation in which the user has said nothing. Undefined where the room is the user's own wish, or the user has no standing.
	 */
	readonly broughtBy: string | undefined;
}

/** The room as it is now: a copy. */
export function recordOf({ id, kind, name, epoch, head, members }: RoomRecord): RoomRecord {
	return { id, kind, name, epoch, head, members };
}

/** The key of the direct conversation of two users: the same whoever asks. */
export function directKey(a: string, b: string): string {
	return a < b ? `${a}|${b}` : `${b}|${a}`;
}

/** The other one of a direct conversation; undefined for those who are not in it. */
export function otherOf(key: string, userId: string): string | undefined {
	const cut = key.indexOf("|");
	const [a, b] = [key.slice(0, cut), key.slice(cut + 1)];
	if (userId === a) return b;
	return userId === b ? a : undefined;
}
