// Rows of users, of their families of tokens and of refused sends as they stand in the database, and back.
import type { ErrorCode } from "@verbatim/protocol";
import type { RefusedSend } from "../../log/refused.ts";
import type { TokenFamily, UserKind, UserRecord } from "../store.ts";

export interface UserRow {
	readonly id: string;
	readonly name: string;
	readonly kind: UserKind;
	readonly skeleton: string;
	readonly password_hash: string | null;
	readonly external: string | null;
	readonly created_ms: number;
	readonly expires_ms: number | null;
	/** `UserRecord.sessionOnly`. */
	readonly fleeting: number | null;
	readonly generation: number;
	readonly disabled: number;
}

export const USER_COLUMNS =
	"id, name, kind, skeleton, password_hash, external, created_ms, expires_ms, fleeting, generation, disabled";

export function userOf(row: UserRow): UserRecord {
	return {
		id: row.id,
		name: row.name,
		kind: row.kind,
		skeleton: row.skeleton,
		...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
		...(row.external === null ? {} : { external: row.external }),
		createdMs: row.created_ms,
		...(row.expires_ms === null ? {} : { expiresMs: row.expires_ms }),
		...(row.fleeting === null ? {} : { sessionOnly: row.fleeting !== 0 }),
		generation: row.generation,
		disabled: row.disabled !== 0,
	};
}

/** Values in the order of `USER_COLUMNS`. */
export function valuesOf(user: UserRecord): (string | number | null)[] {
	return [
		user.id,
		user.name,
		user.kind,
		user.skeleton,
		user.passwordHash ?? null,
		user.external ?? null,
		user.createdMs,
		user.expiresMs ?? null,
		user.sessionOnly === undefined ? null : Number(user.sessionOnly),
		user.generation,
		Number(user.disabled),
	];
}

export interface TokenFamilyRow {
	readonly id: string;
	readonly user: string;
	readonly number: number;
	readonly issued_ms: number;
	readonly expires_ms: number;
	readonly ended: number;
}

export const TOKEN_FAMILY_COLUMNS = "id, user, number, issued_ms, expires_ms, ended";

export function tokenFamilyOf({ id, user, number, issued_ms, expires_ms, ended }: TokenFamilyRow): TokenFamily {
	return { id, user, number, issuedMs: issued_ms, expiresMs: expires_ms, ended: ended !== 0 };
}

export interface RefusedSendRow {
	readonly sender: string;
	readonly cid: string;
	readonly code: ErrorCode;
	readonly at_ms: number;
}

export function refusedSendOf({ sender, cid, code, at_ms }: RefusedSendRow): RefusedSend {
	return { sender, cid, code, atMs: at_ms };
}
