// The reader: answers every question about what is committed, on a thread and a connection of its own. A write-ahead log lets it
// read while the writer writes; each statement sees all that was committed before it began, hence whoever has an acknowledgement
// reads what was acknowledged.
//
// A log only grows at its head, and an entry never changes: a page is consistent if it stops at a head read before it.
//
// Nothing of the schema of the wire is loaded here, which takes longer than all else at the start of a thread: where SQL needs a
// number of it, the migrations have fixed that number anyway.
import type { Database, Statement } from "bun:sqlite";
import type { Room_Standing } from "@verbatim/protocol";
import { storedLongBytes, weightOf } from "../../base/stored-size.ts";
import { otherOf, recordOf } from "../../log/records.ts";
import { textOf } from "../../log/texts.ts";
import { rangeAround, seqAt } from "../around.ts";
import type { MemberPage, MemberRecord, RoomHead, RoomRecord, RoomView, UserMark, UserRecord, UserRef } from "../store.ts";
import type { PackedEntry, PackedPage, PageArgs, ReaderCalls } from "./calls.ts";
import { connectReader } from "./connect.ts";
import { troubleOf } from "./errors.ts";
import { TOKEN_FAMILY_COLUMNS, type TokenFamilyRow, tokenFamilyOf, USER_COLUMNS, type UserRow, userOf } from "./rows.ts";

export class Reader {
	private path: string | undefined;
	private opened: { readonly db: Database; readonly sql: ReadStatements } | undefined;

	readonly calls: ReaderCalls = {
		open: (path) => {
			this.path = path;
			return this.guarded(() => null);
		},
		page: (args) => this.guarded((sql) => page(sql, args)),
		room: ({ id, userId }) =>
			this.guarded((sql) => {
				const row = sql.roomById.get(userId, id);
				return row && viewOf(sql, row, userId);
			}),
		roomBySkeleton: (skeleton) => this.guarded((sql) => recordOrNull(sql.roomBySkeleton.get("", skeleton))),
		directRoom: (key) => this.guarded((sql) => recordOrNull(sql.directRoom.get("", key))),
		roomsOf: (userId) => this.guarded((sql) => sql.roomsOf.all(userId, userId).map((row) => viewOf(sql, row, userId))),
		publicRooms: ({ userId, afterName, limit }) =>
			this.guarded((sql) => sql.publicRooms.all(userId, afterName, limit).map((row) => viewOf(sql, row, userId))),
		heads: (rooms) => this.guarded((sql) => sql.heads.all(JSON.stringify(rooms))),
		userMarks: (users) =>
			this.guarded((sql) => sql.userMarks.all(JSON.stringify(users)).map((row) => ({ ...row, disabled: row.disabled !== 0 }))),
		members: (args) => this.guarded((sql, db) => db.transaction(() => members(sql, args))()),
		user: (id) => this.guarded((sql) => userOrNull(sql.userById.get(id))),
		userWithFamily: ({ id, family }) =>
			this.guarded((sql) => {
				const user = sql.userById.get(id);
				const found = family === "" ? null : sql.tokenFamily.get(family);
				return user && { user: userOf(user), ...(found ? { family: tokenFamilyOf(found) } : {}) };
			}),
		userBySkeleton: (skeleton) => this.guarded((sql) => userOrNull(sql.userBySkeleton.get(skeleton))),
		userByExternal: (external) => this.guarded((sql) => userOrNull(sql.userByExternal.get(external))),
		users: ({ afterId, limit }) => this.guarded((sql) => sql.users.all(afterId, limit).map(userOf)),
		guests: ({ which, nowMs, limit }) =>
			this.guarded((sql) => (which === "live" ? sql.guestsLive.all(limit) : sql.guestsExpired.all(nowMs, limit)).map(userOf)),
		die: () => process.exit(1),
		close: () => {
			this.path = undefined;
			this.drop();
			return null;
		},
	};

	/** Runs `task`; after trouble with the disk the next question finds a new connection. */
	private guarded<T>(task: (sql: ReadStatements, db: Database) => T): T {
		if (this.path === undefined) throw new Error("the database is not open");
		try {
			if (!this.opened) {
				const db = connectReader(this.path);
				this.opened = { db, sql: prepare(db) };
			}
			return task(this.opened.sql, this.opened.db);
		} catch (cause) {
			if (troubleOf(cause) !== "draft") this.drop();
			throw cause;
		}
	}

	private drop(): void {
		const { opened } = this;
		this.opened = undefined;
		if (!opened) return;
		try {
			for (const statement of Object.values(opened.sql)) statement.finalize();
			opened.db.close();
		} catch {
			// Given up in any case.
		}
	}
}

interface ViewRow extends RoomRecord {
	readonly no: number;
	readonly direct_key: string | null;
	readonly standing: Room_Standing;
}

interface EntryRow {
	readonly seq: number;
	readonly at_ms: number;
	readonly sender: string;
	readonly sender_name: string;
	readonly cid: string;
	readonly body: Uint8Array;
}

type ReadStatements = ReturnType<typeof prepare>;

function prepare(db: Database) {
	const view =
		"SELECT no, id, kind, rooms.name AS name, epoch, head, members, direct_key, " +
		"coalesce((SELECT standing FROM members WHERE room_no = no AND user = ?), 0) AS standing FROM rooms";
	const entry = "SELECT seq, at_ms, sender, sender_name, cid, body FROM entries WHERE room_no = ?";
	const user = `SELECT ${USER_COLUMNS} FROM users`;
	const all = <Row>(sql: string): Statement<Row, (string | number)[]> => db.prepare<Row, (string | number)[]>(sql);
	return {
		head: all<{ no: number; epoch: number; head: number }>("SELECT no, epoch, head FROM rooms WHERE id = ?"),
		after: all<EntryRow>(`${entry} AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`),
		before: all<EntryRow>(`${entry} AND seq <= ? ORDER BY seq DESC LIMIT ?`),
		timeOf: all<{ at_ms: number }>("SELECT at_ms FROM entries WHERE room_no = ? AND seq = ?"),
		roomById: all<ViewRow>(`${view} WHERE id = ?`),
		roomBySkeleton: all<ViewRow>(`${view} WHERE skeleton = ?`),
		directRoom: all<ViewRow>(`${view} WHERE direct_key = ?`),
		roomsOf: all<ViewRow>(`${view} WHERE no IN (SELECT room_no FROM members WHERE user = ?) ORDER BY id`),
		publicRooms: all<ViewRow>(`${view} WHERE kind = 1 AND rooms.name > ? ORDER BY rooms.name LIMIT ?`),
		heads: all<RoomHead>("SELECT id, epoch, head FROM rooms WHERE id IN (SELECT value FROM json_each(?))"),
		// Equal sums of two scramblings are as good as equal standings: each stays far below 2^63 for a hundred thousand rooms.
		userMarks: all<Omit<UserMark, "disabled"> & { readonly disabled: number }>(
			"SELECT id, generation, disabled, (SELECT count(*) || ' ' || coalesce(sum((room_no * 4 + standing) % 998244353), 0) || ' ' || " +
				"coalesce(sum((room_no * 4 + standing) % 1000003 * ((room_no * 4 + standing) % 92821) % 1000000007), 0) " +
				"FROM members WHERE user = users.id) AS standings FROM users WHERE id IN (SELECT value FROM json_each(?))",
		),
		members: all<{ id: string; name: string; standing: Room_Standing }>(
			"SELECT user AS id, coalesce(users.name, members.name) AS name, standing FROM members LEFT JOIN users ON users.id = user " +
				"WHERE room_no = ? AND user > ? ORDER BY user LIMIT ?",
		),
		memberFacts: all<{ no: number; epoch: number; head: number; version: number; total: number }>(
			"SELECT no, epoch, head, member_version AS version, members AS total FROM rooms WHERE id = ?",
		),
		nameOf: all<{ name: string | null }>(
			"SELECT coalesce((SELECT name FROM users WHERE id = ?), (SELECT name FROM members WHERE room_no = ? AND user = ?)) AS name",
		),
		userById: all<UserRow>(`${user} WHERE id = ?`),
		tokenFamily: all<TokenFamilyRow>(`SELECT ${TOKEN_FAMILY_COLUMNS} FROM token_families WHERE id = ?`),
		userBySkeleton: all<UserRow>(`${user} WHERE skeleton = ?`),
		userByExternal: all<UserRow>(`${user} WHERE external = ?`),
		users: all<UserRow>(`${user} WHERE id > ? ORDER BY id LIMIT ?`),
		guestsLive: all<UserRow>(`${user} WHERE kind = 'guest' AND disabled = 0 AND expires_ms IS NULL ORDER BY id LIMIT ?`),
		guestsExpired: all<UserRow>(
			`${user} WHERE kind = 'guest' AND disabled = 0 AND expires_ms <= ? ORDER BY expires_ms, id LIMIT ?`,
		),
	};
}

function page(sql: ReadStatements, { room, kind, bound, limit, bytesMax }: PageArgs): PackedPage | null {
	const found = sql.head.get(room);
	if (!found) return null;
	const { no, epoch, head } = found;
	const count = Math.max(1, limit);
	const page = (entries: readonly PackedEntry[], from: number): PackedPage => ({
		epoch,
		head,
		from,
		to: from + entries.length - 1,
		entries,
	});
	const before = (upTo: number, atMost: number, bytes: number): PackedPage => {
		const entries = fitting(sql.before.iterate(no, upTo, atMost), bytes).reverse();
		return page(entries, upTo - entries.length + 1);
	};
	if (kind === "after") return page(fitting(sql.after.iterate(no, bound, head, count), bytesMax), bound + 1);
	if (kind === "upTo") return before(Math.min(bound, head), count, bytesMax);
	const timeOf = (seq: number): number => sql.timeOf.get(no, seq)?.at_ms ?? 0;
	const seq = kind === "around" ? bound : seqAt(bound, head, timeOf);
	if (seq > head) return before(head, count, bytesMax);
	const range = rangeAround(seq, head, count);
	const newer = fitting(sql.after.iterate(no, seq - 1, range.to, range.to + 1 - seq), bytesMax / 2);
	if (seq === range.from) return page(newer, seq);
	const older = before(seq - 1, seq - range.from, bytesMax / 2);
	return page([...older.entries, ...newer], older.from);
}

/** As many as fit into `bytesMax`, but one at least. */
function fitting(rows: Iterable<EntryRow>, bytesMax: number): PackedEntry[] {
	const entries: PackedEntry[] = [];
	let bytes = 0;
	for (const row of rows) {
		const [entry, weight] = packed(row);
		bytes += weight;
		if (entries.length > 0 && bytes > bytesMax) break;
		entries.push(entry);
	}
	return entries;
}

/** In one transaction, so that the page is of the version that it says. */
function members(sql: ReadStatements, { room, afterId, limit }: Parameters<ReaderCalls["members"]>[0]): MemberPage | null {
	const facts = sql.memberFacts.get(room);
	if (!facts) return null;
	const { no, ...list } = facts;
	const rows = limit === 0 ? [] : sql.members.all(no, afterId, limit + 1);
	const page = rows.slice(0, limit).map(({ id, name, standing }): MemberRecord => ({ user: { id, name }, standing }));
	return { ...list, members: page, more: rows.length > limit };
}

function packed({ seq, at_ms, sender, sender_name, cid, body }: EntryRow): [PackedEntry, number] {
	const message = textOf(body);
	if (message) return [[seq, at_ms, sender, sender_name, cid, message.text], weightOf(message.textBytes)];
	return [[seq, at_ms, sender, sender_name, cid, null, Buffer.from(body).toString("base64")], weightOf(storedLongBytes(body))];
}

function viewOf(sql: ReadStatements, row: ViewRow, userId: string): RoomView {
	const peerId = row.direct_key === null ? undefined : otherOf(row.direct_key, userId);
	const peer: UserRef | undefined =
		peerId === undefined ? undefined : { id: peerId, name: sql.nameOf.get(peerId, row.no, peerId)?.name ?? "" };
	return { ...recordOf(row), standing: row.standing, ...(peer ? { peer } : {}) };
}

function recordOrNull(row: ViewRow | null): RoomRecord | null {
	return row && recordOf(row);
}

function userOrNull(row: UserRow | null): UserRecord | null {
	return row && userOf(row);
}
