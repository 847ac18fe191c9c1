// Who is in a room: a fold over its entries, on top of the list that `who` gives.
//
// The list carries no seq. It is as of some moment after it was asked for, and every effect of an entry says a member's whole
// state; so applying all entries since the question again, in order, ends in the right state whatever the list had already seen.
import { type Entry, effectsOf, type Member } from "@verbatim/protocol";
import type { RoomMember } from "../api.ts";

export class Members {
	private held = new Map<string, RoomMember>();
	private snapshot: ReadonlyMap<string, RoomMember> | undefined;
	/** Everybody is in it. */
	complete = false;

	/** Another map after each change. */
	get map(): ReadonlyMap<string, RoomMember> {
		this.snapshot ??= new Map(this.held);
		return this.snapshot;
	}

	apply(entry: Entry): void {
		for (const effect of effectsOf(entry)) {
			if (effect.kind === "member") {
				const online = this.held.get(effect.user.id)?.online;
				this.held.set(effect.user.id, { user: effect.user, standing: effect.standing, online });
			} else if (effect.kind === "gone") {
				this.held.delete(effect.user.id);
			} else {
				continue;
			}
			this.snapshot = undefined;
		}
	}

	/** `since`: the entries after the newest one known when the list was asked for. */
	replace(list: readonly Member[], since: readonly Entry[]): void {
		this.held = new Map();
		for (const { user, standing, online } of list) if (user !== undefined) this.held.set(user.id, { user, standing, online });
		this.snapshot = undefined;
		this.complete = true;
		for (const entry of since) this.apply(entry);
	}

	/** True if that is news. */
	presence(userId: string, online: boolean): boolean {
		const member = this.held.get(userId);
		if (member === undefined || member.online === online) return false;
		this.held.set(userId, { ...member, online });
		this.snapshot = undefined;
		return true;
	}
}
