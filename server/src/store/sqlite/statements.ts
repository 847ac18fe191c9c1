// The writer's statements.
import type { Database, Statement } from "bun:sqlite";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { RoomColumns } from "../rows.ts";
import { type KeptRefusalColumns, TOKEN_FAMILY_COLUMNS, type TokenFamilyRow, USER_COLUMNS, type UserRow } from "./rows.ts";

export interface MembershipColumns {
	readonly standing: Room_Standing;
	readonly brought_by: string | null;
}

export type Statements = ReturnType<typeof prepare>;

export function prepare(db: Database) {
	const room =
		"SELECT no, id, coalesce(skeleton, direct_key) AS key, kind, name, epoch, head, members, member_version FROM rooms";
	const user = `SELECT ${USER_COLUMNS} FROM users`;
	type Values = (string | number | null | Uint8Array)[];
	const one = <Row>(sql: string): Statement<Row, Values> => db.prepare<Row, Values>(sql);
	return {
		roomById: one<RoomColumns>(`${room} WHERE id = ?`),
		roomByNo: one<RoomColumns>(`${room} WHERE no = ?`),
		roomBySkeleton: one<RoomColumns>(`${room} WHERE skeleton = ?`),
		roomByDirectKey: one<RoomColumns>(`${room} WHERE direct_key = ?`),
		addRoom: one<never>(
			"INSERT INTO rooms (id, kind, name, skeleton, direct_key, epoch, head, members) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		),
		renameRoom: one<never>("UPDATE rooms SET name = ?, skeleton = ? WHERE no = ?"),
		updateRoom: one<never>("UPDATE rooms SET head = ?, members = ?, member_version = ? WHERE no = ?"),
		membership: one<MembershipColumns>("SELECT standing, brought_by FROM members WHERE room_no = ? AND user = ?"),
		answered: one<never>("UPDATE members SET brought_by = NULL WHERE room_no = ? AND user = ?"),
		ownRoomsCount: one<{ n: number }>("SELECT count(*) AS n FROM members WHERE user = ? AND brought_by IS NULL"),
		broughtCount: one<{ all: number; invitationsBy: number }>(
			`SELECT count(*) AS "all", coalesce(sum(brought_by = ? AND standing = ${Room_Standing.INVITED}), 0) AS invitationsBy ` +
				"FROM members WHERE user = ? AND brought_by IS NOT NULL",
		),
		invitationsByCount: one<{ n: number }>(
			`SELECT count(*) AS n FROM members WHERE brought_by = ? AND standing = ${Room_Standing.INVITED}`,
		),
		shared: one<{ id: string }>(
			"SELECT rooms.id FROM members AS mine JOIN rooms ON rooms.no = mine.room_no JOIN members AS other ON other.room_no = rooms.no " +
				`WHERE mine.user = ? AND mine.brought_by IS NULL AND rooms.kind <> ${Room_Kind.PUBLIC} AND other.user = ? ` +
				`AND other.standing <> ${Room_Standing.INVITED}`,
		),
		channelsOf: one<RoomColumns>(
			`${room} WHERE kind <> ${Room_Kind.DIRECT} AND no IN (SELECT room_no FROM members WHERE user = ?) ORDER BY id`,
		),
		setMember: one<never>(
			"INSERT INTO members (room_no, user, name, standing, brought_by) VALUES (?, ?, ?, ?, ?) ON CONFLICT (room_no, user) " +
				"DO UPDATE SET name = excluded.name, standing = excluded.standing, brought_by = excluded.brought_by",
		),
		removeMember: one<never>("DELETE FROM members WHERE room_no = ? AND user = ?"),
		append: one<never>(
			"INSERT INTO entries (room_no, seq, at_ms, sender, sender_name, cid, kind, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?) " +
				"ON CONFLICT (sender, cid) WHERE cid <> '' DO NOTHING",
		),
		said: one<{ room_no: number; seq: number; at_ms: number; body: Uint8Array }>(
			"SELECT room_no, seq, at_ms, body FROM entries WHERE sender = ? AND cid = ? AND cid <> ''",
		),
		refusedSends: one<KeptRefusalColumns>("SELECT no, sender, cid, code, at_ms FROM refused_sends ORDER BY no"),
		refuse: one<never>("INSERT INTO refused_sends (sender, cid, code, at_ms) VALUES (?, ?, ?, ?)"),
		dropRefusedSend: one<never>("DELETE FROM refused_sends WHERE no = ?"),
		userById: one<UserRow>(`${user} WHERE id = ?`),
		userBySkeleton: one<UserRow>(`${user} WHERE skeleton = ?`),
		userByExternal: one<UserRow>(`${user} WHERE external = ?`),
		tokenFamily: one<TokenFamilyRow>(`SELECT ${TOKEN_FAMILY_COLUMNS} FROM token_families WHERE id = ?`),
		putTokenFamily: one<never>(`INSERT OR REPLACE INTO token_families (${TOKEN_FAMILY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`),
		expiredFamilies: one<TokenFamilyRow>(
			`SELECT ${TOKEN_FAMILY_COLUMNS} FROM token_families WHERE expires_ms <= ? ORDER BY expires_ms, id LIMIT ?`,
		),
		dropTokenFamily: one<never>("DELETE FROM token_families WHERE id = ?"),
		putUser: one<never>(
			`INSERT INTO users (${USER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ` +
				"ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, skeleton = excluded.skeleton, " +
				"password_hash = excluded.password_hash, external = excluded.external, created_ms = excluded.created_ms, " +
				"expires_ms = excluded.expires_ms, fleeting = excluded.fleeting, generation = excluded.generation, " +
				"disabled = excluded.disabled",
		),
	};
}
