// Who is in a room: a fold over its entries, on top of the pages of a list that `who` gives.
//
// Each page stands as the entries up to its `asOf` make it, and every effect of an entry says a member's whole state; so a page
// replaces what was known of its members, and the entries above its `asOf` are applied to them again. The version of the list is
// counted along with the entries, as the server counts it: as long as both agree, nothing has to be asked for again.
import { type Effect, type Entry, effectsOf, type MemberList, Room_Standing, type User } from "@verbatim/protocol";
import type { RoomMember } from "../api.ts";

/** The known entries above a seq, or undefined where some between are not known. */
export type EntriesAbove = (seq: number) => readonly Entry[] | undefined;

/**
 * taken; again: entries are missing between the page and what is known, ask for it again; changed: the pages before it are too old,
 * begin anew.
 */
export type Taken = "taken" | "again" | "changed";

const HEARD_MAX = 128;

type MemberEffect = Extract<Effect, { kind: "member" | "gone" }>;

export class Members {
	private held = new Map<string, RoomMember>();
	/** What was pushed of users last: the entry by which one becomes a member may be fetched later than that. */
	private readonly heard = new Map<string, boolean>();
	/** Those whom somebody looks at, and what was answered of them last. In a large room nobody else's presence is known for long. */
	private looked = new Map<string, boolean | undefined>();
	private snapshot: ReadonlyMap<string, RoomMember> | undefined;
	/** The list's version as of `asOf`; 0: no page is here, or it is not known what has become of those that are. */
	private versionNow = 0;
	private epochNow = 0;
	private asOf = 0;
	/** What the server said of the version at a seq that is not reached yet. */
	private expected: { readonly seq: number; readonly version: number } | undefined;
	/** Entries were left out since `asOf`. */
	private passedOver = false;
	private countNow: number | undefined;
	private onlineNow: number | undefined;
	private nextNow = "";
	private completeNow = false;

	/** Another map after each change. */
	get map(): ReadonlyMap<string, RoomMember> {
		this.snapshot ??= new Map(this.held);
		return this.snapshot;
	}

	/** What is here of the list, for the next question. Version 0: nothing that could be relied on. */
	get version(): { readonly epoch: number; readonly version: number } {
		return { epoch: this.epochNow, version: this.versionNow };
	}

	/** Was a page ever taken? */
	get isAsked(): boolean {
		return this.onlineNow !== undefined;
	}

	/** Is what is here the list of a version, followed entry by entry since? Not before the first page, nor after entries were left out. */
	get isCurrent(): boolean {
		return this.versionNow > 0 && !this.passedOver;
	}

	/** Everybody is in it. */
	get complete(): boolean {
		return this.completeNow && this.isCurrent;
	}

	/** After whom the pages that are here end; empty where none is here. */
	get next(): string {
		return this.nextNow;
	}

	/** Members without the invited; undefined before the first page. */
	get count(): number | undefined {
		return this.countNow;
	}

	/** How many are online, as it was when it was told. */
	get online(): number | undefined {
		return this.onlineNow;
	}

	apply(entry: Entry): void {
		const isCounted = this.isCurrent;
		// The list came first, and knows more: who has left and come back meanwhile is in it with their presence.
		if (isCounted && entry.seq <= this.asOf) return;
		const effects = memberEffects(entry);
		for (const effect of effects) {
			// A page of the list was taken that knows this entry and those up to its own head: the member may be back by then, and its presence
			// was on the page.
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

	/** The timeline has jumped: what the entries in between have changed is not known. */
	jumped(): void {
		this.passedOver = true;
		this.expected = undefined;
	}

	/** `after`: after whom the page was asked for. */
	take(list: MemberList, after: string, above: EntriesAbove): Taken {
		const later = above(list.asOf);
		if (later === undefined) return "again";
		if (list.same) {
			// The version that was asked with has turned out to be wrong meanwhile.
			if (this.versionNow === 0) return "again";
			this.rely(list, later);
			this.forgetPresence();
			return "taken";
		}
		// A list of one page needs no other to agree with.
		const isWhole = after === "" && list.next === "";
		const agrees = !isWhole && this.agrees(list, later);
		if (!agrees && after !== "") {
			this.versionNow = 0;
			return "changed";
		}
		// It was asked for before the list was begun anew, and does not follow what is here.
		if (after !== "" && !this.completeNow && after > this.nextNow) return "again";
		if (!agrees) this.begin(list, later);
		// The pages that follow are as they were, but not who of them is online: nothing of that was pushed while one was away, or the room large.
		else if (after === "" && list.presence && list.next !== "") this.restart();
		this.onlineNow = list.online;
		// In a large room nobody says how it stands with those who are not asked after.
		if (after === "" && !list.presence) this.forgetPresence();
		this.replace(list, after, later);
		if (list.next === "") this.completeNow = true;
		else if (list.next > this.nextNow) this.nextNow = list.next;
		return "taken";
	}

	/** These are asked after from now on, after each list. */
	lookAt(users: readonly string[]): void {
		const before = this.looked;
		this.looked = new Map(users.map((id) => [id, before.get(id)]));
	}

	/** Of those asked after, `here` are online. Gives whether that is news. */
	told(asked: readonly string[], here: readonly User[], online: number): boolean {
		const isHere = new Set(here.map(({ id }) => id));
		const isNews = this.onlineNow !== online;
		this.onlineNow = online;
		return asked.map((id) => this.presence(id, isHere.has(id))).some(Boolean) || isNews;
	}

	/** A push says so. True if that is news. */
	hear(userId: string, online: boolean): boolean {
		this.remember(userId, online);
		return this.presence(userId, online);
	}

	/** Nothing is pushed for a while: what was heard before says nothing of those who come meanwhile. */
	deaf(): void {
		this.heard.clear();
	}

	private remember(userId: string, online: boolean): void {
		this.heard.delete(userId);
		this.heard.set(userId, online);
		for (const oldest of this.heard.keys()) {
			if (this.heard.size <= HEARD_MAX) break;
			this.heard.delete(oldest);
		}
	}

	private presence(userId: string, online: boolean): boolean {
		if (this.looked.has(userId)) this.looked.set(userId, online);
		const member = this.held.get(userId);
		if (member === undefined || member.online === online) return false;
		this.held.set(userId, { ...member, online });
		this.snapshot = undefined;
		return true;
	}

	/** Do the pages that are here and this one belong together: was every change between them seen? */
	private agrees(list: MemberList, later: readonly Entry[]): boolean {
		if (!this.isCurrent || list.epoch !== this.epochNow) return false;
		if (list.asOf > this.asOf) {
			this.expected = { seq: list.asOf, version: list.version };
			return true;
		}
		const since = later.filter(({ seq }) => seq <= this.asOf).flatMap(memberEffects);
		return this.versionNow - since.length === list.version;
	}

	/** Forgets what is here for a first page. */
	private begin(list: MemberList, later: readonly Entry[]): void {
		this.held = new Map();
		this.restart();
		this.rely(list, later);
	}

	/** The pages that are here are asked for once more; until then they are shown as they are. */
	private restart(): void {
		this.completeNow = false;
		this.nextNow = "";
	}

	/** What is here is the list of this version, or is about to be. */
	private rely(list: MemberList, later: readonly Entry[]): void {
		this.epochNow = list.epoch;
		this.versionNow = list.version;
		this.asOf = list.asOf;
		this.countNow = list.total;
		this.onlineNow = list.online;
		this.passedOver = false;
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
				online: presence ? online : (before.get(user.id)?.online ?? this.looked.get(user.id)),
			});
		}
		this.snapshot = undefined;
		for (const effect of later.flatMap(memberEffects)) if (isOfPage(effect.user.id)) this.change(effect);
	}

	/** Of those who are looked at, what was answered stays until they are asked after again. */
	private forgetPresence(): void {
		for (const [id, member] of this.held) {
			const online = this.looked.get(id);
			if (member.online !== online) this.held.set(id, { ...member, online });
		}
		this.snapshot = undefined;
	}

	private change(effect: MemberEffect): void {
		const { id } = effect.user;
		// What was answered of one who was no member says nothing of the member they become.
		if (this.looked.has(id) && (effect.kind === "gone" || !this.held.has(id))) this.looked.set(id, undefined);
		if (effect.kind === "gone") this.held.delete(id);
		else
			this.held.set(id, {
				user: effect.user,
				standing: effect.standing,
				online: this.held.get(id)?.online ?? this.heard.get(id),
			});
		this.snapshot = undefined;
	}
}

function memberEffects(entry: Entry): readonly MemberEffect[] {
	// Nearly every entry is a message: no list is made for it.
	return entry.body.case === "message"
		? NONE
		: effectsOf(entry).filter((effect) => effect.kind === "member" || effect.kind === "gone");
}

const NONE: readonly MemberEffect[] = [];

/** What an entry adds to the number of members. The invited are none; nobody joins twice, or leaves who has not joined. */
function countedBy(entry: Entry, effects: readonly MemberEffect[]): number {
	if (entry.body.case === "left") return -1;
	return effects.filter((effect) => effect.kind === "member" && effect.standing !== Room_Standing.INVITED).length;
}
