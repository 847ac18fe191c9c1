// What can be read of a memory disk. All answers are copies: they stay as they were when asked.
import { type Entry, Room_Kind, Room_Standing } from "@verbatim/protocol";
import { longTextBytes } from "../../base/entry-size.ts";
import { weightOf } from "../../base/stored-size.ts";
import { otherOf } from "../../log/records.ts";
import { rangeAround, seqAt } from "../around.ts";
import type {
	LogPage,
	MemberPage,
	MemberRecord,
	PageBound,
	RoomHead,
	RoomView,
	UserMark,
	UserRecord,
	UserRef,
} from "../store.ts";
import type { MemoryDisk, MemoryRoom } from "./disk.ts";

export function readPage(disk: MemoryDisk, id: string, bound: PageBound, limit: number, bytesMax: number): LogPage | undefined {
	const room = disk.rooms.get(id);
	if (!room) return undefined;
	const { epoch, head } = room.row;
	const cut = (from: number, to: number): LogPage => ({
		room: id,
		epoch,
		head,
		asOf: head,
		from,
		to,
		entries: room.log.slice(from - 1, to),
	});
	const count = Math.max(1, limit);
	let bytes = 0;
	const fits = (entry: Entry | undefined, taken: number): boolean => {
		if (!entry || taken === count) return false;
		bytes += weightOf(longTextBytes(entry.body));
		return taken === 0 || bytes <= bytesMax;
	};
	if ("after" in bound) {
		let to = bound.after;
		while (fits(room.log[to], to - bound.after)) to++;
		return cut(bound.after + 1, to);
	}
	if ("before" in bound) {
		const to = bound.before === 0 ? head : Math.min(bound.before - 1, head);
		let from = to + 1;
		while (fits(room.log[from - 2], to + 1 - from)) from--;
		return cut(from, to);
	}
	const seq = "around" in bound ? bound.around : seqAt(bound.atMs, head, (each) => room.log[each - 1]?.atMs ?? 0);
	if (seq > head) return readPage(disk, id, { before: 0 }, limit, bytesMax);
	const range = rangeAround(seq, head, count);
	const older = seq > range.from ? readPage(disk, id, { before: seq }, seq - range.from, bytesMax / 2) : undefined;
	const newer = readPage(disk, id, { after: seq - 1 }, range.to + 1 - seq, bytesMax / 2);
	return cut(older?.from ?? seq, newer?.to ?? seq);
}

export function viewOf(disk: MemoryDisk, room: MemoryRoom, userId: string): RoomView {
	const standing = room.members.get(userId)?.standing ?? Room_Standing.NONE;
	const peerId = room.row.kind === Room_Kind.DIRECT ? otherOf(room.key, userId) : undefined;
	return { ...room.row, standing, ...(peerId === undefined ? {} : { peer: named(disk, room, peerId) }) };
}

export function readRoomsOf(disk: MemoryDisk, userId: string): readonly RoomView[] {
	return [...(disk.roomsOf.get(userId) ?? [])].sort().flatMap((id) => {
		const room = disk.rooms.get(id);
		return room ? [viewOf(disk, room, userId)] : [];
	});
}

export function readHeads(disk: MemoryDisk, rooms: readonly string[]): readonly RoomHead[] {
	return rooms.flatMap((each) => {
		const row = disk.rooms.get(each)?.row;
		return row === undefined ? [] : [{ id: row.id, epoch: row.epoch, head: row.head }];
	});
}

export function readUserMarks(disk: MemoryDisk, users: readonly string[]): readonly UserMark[] {
	return users.flatMap((each) => {
		const user = disk.users.get(each);
		if (user === undefined) return [];
		const { id, generation, disabled } = user;
		const standings = [...(disk.roomsOf.get(id) ?? [])]
			.sort()
			.map((room) => `${room} ${disk.rooms.get(room)?.members.get(id)?.standing}`);
		return [{ id, generation, disabled, standings: standings.join() }];
	});
}

export function readPublicRooms(disk: MemoryDisk, userId: string, afterName: string, limit: number): readonly RoomView[] {
	return [...disk.rooms.values()]
		.filter(({ row }) => row.kind === Room_Kind.PUBLIC && compareUtf8(row.name, afterName) > 0)
		.sort((a, b) => compareUtf8(a.row.name, b.row.name))
		.slice(0, limit)
		.map((room) => viewOf(disk, room, userId));
}

export function readMembers(disk: MemoryDisk, id: string, afterId: string, limit: number): MemberPage | undefined {
	const room = disk.rooms.get(id);
	if (!room) return undefined;
	const { row, memberVersion: version, members } = room;
	const following = limit === 0 ? [] : [...members.keys()].filter((userId) => userId > afterId).sort();
	const page = following.slice(0, limit).map(
		(userId): MemberRecord => ({
			user: named(disk, room, userId),
			standing: members.get(userId)?.standing ?? Room_Standing.NONE,
		}),
	);
	return { epoch: row.epoch, head: row.head, version, total: row.members, members: page, more: following.length > limit };
}

export function readUsers(disk: MemoryDisk, afterId: string, limit: number): readonly UserRecord[] {
	return [...disk.users.values()]
		.filter(({ id }) => id > afterId)
		.sort((a, b) => (a.id < b.id ? -1 : 1))
		.slice(0, limit);
}

export function readGuests(disk: MemoryDisk, which: "expired" | "live", nowMs: number, limit: number): readonly UserRecord[] {
	const isWanted = ({ kind, disabled, expiresMs }: UserRecord): boolean =>
		kind === "guest" && !disabled && (which === "live" ? expiresMs === undefined : expiresMs !== undefined && expiresMs <= nowMs);
	return [...disk.users.values()]
		.filter(isWanted)
		.sort((a, b) => (a.expiresMs ?? 0) - (b.expiresMs ?? 0) || (a.id < b.id ? -1 : 1))
		.slice(0, limit);
}

/** A user under the name of today, or (for somebody without a record) the one under which it came in. */
function named(disk: MemoryDisk, room: MemoryRoom, id: string): UserRef {
	return { id, name: disk.users.get(id)?.name ?? room.members.get(id)?.user.name ?? "" };
}

/** In the order of SQLite and of PostgreSQL's "C": by bytes of UTF-8, which is the order of code points. */
function compareUtf8(a: string, b: string): number {
	return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
