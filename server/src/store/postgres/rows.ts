// Rows as they stand in the database, and records made of them.
import type { Room_Standing } from "@verbatim/protocol";
import type { RoomRow, TokenFamily, UserRecord } from "../../log/records.ts";
import { type UserColumns as CommonColumns, type RoomColumns, userFrom } from "../rows.ts";

export const ROOM_COLUMNS =
	"r.no, r.id, coalesce(r.skeleton, r.direct_key) AS key, r.kind, r.name, r.epoch, r.head, r.members, r.member_version";

/** A room as it was loaded, with what only this store knows of it. */
export interface StoredRoom extends RoomRow {
	readonly no: number;
	readonly memberVersion: number;
}

export function roomOf({ member_version: memberVersion, ...row }: RoomColumns): StoredRoom {
	return { ...row, memberVersion };
}

export interface MembershipColumns {
	readonly room_no: number;
	readonly user_id: string;
	readonly standing: Room_Standing;
	readonly brought_by: string | null;
}

export interface UserColumns extends CommonColumns {
	readonly session_only: boolean | null;
	readonly disabled: boolean;
}

export const USER_COLUMNS =
	"id, name, kind, skeleton, password_hash, external, created_ms, expires_ms, session_only, generation, disabled";

export function userOf(row: UserColumns): UserRecord {
	return userFrom(row, row.session_only, row.disabled);
}

export interface FamilyColumns {
	readonly id: string;
	readonly user_id: string;
	readonly number: number;
	readonly issued_ms: number;
	readonly expires_ms: number;
	readonly ended: boolean;
}

export const FAMILY_COLUMNS = "id, user_id, number, issued_ms, expires_ms, ended";

export function familyOf({ id, user_id, number, issued_ms, expires_ms, ended }: FamilyColumns): TokenFamily {
	return { id, user: user_id, number, issuedMs: issued_ms, expiresMs: expires_ms, ended };
}
