// Changes, applied to a memory disk. They were decided on what is there: nothing of this can fail.
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { Append, Change } from "../../log/change.ts";
import { recordOf, type UserRecord } from "../../log/records.ts";
import { pair } from "../../log/snapshot.ts";
import { membersMore } from "../../log/standing.ts";
import type { MemoryDisk, MemoryMember, MemoryRoom } from "./disk.ts";

export function applyTo(disk: MemoryDisk, change: Change): void {
	switch (change.kind) {
		case "append":
			append(disk, change);
			return;
		case "refuse":
			disk.refused.delete(pair(change.send.sender, change.send.cid));
			disk.refused.set(pair(change.send.sender, change.send.cid), change.send);
			return;
		case "addRoom": {
			const { id, key, kind } = change.room;
			disk.rooms.set(id, { row: recordOf(change.room), key, log: [], memberVersion: 1, members: new Map() });
			(kind === Room_Kind.DIRECT ? disk.roomByDirectKey : disk.roomBySkeleton).set(key, id);
			return;
		}
		case "renameRoom": {
			const room = must(disk, change.room);
			disk.roomBySkeleton.delete(room.key);
			disk.roomBySkeleton.set(change.skeleton, change.room);
			room.key = change.skeleton;
			room.row = { ...room.row, name: change.name };
			return;
		}
		case "setMember": {
			const { room, user, standing, broughtBy } = change;
			setMember(must(disk, room), user.id, { user: { id: user.id, name: user.name }, standing, broughtBy });
			disk.roomsOf.set(user.id, (disk.roomsOf.get(user.id) ?? new Set()).add(room));
			return;
		}
		case "removeMember":
			setMember(must(disk, change.room), change.user, undefined);
			disk.roomsOf.get(change.user)?.delete(change.room);
			return;
		case "answered": {
			const { members } = must(disk, change.room);
			const member = members.get(change.user);
			if (member) members.set(change.user, { ...member, broughtBy: undefined });
			return;
		}
		case "putUser":
			putUser(disk, change.user);
			return;
		case "putTokenFamily":
			disk.tokenFamilies.set(change.family.id, change.family);
			return;
		case "dropTokenFamily":
			disk.tokenFamilies.delete(change.id);
			return;
	}
}

function append(disk: MemoryDisk, { room: id, entry }: Append): void {
	const room = must(disk, id);
	const sender = entry.sender?.id ?? "";
	if (entry.cid !== "") {
		const cids = disk.said.get(sender) ?? new Map<string, { room: string; seq: number }>();
		disk.said.set(sender, cids.set(entry.cid, { room: id, seq: entry.seq }));
	}
	room.log.push(entry);
	room.row = { ...room.row, head: entry.seq };
}

function setMember(room: MemoryRoom, userId: string, member: MemoryMember | undefined): void {
	const before = room.members.get(userId)?.standing ?? Room_Standing.NONE;
	if (member === undefined) room.members.delete(userId);
	else room.members.set(userId, member);
	room.row = { ...room.row, members: room.row.members + membersMore(before, member?.standing ?? Room_Standing.NONE) };
	room.memberVersion++;
}

function putUser(disk: MemoryDisk, user: UserRecord): void {
	const before = disk.users.get(user.id);
	if (before) disk.userBySkeleton.delete(before.skeleton);
	if (before?.external !== undefined) disk.userByExternal.delete(before.external);
	disk.users.set(user.id, { ...user });
	disk.userBySkeleton.set(user.skeleton, user.id);
	if (user.external !== undefined) disk.userByExternal.set(user.external, user.id);
}

function must(disk: MemoryDisk, id: string): MemoryRoom {
	const room = disk.rooms.get(id);
	if (!room) throw new Error(`there is no room ${id}`);
	return room;
}
