// What rows have in common in every database, and the records made of them.
import type { ErrorCode, Room_Kind } from "@verbatim/protocol";
import type { UserKind, UserRecord } from "../log/records.ts";
import type { RefusedSend } from "../log/refused.ts";

export interface RoomColumns {
	readonly no: number;
	readonly id: string;
	/** Its skeleton, or the two users of a direct conversation. */
	readonly key: string;
	readonly kind: Room_Kind;
	readonly name: string;
	readonly epoch: number;
	readonly head: number;
	readonly members: number;
	readonly member_version: number;
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
	readonly generation: number;
}

/** `sessionOnly` and `disabled`: of columns that databases keep in different ways. */
export function userFrom(row: UserColumns, sessionOnly: boolean | null, disabled: boolean): UserRecord {
	return {
		id: row.id,
		name: row.name,
		kind: row.kind,
		skeleton: row.skeleton,
		...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
		...(row.external === null ? {} : { external: row.external }),
		createdMs: row.created_ms,
		...(row.expires_ms === null ? {} : { expiresMs: row.expires_ms }),
		...(sessionOnly === null ? {} : { sessionOnly }),
		generation: row.generation,
		disabled,
	};
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
