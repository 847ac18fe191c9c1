// Rows as they stand in the database, and records made of them.
import type { ErrorCode, Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { RoomRow, TokenFamily, UserKind, UserRecord } from "../../log/records.ts";
import type { RefusedSend } from "../../log/refused.ts";

export interface RoomColumns {
	readonly no: number;
	readonly id: string;
	readonly key: string;
	readonly kind: Room_Kind;
	readonly name: string;
	readonly epoch: number;
	readonly head: number;
	readonly members: number;
	readonly member_version: number;
}

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

export interface UserColumns {
	readonly id: string;
	readonly name: string;
	readonly kind: UserKind;
	readonly skeleton: string;
	readonly password_hash: string | null;
	readonly external: string | null;
	readonly created_ms: number;
	readonly expires_ms: number | null;
	readonly session_only: boolean | null;
	readonly generation: number;
	readonly disabled: boolean;
}

export const USER_COLUMNS =
	"id, name, kind, skeleton, password_hash, external, created_ms, expires_ms, session_only, generation, disabled";

export function userOf(row: UserColumns): UserRecord {
	return {
		id: row.id,
		name: row.name,
		kind: row.kind,
		skeleton: row.skeleton,
		...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
		...(row.external === null ? {} : { external: row.external }),
		createdMs: row.created_ms,
		...(row.expires_ms === null ? {} : { expiresMs: row.expires_ms }),
		...(row.session_only === null ? {} : { sessionOnly: row.session_only }),
		generation: row.generation,
		disabled: row.disabled,
	};
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

export interface RefusedColumns {
	readonly sender: string;
	readonly cid: string;
	readonly code: ErrorCode;
	readonly at_ms: number;
}

export function refusedOf({ sender, cid, code, at_ms }: RefusedColumns): RefusedSend {
	return { sender, cid, code, atMs: at_ms };
}
