// A room's members: the pages of `who`, plus a fold over the entries after them.
//
// A page is the fold up to its `asOf`, and each effect of an entry sets a member's whole state; so a page replaces its members, and
// entries above `asOf` are applied again. The list's version is counted locally per entry, as the server does: while both agree, no page
// has to be loaded again.
import { type Effect, type Entry, effectsOf, type MemberList, Room_Standing, type User } from "@verbatim/protocol";
import type { RoomMember } from "../api/api.ts";

/** The known entries above a seq; undefined if some are missing. */
export type EntriesAbove = (seq: number) => readonly Entry[] | undefined;

/**
 * taken; again: entries are missing between the page and the timeline, repeat the request; changed: the pages before it are stale,
 * start from the first page.
 */
export type Taken = "taken" | "again" | "changed";

const PUSHED_MAX = 128;

export class Members {
	private readonly ownUser: () => string | undefined;
	private held = new Map<string, RoomMember>();
	/** Last pushed presence by user, least recent first: the push may arrive before the entry by which the user becomes a member. */
	private readonly pushed = new Map<string, boolean>();
	/** Watched members (`lookAt`) with their last reported presence. In a large room no other presence is kept. */
	private watched = new Map<string, boolean | undefined>();
	private snapshot: ReadonlyMap<string, RoomMember> | undefined;
	/** The list's version as of `asOf`; 0: no page is loaded, or the loaded ones are stale. */
	private versionNow = 0;
	private epochNow = 0;
	private asOf = 0;
	/** The server's version at a seq that the timeline has not reached yet. */
	private expected: { readonly seq: number; readonly version: number } | undefined;
	/** Entries were skipped since `asOf`. */
	private hasSkipped = false;
	private countNow: number | undefined;
	private onlineNow: number | undefined;
	private nextNow = "";
	private completeNow = false;

	/** `ownUser`: the id of the client's own user. */
	constructor(ownUser: () => string | undefined) {
		this.ownUser = ownUser;
	}

	/** Another map after each change. */
	get map(): ReadonlyMap<string, RoomMember> {
		this.snapshot ??= new Map(this.held);
		return this.snapshot;
	}

	/** The loaded version, for a conditional request. Version 0: none. */
	get version(): { readonly epoch: number; readonly version: number } {
		return { epoch: this.epochNow, version: this.versionNow };
	}

	/** Whether a page was ever taken. */
	get isLoaded(): boolean {
		return this.onlineNow !== undefined;
	}

	/** Whether the loaded pages are of one version, with all entries since applied. False before the first page and after skipped entries. */
	get isCurrent(): boolean {
		return this.versionNow > 0 && !this.hasSkipped;
	}

	/** Whether all members are loaded. */
	get complete(): boolean {
		return this.completeNow && this.isCurrent;
	}

	/** The `after` of the next page; empty if none is loaded. */
	get next(): string {
		return this.nextNow;
	}

	/** Members without the invited; undefined before the first page. */
	get count(): number | undefined {
		return this.countNow;
	}

	/** Number of members online, as last reported. */
	get online(): number | undefined {
		return this.onlineNow;
	}

	apply(entry: Entry): void {
		const isCounted = this.isCurrent;
		// Already in the list: applying it again would lose the presence of a member who has left and rejoined.
		if (isCounted && entry.seq <= this.asOf) return;
		const effects = effectsOf(entry);
		for (const effect of effects) {
			// A page newer than this entry was taken: the member may have rejoined by its `asOf`, and the presence on the page still holds.
			const online = this.expected === undefined ? undefined : this.held.get(effect.user.id)?.online;
			this.change(effect);
			if (effect.kind === "gone" && online !== undefined) this.remember(effect.user.id, online);
		}
		if (!isCounted) return;
		this.asOf = entry.seq;
		this.versionNow += effects.length;
		if (this.countNow !== undefined) this.countNow += countedBy(entry, effects);
		const { expected } = this;
		if (expected === undefined || expected.seq > entry.seq) return;
		this.expected = undefined;
		if (expected.seq !== entry.seq || expected.version !== this.versionNow) this.versionNow = 0;
	}

	/** The timeline has skipped entries, whose changes are not known. */
	skipped(): void {
		this.hasSkipped = true;
		this.expected = undefined;
	}

	/** Takes a page that was requested with `after`. */
	take(list: MemberList, after: string, above: EntriesAbove): Taken {
		const later = above(list.asOf);
		if (later === undefined) return "again";
		if (list.same) {
			// The requested version has become stale meanwhile.
			if (this.versionNow === 0) return "again";
			this.setVersion(list, later);
			this.forgetPresence();
			return "taken";
		}
		// A list of one page has no other pages to be consistent with.
		const isWhole = after === "" && list.next === "";
		const agrees = !isWhole && this.isConsistent(list, later);
		if (!agrees && after !== "") {
			this.versionNow = 0;
			return "changed";
		}
		// It was requested before the list was started again, and does not follow the loaded pages.
		if (after !== "" && !this.completeNow && after > this.nextNow) return "again";
		if (!agrees) this.begin(list, later);
		// The members of further pages are current, but not their presence, which was not pushed meanwhile (disconnected, or a large room).
		else if (after === "" && list.presence && list.next !== "") this.restart();
		this.onlineNow = list.online;
		// In a large room presence is reported for requested members only.
		if (after === "" && !list.presence) this.forgetPresence();
		this.replace(list, after, later);
		if (list.next === "") this.completeNow = true;
		else if (list.next > this.nextNow) this.nextNow = list.next;
		return "taken";
	}

	/** Sets the watched members. */
	watch(users: readonly string[]): void {
		const before = this.watched;
		this.watched = new Map(users.map((id) => [id, before.get(id)]));
	}

	/** The answer to a presence request: of `asked`, `here` are online. True if anything changed. */
	presenceAnswered(asked: readonly string[], here: readonly User[], online: number): boolean {
		const isHere = new Set(here.map(({ id }) => id));
		const countChanged = this.onlineNow !== online;
		this.onlineNow = online;
		return asked.map((id) => this.presence(id, isHere.has(id))).some(Boolean) || countChanged;
	}

	/** A presence push. True if it changes a member. */
	presencePushed(userId: string, online: boolean): boolean {
		this.remember(userId, online);
		return this.presence(userId, online);
	}

	/** Presence pushes are interrupted: the earlier ones are stale for users who join later. */
	pushesInterrupted(): void {
		this.pushed.clear();
	}

	private remember(userId: string, online: boolean): void {
		this.pushed.delete(userId);
		this.pushed.set(userId, online);
		for (const oldest of this.pushed.keys()) {
			if (this.pushed.size <= PUSHED_MAX) break;
			this.pushed.delete(oldest);
		}
	}

	private presence(userId: string, online: boolean): boolean {
		if (this.watched.has(userId)) this.watched.set(userId, online);
		const member = this.held.get(userId);
		if (member === undefined || member.online === online) return false;
		this.held.set(userId, { ...member, online });
		this.snapshot = undefined;
		return true;
	}

	/** Whether the page is consistent with the loaded ones: every change between their versions was an applied entry. */
	private isConsistent(list: MemberList, later: readonly Entry[]): boolean {
		if (!this.isCurrent || list.epoch !== this.epochNow) return false;
		if (list.asOf > this.asOf) {
			this.expected = { seq: list.asOf, version: list.version };
			return true;
		}
		const since = later.filter(({ seq }) => seq <= this.asOf).flatMap(effectsOf);
		return this.versionNow - since.length === list.version;
	}

	/** Replaces the loaded pages by a first page. */
	private begin(list: MemberList, later: readonly Entry[]): void {
		this.held = new Map();
		this.restart();
		this.setVersion(list, later);
	}

	/** Loads all pages again; the loaded ones are shown until then. */
	private restart(): void {
		this.completeNow = false;
		this.nextNow = "";
	}

	/** Sets version and counts to those of `list`, and applies the entries after it. */
	private setVersion(list: MemberList, later: readonly Entry[]): void {
		this.epochNow = list.epoch;
		this.versionNow = list.version;
		this.asOf = list.asOf;
		this.countNow = list.total;
		this.onlineNow = list.online;
		this.hasSkipped = false;
		this.expected = undefined;
		for (const entry of later) this.apply(entry);
	}

	private replace({ members, next, presence }: MemberList, after: string, later: readonly Entry[]): void {
		const isOfPage = (id: string): boolean => id > after && (next === "" || id <= next);
		const before = this.held;
		this.held = new Map([...before].filter(([id]) => !isOfPage(id)));
		for (const { user, standing, online } of members) {
			if (user === undefined) continue;
			this.held.set(user.id, {
				user,
				standing,
				online: presence ? online : (before.get(user.id)?.online ?? this.watched.get(user.id)),
			});
		}
		this.snapshot = undefined;
		for (const effect of later.flatMap(effectsOf)) if (isOfPage(effect.user.id)) this.change(effect);
	}

	/** Clears the presence of all members except the watched. */
	private forgetPresence(): void {
		for (const [id, member] of this.held) {
			const online = this.watched.get(id);
			if (member.online !== online) this.held.set(id, { ...member, online });
		}
		this.snapshot = undefined;
	}

	private change(effect: Effect): void {
		const { id } = effect.user;
		// A presence that was answered for a non-member does not hold once they are a member.
		if (this.watched.has(id) && (effect.kind === "gone" || !this.held.has(id))) this.watched.set(id, undefined);
		if (effect.kind === "gone") this.held.delete(id);
		else
			this.held.set(id, {
				user: effect.user,
				standing: effect.standing,
				// The server tells no session of its own user's presence.
				online: this.held.get(id)?.online ?? this.pushed.get(id) ?? (id === this.ownUser() ? true : undefined),
			});
		this.snapshot = undefined;
	}
}

/** Change of the member count by an entry. The invited do not count; the log has no duplicate join and no leave of a non-member. */
function countedBy(entry: Entry, effects: readonly Effect[]): number {
	if (entry.body.case === "left") return -1;
	return effects.filter((effect) => effect.kind === "member" && effect.standing !== Room_Standing.INVITED).length;
}
