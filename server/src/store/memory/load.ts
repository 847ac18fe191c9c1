// The rows that a batch needs, from a memory disk.
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import { contentHash } from "../../log/content.ts";
import type { Needs } from "../../log/needs.ts";
import type { Membership, TokenFamily } from "../../log/records.ts";
import { pair, type Snapshot } from "../../log/snapshot.ts";
import { isMember, NO_MEMBERSHIP } from "../../log/standing.ts";
import type { MemoryDisk, MemoryMember, MemoryRoom } from "./disk.ts";

export function loadFrom(disk: MemoryDisk, needs: Needs, snapshot: Snapshot): void {
	for (const [i, id] of needs.rooms.entries()) {
		const memberships = loadRoom(disk, snapshot, id);
		const userId = needs.members[i] ?? "";
		if (userId !== "") memberships?.set(userId, disk.rooms.get(id)?.members.get(userId) ?? NO_MEMBERSHIP);
	}
	for (const skeleton of needs.roomSkeletons) {
		const id = disk.roomBySkeleton.get(skeleton) ?? null;
		snapshot.roomBySkeleton.set(skeleton, id);
		if (id !== null) loadRoom(disk, snapshot, id);
	}
	for (const key of needs.directKeys) {
		const id = disk.roomByDirectKey.get(key) ?? null;
		snapshot.roomByDirectKey.set(key, id);
		if (id !== null) loadRoom(disk, snapshot, id);
	}
	for (const userId of needs.channels) {
		const rooms = roomsOf(disk, userId).filter(({ row }) => row.kind !== Room_Kind.DIRECT);
		for (const { row, members } of rooms) {
			loadRoom(disk, snapshot, row.id)?.set(userId, members.get(userId) ?? NO_MEMBERSHIP);
		}
		snapshot.channels.set(
			userId,
			rooms.map(({ row }) => row.id),
		);
	}
	snapshot.refusedSends = disk.refused;
	loadUsers(disk, needs, snapshot);
	loadCounts(disk, needs, snapshot);
	for (const [sender, cid] of needs.cids) {
		const place = disk.said.get(sender)?.get(cid);
		const entry = place && disk.rooms.get(place.room)?.log[place.seq - 1];
		if (place) loadRoom(disk, snapshot, place.room);
		snapshot.cids.set(pair(sender, cid), place && entry ? { ...place, atMs: entry.atMs, hash: contentHash(entry.body) } : null);
	}
	for (const id of needs.tokenFamilies) snapshot.tokenFamilies.set(id, disk.tokenFamilies.get(id) ?? null);
	if (needs.expiredMax > 0) snapshot.expiredFamilies = expiredFamilies(disk, needs.expiredAtMs, needs.expiredMax);
}

function loadUsers(disk: MemoryDisk, needs: Needs, { users, userBySkeleton, userByExternal }: Snapshot): void {
	const loadUser = (id: string): void => void users.set(id, disk.users.get(id) ?? null);
	for (const id of needs.users) loadUser(id);
	for (const skeleton of needs.userSkeletons) {
		const id = disk.userBySkeleton.get(skeleton) ?? null;
		userBySkeleton.set(skeleton, id);
		if (id !== null) loadUser(id);
	}
	for (const external of needs.userExternals) {
		const id = disk.userByExternal.get(external) ?? null;
		userByExternal.set(external, id);
		if (id !== null) loadUser(id);
	}
}

function loadCounts(disk: MemoryDisk, needs: Needs, snapshot: Snapshot): void {
	for (const userId of needs.ownRooms) {
		snapshot.ownRooms.set(userId, membersAs(disk, userId).filter(({ broughtBy }) => broughtBy === undefined).length);
	}
	for (const [userId, inviterId] of needs.brought) {
		const brought = membersAs(disk, userId).filter(({ broughtBy }) => broughtBy !== undefined);
		const open = brought.filter((member) => isInvitationBy(member, inviterId));
		snapshot.brought.set(userId, brought.length);
		snapshot.invitationsOf.set(pair(userId, inviterId), open.length);
	}
	for (const inviterId of needs.invitationsBy) {
		let count = 0;
		for (const { members } of disk.rooms.values()) {
			for (const member of members.values()) if (isInvitationBy(member, inviterId)) count++;
		}
		snapshot.invitationsBy.set(inviterId, count);
	}
	for (const [userId, otherId] of needs.shared) {
		const shared = roomsOf(disk, userId).filter(({ row, members }) => {
			const [mine, other] = [members.get(userId), members.get(otherId)];
			const isTheirs = isMember(mine?.standing ?? Room_Standing.NONE) && isMember(other?.standing ?? Room_Standing.NONE);
			return isTheirs && row.kind !== Room_Kind.PUBLIC && mine?.broughtBy === undefined;
		});
		snapshot.shared.set(
			pair(userId, otherId),
			shared.map(({ row }) => row.id),
		);
	}
}

/** The memberships of a room that are loaded so far. */
function loadRoom(disk: MemoryDisk, snapshot: Snapshot, id: string): Map<string, Membership> | undefined {
	const loaded = snapshot.rooms.get(id);
	if (loaded) return loaded.memberships as Map<string, Membership>;
	const room = disk.rooms.get(id);
	const memberships = new Map<string, Membership>();
	snapshot.rooms.set(id, room ? { row: { ...room.row, key: room.key }, memberships } : null);
	return room && memberships;
}

function expiredFamilies(disk: MemoryDisk, nowMs: number, max: number): readonly TokenFamily[] {
	return [...disk.tokenFamilies.values()]
		.filter(({ expiresMs }) => expiresMs <= nowMs)
		.sort((a, b) => a.expiresMs - b.expiresMs || (a.id < b.id ? -1 : 1))
		.slice(0, max);
}

function isInvitationBy({ standing, broughtBy }: MemoryMember, inviterId: string): boolean {
	return standing === Room_Standing.INVITED && broughtBy === inviterId;
}

function roomsOf(disk: MemoryDisk, userId: string): readonly MemoryRoom[] {
	return [...(disk.roomsOf.get(userId) ?? [])].map((id) => disk.rooms.get(id)).filter((room) => room !== undefined);
}

/** What the user is in each of its rooms. */
function membersAs(disk: MemoryDisk, userId: string): readonly MemoryMember[] {
	return roomsOf(disk, userId).flatMap(({ members }) => members.get(userId) ?? []);
}
