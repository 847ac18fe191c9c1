// What a user is in a room.
import { Room_Standing } from "@verbatim/protocol";
import type { Membership } from "./records.ts";

export const NO_MEMBERSHIP: Membership = { standing: Room_Standing.NONE, broughtBy: undefined };

/** Members and owners; an open invitation is none. */
export function isMember(standing: Room_Standing): boolean {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER;
}

/** By how much a room has more members when `before` becomes `after`. */
export function membersMore(before: Room_Standing, after: Room_Standing): number {
	return Number(isMember(after)) - Number(isMember(before));
}
