// Rows of users and of their families of tokens as they stand in the database, and back.
import type { RefusedSend } from "../../log/refused.ts";
import { type RefusedColumns, refusedOf, type UserColumns, userFrom } from "../rows.ts";
import type { TokenFamily, UserRecord } from "../store.ts";

export interface UserRow extends UserColumns {
	/** `UserRecord.sessionOnly`. */
	readonly fleeting: number | null;
	readonly disabled: number;
}

export const USER_COLUMNS =
	"id, name, kind, skeleton, password_hash, external, created_ms, expires_ms, fleeting, generation, disabled";

export function userOf(row: UserRow): UserRecord {
	return userFrom(row, row.fleeting === null ? null : row.fleeting !== 0, row.disabled !== 0);
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

export interface KeptRefusal extends RefusedSend {
	readonly no: number;
}

export interface KeptRefusalColumns extends RefusedColumns {
	readonly no: number;
}

export function keptRefusalOf(row: KeptRefusalColumns): KeptRefusal {
	return { ...refusedOf(row), no: row.no };
}
