// The lists of members that are asked for, as pages of the wire. A page is read and encoded once a version of its list, whatever the
// number of clients that ask: ten thousand that come back to one room cost one read a second, and nearly always no page at all.
//
// What changes who is in a room, an entry or a declined invitation, is told here (`changed`) before its sender is answered, so that nobody
// is shown a list without what they have just done.
import { create, type Member, MemberSchema, shareList } from "@verbatim/protocol";
import type { Clock } from "../base/clock.ts";
import type { MemberPage, Store } from "../store/store.ts";
import type { LiveRoom } from "./room.ts";

/** For so long a list is not asked for again. */
const FRESH_MS = 1_000;
/** A page whose version is still the list's is read again after this, for the names of its members. */
const PAGE_MS = 30_000;
/** About what all kept pages hold with their encodings, in bytes; the room longest not asked about is forgotten first. */
const BYTES_MAX = 32 * 1024 * 1024;
/** A member with a name, read and encoded; and a list without a page. */
const MEMBER_BYTES = 400;
const LIST_BYTES = 400;

/** What a list is, without the members. */
export type ListFacts = Pick<MemberPage, "epoch" | "head" | "version" | "total">;

export interface ListPage extends ListFacts {
	/** Shared by all answers; `online` is not set. */
	readonly members: Member[];
	/** The id after which the next page begins; empty where there is none. */
	readonly next: string;
}

/** What is known of one room's list. */
interface List {
	readonly facts: ListFacts;
	readonly readAtMs: number;
	/** Of the version of `facts`, by where they begin and how many are wanted. */
	readonly pages: Map<string, { readonly page: ListPage; readonly readAtMs: number }>;
	bytes: number;
}

export class MemberLists {
	private readonly store: Pick<Store, "members">;
	private readonly clock: Pick<Clock, "monotonic">;
	/** The room longest not asked about first. */
	private readonly lists = new Map<string, List>();
	private readonly underWay = new Map<string, Map<string, Promise<ListPage | undefined>>>();
	private readonly counts = new WeakMap<LiveRoom, { readonly online: number; readonly atMs: number }>();
	private heldBytes = 0;

	constructor(store: Pick<Store, "members">, clock: Pick<Clock, "monotonic">) {
		this.store = store;
		this.clock = clock;
	}

	/** About what is kept. */
	get bytes(): number {
		return this.heldBytes;
	}

	/** The list as it is, or was within the last second; undefined if there is no such room. */
	async facts(room: string): Promise<ListFacts | undefined> {
		return this.fresh(room)?.facts ?? this.read(room, "", 0);
	}

	/** A page of it, at most `limit` members after the user id `after`. */
	async page(room: string, after: string, limit: number): Promise<ListPage | undefined> {
		const list = this.fresh(room);
		const kept = list?.pages.get(keyOf(after, limit));
		if (list === undefined || kept === undefined || this.clock.monotonic() - kept.readAtMs > PAGE_MS) {
			return this.read(room, after, limit);
		}
		return { ...kept.page, head: list.facts.head };
	}

	/** How many of its members are online, at most a second ago. */
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
	 * The seq up to which `list` is complete: where it is still the one known, no entry that was published since has changed it, or it
	 * would have been forgotten.
	 */
	asOf(room: LiveRoom | undefined, list: ListFacts): number {
		const isKnown = room?.epoch === list.epoch && this.isSame(this.lists.get(room.id)?.facts, list);
		return isKnown ? Math.max(list.head, room.head) : list.head;
	}

	/** Who is in the room has changed, or may have. */
	changed(room: string): void {
		this.underWay.delete(room);
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

	/** Those who ask for the same at once share one read, unless the list changes meanwhile: then who asks later gets one of their own. */
	private read(room: string, after: string, limit: number): Promise<ListPage | undefined> {
		const reads = this.underWay.get(room) ?? new Map<string, Promise<ListPage | undefined>>();
		this.underWay.set(room, reads);
		const key = keyOf(after, limit);
		const shared = reads.get(key);
		if (shared !== undefined) return shared;
		const read = this.readNow(room, after, limit, reads).finally(() => {
			reads.delete(key);
			if (reads.size === 0 && this.underWay.get(room) === reads) this.underWay.delete(room);
		});
		reads.set(key, read);
		return read;
	}

	private async readNow(room: string, after: string, limit: number, reads: unknown): Promise<ListPage | undefined> {
		const readAtMs = this.clock.monotonic();
		const read = await this.store.members(room, after, limit);
		if (read === undefined) return undefined;
		const page = pageOf(read);
		// Changed while it was being read: it may be older than the change.
		if (this.underWay.get(room) === reads) this.keep(room, page, readAtMs, limit === 0 ? undefined : keyOf(after, limit));
		return page;
	}

	private keep(room: string, page: ListPage, readAtMs: number, key: string | undefined): void {
		const known = this.lists.get(room);
		// Two reads may come back in another order than they were made in.
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
		this.heldBytes += list.bytes;
		for (const [oldest, dropped] of this.lists) {
			if (this.heldBytes <= BYTES_MAX) break;
			this.forget(oldest, dropped);
		}
	}

	private isSame(known: ListFacts | undefined, list: ListFacts): boolean {
		return known?.epoch === list.epoch && known.version === list.version;
	}

	private forget(room: string, list: List): void {
		this.lists.delete(room);
		this.heldBytes -= list.bytes;
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
