// The rules' tables over maps. Each change leaves behind how to undo it, so that a draft that fails halfway leaves nothing.
import { type Entry, Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { RoomRecord, TokenFamily, UserRecord, UserRef } from "../store.ts";
import type { RoomRow, Said, Tables } from "../tables.ts";
import type { MemoryDisk, MemoryMember, MemoryRoom } from "./disk.ts";

export class MemoryTables implements Tables {
	private readonly disk: MemoryDisk;
	private undos: (() => void)[] = [];

	constructor(disk: MemoryDisk) {
		this.disk = disk;
	}

	/** Keeps what was done since the last call of `keep` or `undo`. */
	keep(): void {
		this.undos = [];
	}

	/** Undoes what was done since the last call of `keep` or `undo`. */
	undo(): void {
		for (const undo of this.undos.reverse()) undo();
		this.undos = [];
	}

	room(id: string): RoomRow | undefined {
		return this.disk.rooms.get(id)?.row;
	}

	roomBySkeleton(skeleton: string): RoomRow | undefined {
		return this.room(this.disk.roomBySkeleton.get(skeleton) ?? "");
	}

	directRoom(key: string): RoomRow | undefined {
		return this.room(this.disk.roomByDirectKey.get(key) ?? "");
	}

	addRoom(record: RoomRecord, key: string): void {
		this.set(this.disk.rooms, record.id, { row: { ...record }, key, log: [], memberVersion: 1, members: new Map() });
		this.set(record.kind === Room_Kind.DIRECT ? this.disk.roomByDirectKey : this.disk.roomBySkeleton, key, record.id);
	}

	renameRoom({ id }: RoomRow, name: string, skeleton: string): void {
		const room = this.must(id);
		const { key } = room;
		this.remove(this.disk.roomBySkeleton, key);
		this.set(this.disk.roomBySkeleton, skeleton, id);
		room.key = skeleton;
		this.undos.push(() => {
			room.key = key;
		});
		this.change(room, { name });
	}

	standing({ id }: RoomRow, userId: string): Room_Standing {
		return this.must(id).members.get(userId)?.standing ?? Room_Standing.NONE;
	}

	broughtBy({ id }: RoomRow, userId: string): string | undefined {
		return this.must(id).members.get(userId)?.broughtBy;
	}

	answered({ id }: RoomRow, userId: string): void {
		const { members } = this.must(id);
		const member = members.get(userId);
		if (member) this.set(members, userId, { ...member, broughtBy: undefined });
	}

	ownRoomsCount(userId: string): number {
		return this.membersAs(userId).filter(({ broughtBy }) => broughtBy === undefined).length;
	}

	broughtCount(userId: string, inviterId: string): { readonly all: number; readonly invitationsBy: number } {
		const brought = this.membersAs(userId).filter(({ broughtBy }) => broughtBy !== undefined);
		const by = brought.filter(({ standing, broughtBy }) => standing === Room_Standing.INVITED && broughtBy === inviterId);
		return { all: brought.length, invitationsBy: by.length };
	}

	invitationsByCount(inviterId: string): number {
		let count = 0;
		for (const { members } of this.disk.rooms.values()) {
			for (const { standing, broughtBy } of members.values()) {
				if (standing === Room_Standing.INVITED && broughtBy === inviterId) count++;
			}
		}
		return count;
	}

	knows(userId: string, otherId: string): boolean {
		return [...(this.disk.roomsOf.get(userId) ?? [])].some((id) => {
			const { row, members } = this.must(id);
			const [member, other] = [members.get(userId), members.get(otherId)];
			const isShared = row.kind !== Room_Kind.PUBLIC && counts(member?.standing) + counts(other?.standing) === 2;
			return isShared && member?.broughtBy === undefined;
		});
	}

	channelsOf(userId: string): readonly RoomRow[] {
		return [...(this.disk.roomsOf.get(userId) ?? [])]
			.sort()
			.map((id) => this.must(id).row)
			.filter(({ kind }) => kind !== Room_Kind.DIRECT);
	}

	setMember({ id }: RoomRow, user: UserRef, standing: Room_Standing, broughtBy: string | undefined): void {
		const room = this.must(id);
		const before = room.members.get(user.id);
		this.set(room.members, user.id, { user: { id: user.id, name: user.name }, standing, broughtBy });
		this.set(this.disk.roomsOf, user.id, new Set(this.disk.roomsOf.get(user.id)).add(id));
		this.change(room, { members: room.row.members + counts(standing) - counts(before?.standing) });
		this.countChange(room);
	}

	removeMember({ id }: RoomRow, userId: string): void {
		const room = this.must(id);
		const before = room.members.get(userId);
		if (!before) return;
		const rooms = new Set(this.disk.roomsOf.get(userId));
		rooms.delete(id);
		this.remove(room.members, userId);
		this.set(this.disk.roomsOf, userId, rooms);
		this.change(room, { members: room.row.members - counts(before.standing) });
		this.countChange(room);
	}

	append({ id }: RoomRow, entry: Entry): boolean {
		const room = this.must(id);
		const sender = entry.sender?.id ?? "";
		if (entry.cid !== "") {
			const cids = this.disk.said.get(sender) ?? new Map<string, { room: string; seq: number }>();
			if (cids.has(entry.cid)) return false;
			this.disk.said.set(sender, cids);
			this.set(cids, entry.cid, { room: id, seq: entry.seq });
		}
		room.log.push(entry);
		this.undos.push(() => room.log.pop());
		this.change(room, { head: entry.seq });
		return true;
	}

	hasSaid(sender: string, cid: string): boolean {
		return this.disk.said.get(sender)?.has(cid) ?? false;
	}

	said(sender: string, cid: string): Said | undefined {
		const place = this.disk.said.get(sender)?.get(cid);
		if (!place) return undefined;
		const room = this.must(place.room);
		const entry = room.log[place.seq - 1];
		const text = entry?.body.case === "message" ? entry.body.value.text : "";
		return { room: room.row, seq: place.seq, atMs: entry?.atMs ?? 0, text };
	}

	user(id: string): UserRecord | undefined {
		return this.disk.users.get(id);
	}

	userBySkeleton(skeleton: string): UserRecord | undefined {
		return this.user(this.disk.userBySkeleton.get(skeleton) ?? "");
	}

	userByExternal(external: string): UserRecord | undefined {
		return this.user(this.disk.userByExternal.get(external) ?? "");
	}

	putUser(user: UserRecord): void {
		const before = this.disk.users.get(user.id);
		if (before) this.remove(this.disk.userBySkeleton, before.skeleton);
		if (before?.external !== undefined) this.remove(this.disk.userByExternal, before.external);
		this.set(this.disk.users, user.id, { ...user });
		this.set(this.disk.userBySkeleton, user.skeleton, user.id);
		if (user.external !== undefined) this.set(this.disk.userByExternal, user.external, user.id);
	}

	tokenFamily(id: string): TokenFamily | undefined {
		return this.disk.tokenFamilies.get(id);
	}

	putTokenFamily(family: TokenFamily): void {
		this.remove(this.disk.tokenFamilies, family.id);
		this.set(this.disk.tokenFamilies, family.id, family);
	}

	dropTokenFamilies(nowMs: number, limit: number): void {
		let dropped = 0;
		for (const [id, { expiresMs }] of this.disk.tokenFamilies) {
			if (dropped++ === limit || expiresMs > nowMs) return;
			this.remove(this.disk.tokenFamilies, id);
		}
	}

	/** The user as a member, or as invited, of each of its rooms. */
	private membersAs(userId: string): readonly MemoryMember[] {
		return [...(this.disk.roomsOf.get(userId) ?? [])].flatMap((id) => this.must(id).members.get(userId) ?? []);
	}

	private must(id: string): MemoryRoom {
		const room = this.disk.rooms.get(id);
		if (!room) throw new Error(`there is no room ${id}`);
		return room;
	}

	private countChange(room: MemoryRoom): void {
		room.memberVersion++;
		this.undos.push(() => room.memberVersion--);
	}

	private change({ row }: MemoryRoom, change: Partial<RoomRecord>): void {
		const before = { ...row };
		Object.assign(row, change);
		this.undos.push(() => Object.assign(row, before));
	}

	private set<K, V>(map: Map<K, V>, key: K, value: V): void {
		const before = map.get(key);
		map.set(key, value);
		this.undos.push(() => {
			if (before === undefined) map.delete(key);
			else map.set(key, before);
		});
	}

	private remove<K, V>(map: Map<K, V>, key: K): void {
		const before = map.get(key);
		if (before === undefined) return;
		map.delete(key);
		this.undos.push(() => map.set(key, before));
	}
}

function counts(standing: Room_Standing | undefined): number {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER ? 1 : 0;
}
