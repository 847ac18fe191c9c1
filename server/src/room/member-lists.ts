// Caches member lists as pages of the wire. A page is read and encoded once a version of its list, however many clients ask: ten
// thousand that resume in one room cost one read a second, and rarely a page.
//
// `changed` invalidates a room's list. It is called before the sender of a change (an entry, or a declined invitation) is
// answered, so that no user gets a list without their own change.
import { create, type Member, MemberSchema, shareList } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import type { MemberPage, Store } from "../store/store.ts";
import type { LiveRoom } from "./room.ts";

/** How long a list is served without asking the store for its version. */
const FRESH_MS = 1_000;
/** A page of an unchanged version is read again after this, for the current names of its members. */
const PAGE_MS = 30_000;
/** About the most bytes of all cached pages with their encodings; the least recently used room is evicted first. */
const BYTES_MAX = 32 * 1024 * 1024;
/** A member with a name, read and encoded; and a list without a page. */
const MEMBER_BYTES = 400;
const LIST_BYTES = 400;

/** A list without its members. */
export type ListFacts = Pick<MemberPage, "epoch" | "head" | "version" | "total">;

export interface ListPage extends ListFacts {
	/** Shared by all answers; `online` is not set. */
	readonly members: Member[];
	/** The id after which the next page begins; empty on the last page. */
	readonly next: string;
}

/** The cached list of one room. */
interface List {
	readonly facts: ListFacts;
	readonly readAtMs: number;
	/** Pages of the version of `facts`, by start and limit. */
	readonly pages: Map<string, { readonly page: ListPage; readonly readAtMs: number }>;
	bytes: number;
}

export class MemberLists {
	private readonly store: Pick<Store, "members">;
	private readonly clock: Pick<Clock, "monotonic">;
	/** Least recently used first. */
	private readonly lists = new Map<string, List>();
	private readonly inFlight = new Map<string, Map<string, Promise<ListPage | undefined>>>();
	private readonly counts = new WeakMap<LiveRoom, { readonly online: number; readonly atMs: number }>();
	private cachedBytes = 0;

	constructor(store: Pick<Store, "members">, clock: Pick<Clock, "monotonic">) {
		this.store = store;
		this.clock = clock;
	}

	/** Bytes cached, about. */
	get bytes(): number {
		return this.cachedBytes;
	}

	/** The list as of at most a second ago; undefined if there is no such room. */
	async facts(room: string): Promise<ListFacts | undefined> {
		return this.fresh(room)?.facts ?? this.read(room, "", 0);
	}

	/** A page: at most `limit` members after the user id `after`. */
	async page(room: string, after: string, limit: number): Promise<ListPage | undefined> {
		const list = this.fresh(room);
		const kept = list?.pages.get(keyOf(after, limit));
		if (list === undefined || kept === undefined || this.clock.monotonic() - kept.readAtMs > PAGE_MS) {
			return this.read(room, after, limit);
		}
		return { ...kept.page, head: list.facts.head };
	}

	/** How many members are online, as of at most a second ago. */
	online(room: LiveRoom): number {
		const nowMs = this.clock.monotonic();
		const known = this.counts.get(room);
		if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known.online;
		const users = new Set<string>();
		for (const { subscriber } of room.subscribers) users.add(subscriber.user.id);
		this.counts.set(room, { online: users.size, atMs: nowMs });
		return users.size;
	}

	/**
	 * The seq as of which `list` is complete. While it is the cached one, no entry published since has changed it: that would
	 * have invalidated it.
	 */
	asOf(room: LiveRoom | undefined, list: ListFacts): number {
		const isKnown = room?.epoch === list.epoch && this.isSame(this.lists.get(room.id)?.facts, list);
		return isKnown ? Math.max(list.head, room.head) : list.head;
	}

	/** The members of the room have changed, or may have. */
	changed(room: string): void {
		this.inFlight.delete(room);
		const list = this.lists.get(room);
		if (list !== undefined) this.forget(room, list);
	}

	private fresh(room: string): List | undefined {
		const list = this.lists.get(room);
		if (list === undefined) return undefined;
		this.lists.delete(room);
		this.lists.set(room, list);
		return this.clock.monotonic() - list.readAtMs < FRESH_MS ? list : undefined;
	}

	/**
	 * Concurrent requests for the same page share one read, unless the list changes meanwhile: later requests then read again.
	 */
	private read(room: string, after: string, limit: number): Promise<ListPage | undefined> {
		const reads = this.inFlight.get(room) ?? new Map<string, Promise<ListPage | undefined>>();
		this.inFlight.set(room, reads);
		const key = keyOf(after, limit);
		const shared = reads.get(key);
		if (shared !== undefined) return shared;
		const read = this.readNow(room, after, limit, reads).finally(() => {
			reads.delete(key);
			if (reads.size === 0 && this.inFlight.get(room) === reads) this.inFlight.delete(room);
		});
		reads.set(key, read);
		return read;
	}

	private async readNow(room: string, after: string, limit: number, reads: unknown): Promise<ListPage | undefined> {
		const readAtMs = this.clock.monotonic();
		const read = await this.store.members(room, after, limit);
		if (read === undefined) return undefined;
		const page = pageOf(read);
		// Skipped if the list was invalidated during the read, which may be older than the change.
		if (this.inFlight.get(room) === reads) this.keep(room, page, readAtMs, limit === 0 ? undefined : keyOf(after, limit));
		return page;
	}

	private keep(room: string, page: ListPage, readAtMs: number, key: string | undefined): void {
		const known = this.lists.get(room);
		// Reads may return in another order than they began.
		if (known !== undefined && known.readAtMs > readAtMs) return;
		if (known !== undefined) this.forget(room, known);
		const { epoch, head, version, total } = page;
		const same = this.isSame(known?.facts, page) ? known : undefined;
		const list: List = {
			facts: { epoch, head, version, total },
			readAtMs,
			pages: same?.pages ?? new Map(),
			bytes: same?.bytes ?? LIST_BYTES,
		};
		if (key !== undefined) {
			list.bytes += bytesOf(page) - bytesOf(list.pages.get(key)?.page);
			list.pages.set(key, { page, readAtMs });
		}
		this.lists.set(room, list);
		this.cachedBytes += list.bytes;
		for (const [oldest, dropped] of this.lists) {
			if (this.cachedBytes <= BYTES_MAX) break;
			this.forget(oldest, dropped);
		}
	}

	private isSame(known: ListFacts | undefined, list: ListFacts): boolean {
		return known?.epoch === list.epoch && known.version === list.version;
	}

	private forget(room: string, list: List): void {
		this.lists.delete(room);
		this.cachedBytes -= list.bytes;
	}
}

function pageOf({ epoch, head, version, total, members, more }: MemberPage): ListPage {
	const last = members.at(-1);
	return {
		epoch,
		head,
		version,
		total,
		members: shareList(
			members.map(({ user, standing }) => create(MemberSchema, { user: { id: user.id, name: user.name }, standing })),
		),
		next: more && last !== undefined ? last.user.id : "",
	};
}

function bytesOf(page: ListPage | undefined): number {
	return page === undefined ? 0 : LIST_BYTES + page.members.length * MEMBER_BYTES;
}

function keyOf(after: string, limit: number): string {
	return `${limit} ${after}`;
}
