// How many rooms a user may be in, and how many others may bring it into. The two are counted apart: a room into which another has brought
// the user (an open invitation, a direct conversation in which it has said nothing) becomes its own when it joins, or says something. So
// nobody can use up what a user needs; and of what others bring, no inviter can take more than a part, and those it does not know no more than half.
//
// The inviter is told nothing of the invited's other invitations: whatever stands against it there is `invitations_full`.
import type { ErrorCode } from "@verbatim/protocol";
import type { View } from "./view.ts";

export interface InvitationLimits {
	/** Rooms that a user is in by its own wish. */
	readonly roomsPerUserMax: number;
	/** Rooms beside these into which others have brought it. */
	readonly invitationsPerUserMax: number;
	/** Open invitations by one user; more only to users who know it. */
	readonly invitationsPerInviterMax: number;
}

/** Of what others may bring a user, the shares of those it does not know, and of the open invitations of a single inviter. */
const UNKNOWN_INVITERS_SHARE = 1 / 2;
const INVITER_SHARE = 1 / 10;

/** What stands against one more room of the user's own. */
export function whyNotEnter(view: View, userId: string, limits: InvitationLimits): ErrorCode | undefined {
	return view.ownRooms(userId) >= limits.roomsPerUserMax ? "too_many_rooms" : undefined;
}

/** What stands against `by` bringing the user into one more room. Who opens a conversation has a room more of its own, which bounds that. */
export function whyNotBring(
	view: View,
	by: string,
	userId: string,
	how: "invite" | "direct",
	limits: InvitationLimits,
): ErrorCode | undefined {
	if (by === userId) return undefined;
	const { invitationsPerUserMax, invitationsPerInviterMax } = limits;
	const { all, invitationsBy } = view.brought(userId, by);
	if (how === "invite" && invitationsBy >= shareOf(invitationsPerUserMax, INVITER_SHARE)) return "too_many_invitations";
	if (all >= invitationsPerUserMax) return "invitations_full";
	const crowded = all >= shareOf(invitationsPerUserMax, UNKNOWN_INVITERS_SHARE);
	const busy = how === "invite" && view.invitationsBy(by) >= invitationsPerInviterMax;
	if ((!crowded && !busy) || view.knows(userId, by)) return undefined;
	return busy ? "too_many_invitations" : "invitations_full";
}

function shareOf(max: number, share: number): number {
	return Math.max(1, Math.floor(max * share));
}
