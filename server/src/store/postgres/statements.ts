// The statements of batches: each takes many keys at once, as arrays, and is prepared once a connection. Answers are small, heads and flags but
// never texts: a node that stops reading must not leave a backend stuck in the midst of an answer, holding locks.
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { Statement } from "./connection.ts";
import { FAMILY_COLUMNS, ROOM_COLUMNS, USER_COLUMNS } from "./rows.ts";

function statement(name: string, text: string): Statement {
	return { name, text };
}

const INVITED = Room_Standing.INVITED;

export const LOCKS = {
	/** First of all: a lane has one transaction at a time, and one of an older generation has none. */
	lane: statement(
		"lane",
		"UPDATE verbatim.lanes SET batch = $4::bigint, seen = now() WHERE node = $1 AND lane = $2::smallint AND generation = $3::bigint",
	),
	users: statement("lock_users", "SELECT id FROM verbatim.users WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE"),
	/** With the columns as they are once the lock is held. */
	rooms: statement(
		"lock_rooms",
		`SELECT ${ROOM_COLUMNS} FROM verbatim.rooms AS r WHERE r.id = ANY($1::text[]) ORDER BY r.id FOR NO KEY UPDATE`,
	),
};

const room = `SELECT ${ROOM_COLUMNS} FROM verbatim.rooms AS r`;
const user = `SELECT ${USER_COLUMNS} FROM verbatim.users`;
const family = `SELECT ${FAMILY_COLUMNS} FROM verbatim.token_families`;

export const LOADS = {
	rooms: statement("rooms", `${room} WHERE r.id = ANY($1::text[])`),
	roomsBySkeleton: statement("rooms_by_skeleton", `${room} WHERE r.skeleton = ANY($1::text[])`),
	roomsByDirectKey: statement("rooms_by_direct_key", `${room} WHERE r.direct_key = ANY($1::text[])`),
	members: statement(
		"members",
		"SELECT r.id AS room, m.user_id, m.standing, m.brought_by FROM unnest($1::text[], $2::text[]) AS n (room, user_id) " +
			"JOIN verbatim.rooms AS r ON r.id = n.room JOIN verbatim.members AS m ON m.room_no = r.no AND m.user_id = n.user_id",
	),
	membersByNo: statement(
		"members_by_no",
		"SELECT m.room_no, m.user_id, m.standing, m.brought_by FROM unnest($1::bigint[], $2::text[]) AS n (no, user_id) " +
			"JOIN verbatim.members AS m ON m.room_no = n.no AND m.user_id = n.user_id",
	),
	users: statement("users", `${user} WHERE id = ANY($1::text[])`),
	usersBySkeleton: statement("users_by_skeleton", `${user} WHERE skeleton = ANY($1::text[])`),
	usersByExternal: statement("users_by_external", `${user} WHERE external = ANY($1::text[])`),
	ownRooms: statement(
		"own_rooms",
		"SELECT user_id, count(*) AS n FROM verbatim.members WHERE user_id = ANY($1::text[]) AND brought_by IS NULL GROUP BY user_id",
	),
	brought: statement(
		"brought",
		"SELECT n.user_id, n.inviter, count(m.*) AS n, " +
			`count(*) FILTER (WHERE m.brought_by = n.inviter AND m.standing = ${INVITED}) AS open ` +
			"FROM unnest($1::text[], $2::text[]) AS n (user_id, inviter) " +
			"JOIN verbatim.members AS m ON m.user_id = n.user_id AND m.brought_by IS NOT NULL GROUP BY n.user_id, n.inviter",
	),
	invitationsBy: statement(
		"invitations_by",
		"SELECT brought_by AS inviter, count(*) AS n FROM verbatim.members " +
			`WHERE brought_by = ANY($1::text[]) AND standing = ${INVITED} GROUP BY brought_by`,
	),
	shared: statement(
		"shared",
		"SELECT n.user_id, n.other, r.id FROM unnest($1::text[], $2::text[]) AS n (user_id, other) " +
			"JOIN verbatim.members AS mine ON mine.user_id = n.user_id AND mine.brought_by IS NULL " +
			`JOIN verbatim.rooms AS r ON r.no = mine.room_no AND r.kind <> ${Room_Kind.PUBLIC} ` +
			`JOIN verbatim.members AS o ON o.room_no = r.no AND o.user_id = n.other AND o.standing <> ${INVITED}`,
	),
	channels: statement(
		"channels",
		`SELECT ${ROOM_COLUMNS}, m.user_id, m.standing, m.brought_by FROM verbatim.members AS m ` +
			`JOIN verbatim.rooms AS r ON r.no = m.room_no AND r.kind <> ${Room_Kind.DIRECT} WHERE m.user_id = ANY($1::text[])`,
	),
	/** The body by its hash. */
	cids: statement(
		"cids",
		`SELECT ${ROOM_COLUMNS}, e.sender, e.cid, e.seq, e.at_ms, encode(sha256(e.body), 'hex') AS body_hash ` +
			"FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS n (sender, cid) " +
			"JOIN verbatim.entries AS e ON e.sender = n.sender AND e.cid = n.cid AND e.cid <> '' JOIN verbatim.rooms AS r ON r.no = e.room_no",
	),
	refusedSends: statement(
		"refused_sends",
		"SELECT r.sender, r.cid, r.code, r.at_ms FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS n (sender, cid) " +
			"JOIN verbatim.refused_sends AS r ON r.sender = n.sender AND r.cid = n.cid",
	),
	families: statement("families", `${family} WHERE id = ANY($1::text[])`),
	expiredFamilies: statement(
		"expired_families",
		`${family} WHERE expires_ms <= $1::float8 ORDER BY expires_ms, id LIMIT $2::int`,
	),
};

export const WRITES = {
	addRooms: statement(
		"add_rooms",
		"INSERT INTO verbatim.rooms (id, kind, name, skeleton, direct_key, epoch, head, members, member_version) " +
			"SELECT * FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], " +
			"$8::bigint[], $9::bigint[]) ON CONFLICT DO NOTHING RETURNING no, id",
	),
	rooms: statement(
		"write_rooms",
		"UPDATE verbatim.rooms AS r SET head = n.head, members = n.members, member_version = n.version " +
			"FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (no, head, members, version) WHERE r.no = n.no",
	),
	/** Keys that are given up, so that others may take them in whatever order rows are written. */
	releaseRoomKeys: statement(
		"release_room_keys",
		"UPDATE verbatim.rooms SET skeleton = 'released|' || no WHERE no = ANY($1::bigint[])",
	),
	roomNames: statement(
		"write_room_names",
		"UPDATE verbatim.rooms AS r SET name = n.name, skeleton = n.skeleton " +
			"FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n (no, name, skeleton) WHERE r.no = n.no",
	),
	setMembers: statement(
		"set_members",
		"INSERT INTO verbatim.members (room_no, user_id, name, standing, brought_by) " +
			"SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::smallint[], $5::text[]) ON CONFLICT (room_no, user_id) " +
			"DO UPDATE SET name = excluded.name, standing = excluded.standing, brought_by = excluded.brought_by",
	),
	removeMembers: statement(
		"remove_members",
		"DELETE FROM verbatim.members AS m USING unnest($1::bigint[], $2::text[]) AS n (no, user_id) " +
			"WHERE m.room_no = n.no AND m.user_id = n.user_id",
	),
	answered: statement(
		"answered",
		"UPDATE verbatim.members AS m SET brought_by = NULL FROM unnest($1::bigint[], $2::text[]) AS n (no, user_id) " +
			"WHERE m.room_no = n.no AND m.user_id = n.user_id",
	),
	/** The bodies come as one: hexadecimal in an array would be twice as long. A row that is missing was a repeat. */
	append: statement(
		"append",
		"INSERT INTO verbatim.entries (room_no, seq, at_ms, sender, sender_name, cid, kind, body) " +
			"SELECT room_no, seq, at_ms, sender, sender_name, cid, kind, substring($8::bytea FROM start FOR bytes) " +
			"FROM unnest($1::bigint[], $2::bigint[], $3::float8[], $4::text[], $5::text[], $6::text[], $7::smallint[], $9::int[], $10::int[]) " +
			"AS n (room_no, seq, at_ms, sender, sender_name, cid, kind, start, bytes) ON CONFLICT (sender, cid) WHERE cid <> '' DO NOTHING",
	),
	/** One that is there is too old to count. */
	refuse: statement(
		"refuse",
		"INSERT INTO verbatim.refused_sends (sender, cid, code, at_ms) " +
			"SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[]) " +
			"ON CONFLICT (sender, cid) DO UPDATE SET no = DEFAULT, code = excluded.code, at_ms = excluded.at_ms RETURNING no",
	),
	/**
	 * As `prune` (log/refused.ts). Nothing is sorted unless there are too many. What another transaction drops at the same time is left to it: nobody
	 * waits.
	 */
	pruneRefusedSends: statement(
		"prune_refused_sends",
		"WITH sends AS (SELECT no, abs($1::float8 - at_ms) > $2::float8 AS old, " +
			"row_number() OVER (PARTITION BY sender ORDER BY no DESC) AS place FROM verbatim.refused_sends) " +
			"DELETE FROM verbatim.refused_sends WHERE no IN (SELECT no FROM verbatim.refused_sends WHERE no IN (" +
			"SELECT no FROM sends ORDER BY old DESC, place DESC, no LIMIT (SELECT CASE WHEN count(*) <= $3::bigint THEN 0 " +
			"ELSE greatest(count(*) - $4::bigint, count(*) FILTER (WHERE abs($1::float8 - at_ms) > $2::float8)) END " +
			"FROM verbatim.refused_sends)) FOR UPDATE SKIP LOCKED)",
	),
	releaseUserKeys: statement(
		"release_user_keys",
		"UPDATE verbatim.users SET skeleton = 'released|' || id, external = NULL WHERE id = ANY($1::text[])",
	),
	users: statement(
		"write_users",
		"UPDATE verbatim.users AS u SET name = n.name, kind = n.kind, skeleton = n.skeleton, password_hash = n.password_hash, " +
			"external = n.external, created_ms = n.created_ms, expires_ms = n.expires_ms, session_only = n.session_only, " +
			`generation = n.generation, disabled = n.disabled FROM ${users()} WHERE u.id = n.id`,
	),
	addUsers: statement(
		"add_users",
		`INSERT INTO verbatim.users (${USER_COLUMNS}) SELECT ${USER_COLUMNS} FROM ${users()} ON CONFLICT DO NOTHING`,
	),
	putFamilies: statement(
		"put_families",
		`INSERT INTO verbatim.token_families (${FAMILY_COLUMNS}) ` +
			"SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::float8[], $5::float8[], $6::boolean[]) ON CONFLICT (id) DO UPDATE " +
			"SET user_id = excluded.user_id, number = excluded.number, issued_ms = excluded.issued_ms, " +
			"expires_ms = excluded.expires_ms, ended = excluded.ended",
	),
	dropFamilies: statement("drop_families", "DELETE FROM verbatim.token_families WHERE id = ANY($1::text[])"),
};

function users(): string {
	return (
		"unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::float8[], $9::boolean[], " +
		`$10::bigint[], $11::boolean[]) AS n (${USER_COLUMNS})`
	);
}
