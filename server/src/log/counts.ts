// By how much a batch has changed the counts of rooms and invitations.
import { Room_Standing } from "@verbatim/protocol";
import type { Membership } from "./records.ts";
import { pair } from "./snapshot.ts";

export class Counts {
	private readonly ownRooms = new Map<string, number>();
	private readonly broughtInto = new Map<string, number>();
	private readonly invitations = new Map<string, number>();
	private readonly byInviter = new Map<string, number>();

	/** Counts what the user is in a room once more (1), or once less (-1). */
	add(userId: string, { standing, broughtBy }: Membership, by: 1 | -1): void {
		if (standing === Room_Standing.NONE) return;
		if (broughtBy === undefined) {
			count(this.ownRooms, userId, by);
			return;
		}
		count(this.broughtInto, userId, by);
		if (standing !== Room_Standing.INVITED) return;
		count(this.invitations, pair(userId, broughtBy), by);
		count(this.byInviter, broughtBy, by);
	}

	own(userId: string): number {
		return this.ownRooms.get(userId) ?? 0;
	}

	brought(userId: string): number {
		return this.broughtInto.get(userId) ?? 0;
	}

	invitationsOf(userId: string, inviterId: string): number {
		return this.invitations.get(pair(userId, inviterId)) ?? 0;
	}

	invitationsBy(inviterId: string): number {
		return this.byInviter.get(inviterId) ?? 0;
	}
}

function count(counts: Map<string, number>, key: string, by: number): void {
	counts.set(key, (counts.get(key) ?? 0) + by);
}
