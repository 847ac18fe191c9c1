// The rows of a snapshot as the drafts decided so far have changed them. The snapshot stays as it is: a batch can be decided on it
// again. Whatever is asked for and was not loaded is noted in `missing`, and ends the deciding of that draft.
import { type ErrorCode, Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { Append, Change } from "./change.ts";
import { contentHash } from "./content.ts";
import { Counts } from "./counts.ts";
import { Needs } from "./needs.ts";
import type { Membership, RoomRecord, RoomRow, TokenFamily, UserRecord } from "./records.ts";
import { isKept, type RefusedLimits, type RefusedSend } from "./refused.ts";
import { type CidPlace, pair, type Snapshot } from "./snapshot.ts";
import { isMember, membersMore, NO_MEMBERSHIP } from "./standing.ts";

/** Thrown where a row was not loaded. */
export const NOT_LOADED = Symbol("a row that was not loaded");

/** What a cid was answered with: its entry, or a refusal for good. */
export type CidAnswer = CidPlace | { readonly refused: ErrorCode };

/** A room while a batch is decided. The view owns it and keeps it up to date; the rules read it. */
export interface ViewedRoom extends RoomRow {
	readonly loaded: ReadonlyMap<string, Membership>;
	/** What the batch has changed. */
	changed: Map<string, Membership> | undefined;
	/** Whoever is not in `changed` has no standing. */
	readonly isNew: boolean;
	key: string;
	name: string;
	head: number;
	members: number;
}

export class View {
	private readonly snapshot: Snapshot;
	private asked: Needs | undefined;
	private readonly rooms = new Map<string, ViewedRoom>();
	private readonly roomBySkeleton = new Map<string, string | null>();
	private readonly roomByDirectKey = new Map<string, string>();
	/** Rooms in which the user's membership has changed. */
	private readonly touched = new Map<string, Set<string>>();
	/** The entries of this batch by cid; those whose cid an earlier one of another sender has, by sender and cid. */
	private readonly appends = new Map<string, Append>();
	private readonly appendsToo = new Map<string, Append>();
	/** The sends that this batch has refused for good. */
	private refused: Map<string, RefusedSend> | undefined;
	private readonly users = new Map<string, UserRecord>();
	private readonly userBySkeleton = new Map<string, string | null>();
	private readonly userByExternal = new Map<string, string | null>();
	private readonly families = new Map<string, TokenFamily | null>();
	private readonly counts = new Counts();

	constructor(snapshot: Snapshot) {
		this.snapshot = snapshot;
	}

	/** What was asked for and not loaded; undefined if nothing. */
	get missing(): Needs | undefined {
		return this.asked;
	}

	room(id: string): ViewedRoom | undefined {
		const known = this.rooms.get(id);
		if (known !== undefined) return known;
		const loaded = this.snapshot.rooms.get(id) ?? this.absent(this.snapshot.rooms, id, (needs) => nameRoom(needs, id, ""));
		if (loaded === undefined) return undefined;
		const { key, kind, name, epoch, head, members } = loaded.row;
		const room: ViewedRoom = {
			id,
			key,
			kind,
			name,
			epoch,
			head,
			members,
			loaded: loaded.memberships,
			changed: undefined,
			isNew: false,
		};
		this.rooms.set(id, room);
		return room;
	}

	channel(skeleton: string): RoomRecord | undefined {
		const { roomBySkeleton } = this.snapshot;
		return this.named(this.roomBySkeleton, roomBySkeleton, skeleton, (needs) => needs.roomSkeletons.push(skeleton));
	}

	directRoom(key: string): RoomRecord | undefined {
		return this.named(this.roomByDirectKey, this.snapshot.roomByDirectKey, key, (needs) => needs.directKeys.push(key));
	}

	membership(room: ViewedRoom, userId: string): Membership {
		const known = room.changed?.get(userId) ?? room.loaded.get(userId) ?? (room.isNew ? NO_MEMBERSHIP : undefined);
		return known ?? this.miss((needs) => nameRoom(needs, room.id, userId));
	}

	standing(room: ViewedRoom, userId: string): Room_Standing {
		return this.membership(room, userId).standing;
	}

	/** The user's rooms that are its own wish. */
	ownRooms(userId: string): number {
		const loaded = this.snapshot.ownRooms.get(userId) ?? this.miss((needs) => needs.ownRooms.push(userId));
		return loaded + this.counts.own(userId);
	}

	/** The user's rooms into which others have brought it: all, and open invitations by `inviterId`. */
	brought(userId: string, inviterId: string): { readonly all: number; readonly invitationsBy: number } {
		const all = this.snapshot.brought.get(userId);
		const invitationsBy = this.snapshot.invitationsOf.get(pair(userId, inviterId));
		if (all === undefined || invitationsBy === undefined) return this.miss((needs) => needs.brought.push([userId, inviterId]));
		return {
			all: all + this.counts.brought(userId),
			invitationsBy: invitationsBy + this.counts.invitationsOf(userId, inviterId),
		};
	}

	/** Open invitations by the user, to anybody. */
	invitationsBy(inviterId: string): number {
		const loaded = this.snapshot.invitationsBy.get(inviterId) ?? this.miss((needs) => needs.invitationsBy.push(inviterId));
		return loaded + this.counts.invitationsBy(inviterId);
	}

	/** Are both members of a room that is not public, and is the first there by its own wish? */
	knows(userId: string, otherId: string): boolean {
		const loaded = this.snapshot.shared.get(pair(userId, otherId)) ?? this.miss((needs) => needs.shared.push([userId, otherId]));
		const touched = new Set([...(this.touched.get(userId) ?? []), ...(this.touched.get(otherId) ?? [])]);
		if (loaded.some((id) => !touched.has(id))) return true;
		return [...touched].some((id) => {
			const room = this.room(id);
			if (room === undefined || room.kind === Room_Kind.PUBLIC) return false;
			const mine = this.membership(room, userId);
			return isMember(mine.standing) && mine.broughtBy === undefined && isMember(this.standing(room, otherId));
		});
	}

	/** The user's rooms that are no direct conversations, by room id. */
	channelsOf(userId: string): readonly ViewedRoom[] {
		const loaded = this.snapshot.channels.get(userId) ?? this.miss((needs) => needs.channels.push(userId));
		return [...new Set([...loaded, ...(this.touched.get(userId) ?? [])])].sort().flatMap((id) => {
			const room = this.room(id);
			if (room === undefined || room.kind === Room_Kind.DIRECT) return [];
			return this.standing(room, userId) === Room_Standing.NONE ? [] : [room];
		});
	}

	/** What the sender's cid was answered with, as of `nowMs`; "unknown" if that was not looked up. */
	answerTo(
		sender: string,
		cid: string,
		limits: Pick<RefusedLimits, "refusedSendsMs">,
		nowMs: number,
	): CidAnswer | "unknown" | undefined {
		if (cid === "") return undefined;
		const here = this.appendHere(sender, cid);
		if (here !== undefined) return placeOf(here);
		const { cids, refusedSends } = this.snapshot;
		// Nearly always nothing was looked up.
		const loaded = cids.size === 0 ? undefined : cids.get(pair(sender, cid));
		if (loaded) return loaded;
		if (this.refused !== undefined || refusedSends.size > 0) {
			const key = pair(sender, cid);
			const refused = this.refused?.get(key) ?? refusedSends.get(key);
			if (refused !== undefined && isKept(refused, nowMs, limits)) {
				// Once too old, and the cid used since, it is no answer though the clock has been put back.
				if (loaded === undefined) this.missCid(sender, cid);
				return { refused: refused.code };
			}
		}
		return loaded === undefined ? "unknown" : undefined;
	}

	/** Has the sender used the cid for an entry? */
	hasUsed(sender: string, cid: string): boolean {
		if (cid === "") return false;
		if (this.appendHere(sender, cid) !== undefined || this.snapshot.newestCids.get(sender) === cid) return true;
		const loaded = this.snapshot.cids.get(pair(sender, cid));
		return loaded === undefined ? this.missCid(sender, cid) : loaded !== null;
	}

	/** What the cid was answered with has to be looked up before the draft can be decided. */
	missCid(sender: string, cid: string): never {
		return this.miss((needs) => needs.cids.push([sender, cid]));
	}

	user(id: string): UserRecord | undefined {
		const { users } = this.snapshot;
		return this.users.get(id) ?? users.get(id) ?? this.absent(users, id, (needs) => needs.users.push(id));
	}

	userWithSkeleton(skeleton: string): UserRecord | undefined {
		const { userBySkeleton } = this.snapshot;
		const id = this.idOf(this.userBySkeleton, userBySkeleton, skeleton, (needs) => needs.userSkeletons.push(skeleton));
		return id === null ? undefined : this.user(id);
	}

	userWithExternal(external: string): UserRecord | undefined {
		const { userByExternal } = this.snapshot;
		const id = this.idOf(this.userByExternal, userByExternal, external, (needs) => needs.userExternals.push(external));
		return id === null ? undefined : this.user(id);
	}

	tokenFamily(id: string): TokenFamily | undefined {
		const { families, snapshot } = this;
		return this.idOf(families, snapshot.tokenFamilies, id, (needs) => needs.tokenFamilies.push(id)) ?? undefined;
	}

	/** Up to `count` families whose `expiresMs` has come, those of the earliest end first. */
	expiredFamilies(nowMs: number, count: number): readonly TokenFamily[] {
		const { families, snapshot } = this;
		const loaded = snapshot.expiredFamilies;
		if (loaded === undefined) throw new Error("expired families are named by every use of a token");
		return [...loaded.filter(({ id }) => !families.has(id)), ...[...families.values()].filter((family) => family !== null)]
			.filter(({ expiresMs }) => expiresMs <= nowMs)
			.sort((a, b) => a.expiresMs - b.expiresMs || (a.id < b.id ? -1 : 1))
			.slice(0, count);
	}

	/** Makes a change that the rules have made. Everything that it concerns was asked for before. */
	apply(change: Change): void {
		switch (change.kind) {
			case "append": {
				const { entry } = change;
				this.must(change.room).head = entry.seq;
				if (entry.cid === "") return;
				if (this.appends.has(entry.cid)) this.appendsToo.set(pair(entry.sender?.id ?? "", entry.cid), change);
				else this.appends.set(entry.cid, change);
				return;
			}
			case "refuse":
				this.refused ??= new Map();
				this.refused.set(pair(change.send.sender, change.send.cid), change.send);
				return;
			case "addRoom": {
				const { room } = change;
				this.rooms.set(room.id, { ...room, loaded: new Map(), changed: undefined, isNew: true });
				(room.kind === Room_Kind.DIRECT ? this.roomByDirectKey : this.roomBySkeleton).set(room.key, room.id);
				return;
			}
			case "renameRoom": {
				const room = this.must(change.room);
				this.roomBySkeleton.set(room.key, null);
				this.roomBySkeleton.set(change.skeleton, room.id);
				room.name = change.name;
				room.key = change.skeleton;
				return;
			}
			case "setMember":
				this.setMembership(this.must(change.room), change.user.id, change);
				return;
			case "removeMember":
				this.setMembership(this.must(change.room), change.user, NO_MEMBERSHIP);
				return;
			case "answered": {
				const room = this.must(change.room);
				const { standing } = this.membership(room, change.user);
				this.setMembership(room, change.user, { standing, broughtBy: undefined });
				return;
			}
			case "putUser":
				this.putUser(change.user);
				return;
			case "putTokenFamily":
				this.families.set(change.family.id, change.family);
				return;
			case "dropTokenFamily":
				this.families.set(change.id, null);
				return;
		}
	}

	private setMembership(room: ViewedRoom, userId: string, { standing, broughtBy }: Membership): void {
		const before = this.membership(room, userId);
		const after = { standing, broughtBy };
		room.changed ??= new Map();
		room.changed.set(userId, after);
		room.members += membersMore(before.standing, standing);
		this.counts.add(userId, before, -1);
		this.counts.add(userId, after, 1);
		const rooms = this.touched.get(userId);
		if (rooms === undefined) this.touched.set(userId, new Set([room.id]));
		else rooms.add(room.id);
	}

	private putUser(user: UserRecord): void {
		const before = this.user(user.id);
		if (before !== undefined) this.userBySkeleton.set(before.skeleton, null);
		if (before?.external !== undefined) this.userByExternal.set(before.external, null);
		this.users.set(user.id, user);
		this.userBySkeleton.set(user.skeleton, user.id);
		if (user.external !== undefined) this.userByExternal.set(user.external, user.id);
	}

	private appendHere(sender: string, cid: string): Append | undefined {
		const first = this.appends.get(cid);
		if (first === undefined || first.entry.sender?.id === sender) return first;
		return this.appendsToo.get(pair(sender, cid));
	}

	private named(
		changed: ReadonlyMap<string, string | null>,
		loaded: ReadonlyMap<string, string | null>,
		key: string,
		name: (needs: Needs) => void,
	): RoomRecord | undefined {
		const id = this.idOf(changed, loaded, key, name);
		return id === null ? undefined : this.room(id);
	}

	private idOf<T>(
		changed: ReadonlyMap<string, T | null>,
		loaded: ReadonlyMap<string, T | null>,
		key: string,
		name: (needs: Needs) => void,
	): T | null {
		let value = changed.get(key);
		if (value === undefined) value = loaded.get(key);
		return value === undefined ? this.miss(name) : value;
	}

	/** Undefined for a row that was looked for and is not there. */
	private absent(loaded: ReadonlyMap<string, unknown>, key: string, name: (needs: Needs) => void): undefined {
		return loaded.has(key) ? undefined : this.miss(name);
	}

	private must(id: string): ViewedRoom {
		const room = this.rooms.get(id);
		if (room === undefined) throw new Error(`room ${id} is not of this batch`);
		return room;
	}

	private miss(name: (needs: Needs) => void): never {
		this.asked ??= new Needs();
		name(this.asked);
		throw NOT_LOADED;
	}
}

function nameRoom(needs: Needs, room: string, member: string): void {
	needs.rooms.push(room);
	needs.members.push(member);
}

function placeOf({ room, entry }: Append): CidPlace {
	return { room, seq: entry.seq, atMs: entry.atMs, hash: contentHash(entry.body) };
}
