// Loads rooms, and what users are in them.
import { Room_Standing } from "@verbatim/protocol";
import type { Needs } from "../../log/needs.ts";
import type { Membership } from "../../log/records.ts";
import type { Snapshot } from "../../log/snapshot.ts";
import { NO_MEMBERSHIP } from "../../log/standing.ts";
import type { RoomColumns } from "../rows.ts";
import type { Statement, Value } from "./connection.ts";
import { type MembershipColumns, roomOf, type StoredRoom } from "./rows.ts";
import { LOADS } from "./statements.ts";
import { numbers, texts } from "./values.ts";

/** Sends a question, and takes its answer when it comes. */
export type Ask = <Row extends object>(
	statement: Statement,
	values: readonly Value[],
	take: (rows: readonly Row[]) => void,
) => void;

/** Puts a room into the snapshot, unless it is there. */
export function putRoom(snapshot: Snapshot, columns: RoomColumns): Map<string, Membership> {
	const known = snapshot.rooms.get(columns.id);
	if (known) return known.memberships as Map<string, Membership>;
	const memberships = new Map<string, Membership>();
	snapshot.rooms.set(columns.id, { row: roomOf(columns), memberships });
	return memberships;
}

export function loadRooms(ask: Ask, needs: Needs, snapshot: Snapshot): void {
	const { rooms, members, roomSkeletons, directKeys, channels } = needs;
	const unknown = [...new Set(rooms)].filter((id) => !snapshot.rooms.has(id));
	if (unknown.length > 0) {
		ask<RoomColumns>(LOADS.rooms, [texts(unknown)], (rows) => {
			for (const row of rows) putRoom(snapshot, row);
			for (const id of unknown) if (!snapshot.rooms.has(id)) snapshot.rooms.set(id, null);
		});
	}
	if (roomSkeletons.length > 0) {
		ask<RoomColumns>(LOADS.roomsBySkeleton, [texts(roomSkeletons)], (rows) => {
			for (const key of roomSkeletons) snapshot.roomBySkeleton.set(key, null);
			for (const row of rows) {
				putRoom(snapshot, row);
				snapshot.roomBySkeleton.set(row.key, row.id);
			}
		});
	}
	if (directKeys.length > 0) {
		ask<RoomColumns>(LOADS.roomsByDirectKey, [texts(directKeys)], (rows) => {
			for (const key of directKeys) snapshot.roomByDirectKey.set(key, null);
			for (const row of rows) {
				putRoom(snapshot, row);
				snapshot.roomByDirectKey.set(row.key, row.id);
			}
		});
	}
	if (channels.length > 0) {
		ask<RoomColumns & MembershipColumns>(LOADS.channels, [texts(channels)], (rows) => {
			const found = new Map<string, string[]>(channels.map((id) => [id, []]));
			for (const row of rows) {
				putRoom(snapshot, row).set(row.user_id, membershipOf(row));
				found.get(row.user_id)?.push(row.id);
			}
			for (const [id, ids] of found) snapshot.channels.set(id, ids.sort());
		});
	}
	loadMembers(ask, rooms, members, snapshot);
}

/** What users are in rooms: by the rooms' numbers where these are known. */
function loadMembers(ask: Ask, rooms: readonly string[], members: readonly string[], snapshot: Snapshot): void {
	const byNo = { nos: [] as number[], users: [] as string[], maps: new Map<number, Map<string, Membership>>() };
	const byId = { rooms: [] as string[], users: [] as string[] };
	for (const [i, id] of rooms.entries()) {
		const userId = members[i] ?? "";
		const known = snapshot.rooms.get(id);
		if (userId === "" || known === null) continue;
		if (known === undefined) {
			byId.rooms.push(id);
			byId.users.push(userId);
			continue;
		}
		const memberships = known.memberships as Map<string, Membership>;
		if (memberships.has(userId)) continue;
		const { no } = known.row as StoredRoom;
		// Until the answer says otherwise; two drafts of one user in one room are one question.
		memberships.set(userId, NO_MEMBERSHIP);
		byNo.maps.set(no, memberships);
		byNo.nos.push(no);
		byNo.users.push(userId);
	}
	if (byNo.nos.length > 0) {
		ask<MembershipColumns>(LOADS.membersByNo, [numbers(byNo.nos), texts(byNo.users)], (rows) => {
			for (const row of rows) byNo.maps.get(row.room_no)?.set(row.user_id, membershipOf(row));
		});
	}
	if (byId.rooms.length > 0) {
		ask<MembershipColumns & { readonly room: string }>(LOADS.members, [texts(byId.rooms), texts(byId.users)], (rows) => {
			const mapOf = (id: string) => snapshot.rooms.get(id)?.memberships as Map<string, Membership> | undefined;
			for (const [i, id] of byId.rooms.entries()) {
				const memberships = mapOf(id);
				const userId = byId.users[i] ?? "";
				if (memberships?.has(userId) === false) memberships.set(userId, NO_MEMBERSHIP);
			}
			for (const row of rows) mapOf(row.room)?.set(row.user_id, membershipOf(row));
		});
	}
}

function membershipOf({ standing, brought_by }: Pick<MembershipColumns, "standing" | "brought_by">): Membership {
	return standing === Room_Standing.NONE ? NO_MEMBERSHIP : { standing, broughtBy: brought_by ?? undefined };
}
