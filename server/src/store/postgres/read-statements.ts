// The statements of reads. Each is one look at one moment; what a user sees of a room comes with the room.
import { ENTRY_BYTES, SHORT_KINDS } from "../../base/stored-size.ts";
import type { Statement } from "./connection.ts";
import { FAMILY_COLUMNS, USER_COLUMNS } from "./rows.ts";

function statement(name: string, text: string): Statement {
	return { name: `read_${name}`, text };
}

/** Rooms as the user $1 sees them; the other one of a direct conversation under the name of today, or of its entry. */
const view =
	"SELECT r.id, r.kind, r.name, r.epoch, r.head, r.members, coalesce(m.standing, 0) AS standing, p.id AS peer, " +
	"coalesce((SELECT u.name FROM verbatim.users AS u WHERE u.id = p.id), " +
	"(SELECT o.name FROM verbatim.members AS o WHERE o.room_no = r.no AND o.user_id = p.id), '') AS peer_name " +
	"FROM verbatim.rooms AS r LEFT JOIN verbatim.members AS m ON m.room_no = r.no AND m.user_id = $1 " +
	"CROSS JOIN LATERAL (SELECT CASE $1 WHEN split_part(r.direct_key, '|', 1) THEN split_part(r.direct_key, '|', 2) " +
	"WHEN split_part(r.direct_key, '|', 2) THEN split_part(r.direct_key, '|', 1) END AS id) AS p";

const room = "SELECT id, kind, name, epoch, head, members FROM verbatim.rooms";
const user = `SELECT ${USER_COLUMNS} FROM verbatim.users`;

/**
 * Entries with what goes before them in bytes (base/stored-size.ts), counted a little low: whoever cuts the page exactly gets all that it needs.
 * `kind` 10 is a message, whose body has a dozen bytes beside the text at most.
 */
const entries =
	"SELECT f.epoch, f.head, e.seq, e.at_ms, e.sender, e.sender_name, e.cid, e.body FROM f LEFT JOIN LATERAL (" +
	`SELECT *, sum(${ENTRY_BYTES} + CASE WHEN kind = 10 THEN greatest(octet_length(body) - 12, 0) ` +
	`WHEN kind IN (${SHORT_KINDS.join()}) THEN 0 ELSE octet_length(body) END) OVER (ORDER BY way) AS bytes FROM (`;
const cut = `) AS p) AS e ON e.bytes - (${ENTRY_BYTES} + greatest(octet_length(e.body), 0)) <= $4::float8`;

export const READS = {
	after: statement(
		"after",
		`WITH f AS (SELECT no, epoch, head FROM verbatim.rooms WHERE id = $1) ${entries}` +
			"SELECT *, seq AS way FROM verbatim.entries WHERE room_no = f.no AND seq > $2::float8::bigint AND seq <= f.head " +
			`ORDER BY seq LIMIT $3::bigint${cut} ORDER BY e.seq`,
	),
	before: statement(
		"before",
		`WITH f AS (SELECT no, epoch, head FROM verbatim.rooms WHERE id = $1) ${entries}` +
			"SELECT *, -seq AS way FROM verbatim.entries WHERE room_no = f.no AND seq <= least($2::float8::bigint, f.head) " +
			`ORDER BY seq DESC LIMIT $3::bigint${cut} ORDER BY e.seq DESC`,
	),
	/** The seq that a time means: half after half, as `seqAt` in around.ts does it. */
	seqAt: statement(
		"seq_at",
		"WITH RECURSIVE f AS (SELECT no, head FROM verbatim.rooms WHERE id = $1), s (low, high) AS (" +
			"SELECT 1::bigint, head + 1 FROM f UNION ALL SELECT CASE WHEN e.at_ms < $2::float8 THEN e.seq + 1 ELSE s.low END, " +
			"CASE WHEN e.at_ms < $2::float8 THEN s.high ELSE e.seq END " +
			"FROM s, f, verbatim.entries AS e WHERE s.low < s.high AND e.room_no = f.no AND e.seq = CASE s.high WHEN f.head + 1 THEN f.head " +
			"ELSE (s.low + s.high) / 2 END) SELECT s.low AS seq, f.head FROM s, f WHERE s.low >= s.high LIMIT 1",
	),
	head: statement("head", "SELECT epoch, head FROM verbatim.rooms WHERE id = $1"),
	room: statement("room", `${view} WHERE r.id = $2`),
	roomsOf: statement("rooms_of", `${view} WHERE m.user_id = $1 ORDER BY r.id`),
	publicRooms: statement("public_rooms", `${view} WHERE r.kind = 1 AND r.name > $2 ORDER BY r.name LIMIT $3::bigint`),
	roomBySkeleton: statement("room_by_skeleton", `${room} WHERE skeleton = $1`),
	directRoom: statement("direct_room", `${room} WHERE direct_key = $1`),
	heads: statement("heads", "SELECT id, epoch, head FROM verbatim.rooms WHERE id = ANY($1::text[])"),
	userMarks: statement(
		"user_marks",
		"SELECT id, generation, disabled, (SELECT count(*) || ' ' || coalesce(sum(hashint8extended(room_no * 4 + standing, 0)), 0) " +
			"FROM verbatim.members WHERE user_id = users.id) AS standings FROM verbatim.users WHERE id = ANY($1::text[])",
	),
	members: statement(
		"members",
		"SELECT r.epoch, r.head, r.member_version AS version, r.members AS total, m.user_id, m.name, m.standing FROM verbatim.rooms AS r " +
			"LEFT JOIN LATERAL (SELECT m.user_id, coalesce(u.name, m.name) AS name, m.standing FROM verbatim.members AS m " +
			"LEFT JOIN verbatim.users AS u ON u.id = m.user_id WHERE m.room_no = r.no AND m.user_id > $2 ORDER BY m.user_id LIMIT $3::bigint) " +
			"AS m ON true WHERE r.id = $1 ORDER BY m.user_id",
	),
	user: statement("user", `${user} WHERE id = $1`),
	userBySkeleton: statement("user_by_skeleton", `${user} WHERE skeleton = $1`),
	userByExternal: statement("user_by_external", `${user} WHERE external = $1`),
	users: statement("users", `${user} WHERE id > $1 ORDER BY id LIMIT $2::bigint`),
	family: statement("family", `SELECT ${FAMILY_COLUMNS} FROM verbatim.token_families WHERE id = $1`),
	guestsLive: statement(
		"guests_live",
		`${user} WHERE kind = 'guest' AND NOT disabled AND expires_ms IS NULL ORDER BY id LIMIT $1::bigint`,
	),
	guestsExpired: statement(
		"guests_expired",
		`${user} WHERE kind = 'guest' AND NOT disabled AND expires_ms <= $1::float8 ORDER BY expires_ms, id LIMIT $2::bigint`,
	),
};
