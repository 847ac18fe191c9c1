// The order of a member list. It is chosen when the list is opened, and nothing moves while it is visible.
import type { RoomMember } from "@verbatim/client";

/** In rooms with more members presence is not known for all. */
const RANKED_MAX = 100;
const byName = new Intl.Collator(undefined, { numeric: true });

/**
 * A list that is complete when it is opened is sorted by name, in small rooms those online first. One that loads in pages keeps
 * their order, by id (the order of registration): sorted by name, each page would insert rows between visible ones.
 */
export class MemberOrder {
	private kind: "pages" | "names" | "online" | undefined;
	/** 0 for those listed as online. */
	private readonly ranks = new Map<string, 0 | 1>();

	get isOfPages(): boolean {
		return this.kind === "pages";
	}

	/** `looked`: the list is visible, so that a user who goes online or offline keeps the place. */
	arrange(members: Iterable<RoomMember>, { complete, looked }: { complete: boolean; looked: boolean }): readonly RoomMember[] {
		const all = [...members];
		if (!complete) this.kind = "pages";
		this.kind ??= all.length > RANKED_MAX ? "names" : "online";
		if (this.kind === "pages") return all.sort((a, b) => (a.user.id < b.user.id ? -1 : 1));
		if (!looked) this.ranks.clear();
		return all.sort((a, b) => this.rank(a) - this.rank(b) || byName.compare(a.user.name, b.user.name));
	}

	private rank({ user, online }: RoomMember): 0 | 1 {
		if (this.kind !== "online") return 0;
		const before = this.ranks.get(user.id);
		if (before !== undefined) return before;
		const rank = online === true ? 0 : 1;
		this.ranks.set(user.id, rank);
		return rank;
	}
}
