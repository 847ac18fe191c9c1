// The rules' tables over SQLite statements. The writer is the only one that writes to the folder (folder.ts), hence what it has
// read or written it may cache: rooms, and of each user the memberships and the newest cid, so that a message costs one statement, its
// insert. A room's head and count of members are kept here during a transaction and written once, by `flush`, before its commit.
// Whatever is rolled back is forgotten.
import type { Database, Statement } from "bun:sqlite";
import { type Entry, Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { TokenFamily, UserRecord, UserRef } from "../store.ts";
import type { RoomRow, Said, Tables } from "../tables.ts";
import { encodeBody } from "./bodies.ts";
import { Recent } from "./recent.ts";
import {
	TOKEN_FAMILY_COLUMNS,
	type TokenFamilyRow,
	tokenFamilyOf,
	USER_COLUMNS,
	type UserRow,
	userOf,
	valuesOf,
} from "./rows.ts";
import { textOf } from "./texts.ts";

/** Bounds of the caches between batches, in bytes as estimated below: 20,000 rooms, 60,000 users with a room each. */
const ROOMS_BYTES_MAX = 8 * 1024 * 1024;
const USERS_BYTES_MAX = 32 * 1024 * 1024;
/** What one holds, with its key and its place in the map: measured as growth of the heap, and rounded up. */
const ROOM_BYTES = 400;
const USER_BYTES = 450;
const MEMBERSHIP_BYTES = 100;
/** Memberships cached for one user, who may ask about every room there is. */
const MEMBERSHIPS_MAX = 4_096;

/** A room as the writer knows it. */
interface Room extends RoomRow {
	readonly no: number;
	name: string;
	head: number;
	members: number;
	member_version: number;
}

/** What a user is in a room. Those without `broughtBy`, as nearly all are, are shared. */
interface Membership {
	readonly standing: Room_Standing;
	readonly broughtBy: string | undefined;
}

/** What is known of a user: what it is in each room that was asked about, by the room's number, and the newest cid. */
interface User {
	newestCid: string;
	readonly memberships: Map<number, Membership>;
}

const OWN: { readonly [S in Room_Standing]?: Membership } = Object.fromEntries(
	[Room_Standing.NONE, Room_Standing.MEMBER, Room_Standing.OWNER].map((standing) => [
		standing,
		{ standing, broughtBy: undefined },
	]),
);

type Stored = Pick<Room, "no" | "id" | "kind" | "name" | "epoch" | "head" | "members" | "member_version">;

export class SqliteTables implements Tables {
	private readonly sql: Statements;
	private readonly rooms = new Recent<string, Room>(ROOMS_BYTES_MAX, () => ROOM_BYTES);
	private readonly users = new Recent<string, User>(
		USERS_BYTES_MAX,
		({ memberships }) => USER_BYTES + memberships.size * MEMBERSHIP_BYTES,
	);
	private readonly changed = new Set<Room>();

	constructor(db: Database) {
		this.sql = prepare(db);
	}

	/** Ends all statements: before the database is closed. */
	finalize(): void {
		for (const statement of Object.values(this.sql)) statement.finalize();
	}

	/** Writes what was gathered. Before each commit, and before each savepoint. */
	flush(): void {
		for (const room of this.changed) this.sql.updateRoom.run(room.head, room.members, room.member_version, room.no);
		this.changed.clear();
	}

	/** Forgets everything: after a rollback, and where others have written. */
	forget(): void {
		this.rooms.clear();
		this.users.clear();
		this.changed.clear();
	}

	/** Evicts what was not used lately if the caches are full. Between transactions: within one, a room has one object. */
	evict(): void {
		this.rooms.turn();
		this.users.turn();
	}

	room(id: string): Room | undefined {
		return this.rooms.get(id) ?? this.remember(this.sql.roomById.get(id));
	}

	roomBySkeleton(skeleton: string): Room | undefined {
		return this.known(this.sql.roomBySkeleton.get(skeleton));
	}

	directRoom(key: string): Room | undefined {
		return this.known(this.sql.roomByDirectKey.get(key));
	}

	addRoom({ id, kind, name, epoch, head, members }: RoomRow, key: string): void {
		const [skeleton, directKey] = kind === Room_Kind.DIRECT ? [null, key] : [key, null];
		this.sql.addRoom.run(id, kind, name, skeleton, directKey, epoch, head, members);
	}

	renameRoom(row: RoomRow, name: string, skeleton: string): void {
		const room = this.must(row);
		this.sql.renameRoom.run(name, skeleton, room.no);
		room.name = name;
	}

	standing(row: RoomRow, userId: string): Room_Standing {
		return this.membership(row, userId).standing;
	}

	broughtBy(row: RoomRow, userId: string): string | undefined {
		return this.membership(row, userId).broughtBy;
	}

	answered(row: RoomRow, userId: string): void {
		const { no } = this.must(row);
		this.sql.answered.run(no, userId);
		this.keep(userId, no, this.membership(row, userId).standing, undefined);
	}

	ownRoomsCount(userId: string): number {
		return this.sql.ownRoomsCount.get(userId)?.n ?? 0;
	}

	broughtCount(userId: string, inviterId: string): { readonly all: number; readonly invitationsBy: number } {
		return this.sql.broughtCount.get(inviterId, userId) ?? { all: 0, invitationsBy: 0 };
	}

	invitationsByCount(inviterId: string): number {
		return this.sql.invitationsByCount.get(inviterId)?.n ?? 0;
	}

	knows(userId: string, otherId: string): boolean {
		return this.sql.knows.get(userId, otherId) !== null;
	}

	channelsOf(userId: string): readonly Room[] {
		return this.sql.channelsOf.all(userId).flatMap((stored) => this.known(stored) ?? []);
	}

	setMember(row: RoomRow, user: UserRef, standing: Room_Standing, broughtBy: string | undefined): void {
		const room = this.must(row);
		const before = this.standing(room, user.id);
		this.sql.setMember.run(room.no, user.id, user.name, standing, broughtBy ?? null);
		this.keep(user.id, room.no, standing, broughtBy);
		this.changed.add(room);
		room.members += counts(standing) - counts(before);
		room.member_version++;
	}

	removeMember(row: RoomRow, userId: string): void {
		const room = this.must(row);
		const before = this.standing(room, userId);
		if (before === Room_Standing.NONE) return;
		this.sql.removeMember.run(room.no, userId);
		this.keep(userId, room.no, Room_Standing.NONE, undefined);
		this.changed.add(room);
		room.members -= counts(before);
		room.member_version++;
	}

	append(row: RoomRow, entry: Entry): boolean {
		const room = this.must(row);
		const sender = entry.sender?.id ?? "";
		const { kind, bytes } = encodeBody(entry);
		const { changes } = this.sql.append.run(
			room.no,
			entry.seq,
			entry.atMs,
			sender,
			entry.sender?.name ?? "",
			entry.cid,
			kind,
			bytes,
		);
		if (changes === 0) return false;
		this.changed.add(room);
		room.head = entry.seq;
		if (entry.cid !== "") this.userOf(sender).newestCid = entry.cid;
		return true;
	}

	hasSaid(sender: string, cid: string): boolean {
		return cid !== "" && (this.users.get(sender)?.newestCid === cid || this.sql.said.get(sender, cid) !== null);
	}

	said(sender: string, cid: string): Said | undefined {
		const place = cid === "" ? null : this.sql.said.get(sender, cid);
		const room = place && this.known(this.sql.roomByNo.get(place.room_no));
		if (!place || !room) return undefined;
		return { room, seq: place.seq, atMs: place.at_ms, text: textOf(place.body)?.text ?? "" };
	}

	user(id: string): UserRecord | undefined {
		return maybeUser(this.sql.userById.get(id));
	}

	userBySkeleton(skeleton: string): UserRecord | undefined {
		return maybeUser(this.sql.userBySkeleton.get(skeleton));
	}

	userByExternal(external: string): UserRecord | undefined {
		return maybeUser(this.sql.userByExternal.get(external));
	}

	putUser(user: UserRecord): void {
		this.sql.putUser.run(...valuesOf(user));
	}

	tokenFamily(id: string): TokenFamily | undefined {
		const row = this.sql.tokenFamily.get(id);
		return row === null ? undefined : tokenFamilyOf(row);
	}

	putTokenFamily({ id, user, number, issuedMs, expiresMs, ended }: TokenFamily): void {
		this.sql.putTokenFamily.run(id, user, number, issuedMs, expiresMs, Number(ended));
	}

	dropTokenFamilies(nowMs: number, limit: number): void {
		this.sql.dropTokenFamilies.run(nowMs, limit);
	}

	/** The room of a row, as remembered: the row may be older than what this transaction has done. */
	private known(stored: Stored | null): Room | undefined {
		return stored === null ? undefined : (this.rooms.get(stored.id) ?? this.remember(stored));
	}

	private remember(stored: Stored | null): Room | undefined {
		if (stored === null) return undefined;
		const room: Room = { ...stored };
		this.rooms.add(room.id, room);
		return room;
	}

	private userOf(id: string): User {
		const known = this.users.get(id);
		if (known !== undefined) return known;
		const user: User = { newestCid: "", memberships: new Map() };
		this.users.add(id, user);
		return user;
	}

	private membership(row: RoomRow, userId: string): Membership {
		const { no } = this.must(row);
		const known = this.userOf(userId).memberships.get(no);
		if (known !== undefined) return known;
		const stored = this.sql.membership.get(no, userId);
		return this.keep(userId, no, stored?.standing ?? Room_Standing.NONE, stored?.brought_by ?? undefined);
	}

	private keep(userId: string, roomNo: number, standing: Room_Standing, broughtBy: string | undefined): Membership {
		const { memberships } = this.userOf(userId);
		if (memberships.size >= MEMBERSHIPS_MAX) {
			this.users.grew(-memberships.size * MEMBERSHIP_BYTES);
			memberships.clear();
		}
		if (!memberships.has(roomNo)) this.users.grew(MEMBERSHIP_BYTES);
		const membership = (broughtBy === undefined ? OWN[standing] : undefined) ?? { standing, broughtBy };
		memberships.set(roomNo, membership);
		return membership;
	}

	private must({ id }: RoomRow): Room {
		const room = this.rooms.get(id);
		if (!room) throw new Error(`room ${id} is not of this transaction`);
		return room;
	}
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database) {
	const room = "SELECT no, id, kind, name, epoch, head, members, member_version FROM rooms";
	const user = `SELECT ${USER_COLUMNS} FROM users`;
	type Values = (string | number | null | Uint8Array)[];
	const one = <Row>(sql: string): Statement<Row, Values> => db.prepare<Row, Values>(sql);
	return {
		roomById: one<Stored>(`${room} WHERE id = ?`),
		roomByNo: one<Stored>(`${room} WHERE no = ?`),
		roomBySkeleton: one<Stored>(`${room} WHERE skeleton = ?`),
		roomByDirectKey: one<Stored>(`${room} WHERE direct_key = ?`),
		addRoom: one<never>(
			"INSERT INTO rooms (id, kind, name, skeleton, direct_key, epoch, head, members) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		),
		renameRoom: one<never>("UPDATE rooms SET name = ?, skeleton = ? WHERE no = ?"),
		updateRoom: one<never>("UPDATE rooms SET head = ?, members = ?, member_version = ? WHERE no = ?"),
		membership: one<{ standing: Room_Standing; brought_by: string | null }>(
			"SELECT standing, brought_by FROM members WHERE room_no = ? AND user = ?",
		),
		answered: one<never>("UPDATE members SET brought_by = NULL WHERE room_no = ? AND user = ?"),
		ownRoomsCount: one<{ n: number }>("SELECT count(*) AS n FROM members WHERE user = ? AND brought_by IS NULL"),
		broughtCount: one<{ all: number; invitationsBy: number }>(
			`SELECT count(*) AS "all", coalesce(sum(brought_by = ? AND standing = ${Room_Standing.INVITED}), 0) AS invitationsBy ` +
				"FROM members WHERE user = ? AND brought_by IS NOT NULL",
		),
		invitationsByCount: one<{ n: number }>(
			`SELECT count(*) AS n FROM members WHERE brought_by = ? AND standing = ${Room_Standing.INVITED}`,
		),
		knows: one<{ found: number }>(
			"SELECT 1 AS found FROM members AS mine JOIN rooms ON rooms.no = mine.room_no JOIN members AS other ON other.room_no = rooms.no " +
				`WHERE mine.user = ? AND mine.brought_by IS NULL AND rooms.kind <> ${Room_Kind.PUBLIC} AND other.user = ? ` +
				`AND other.standing <> ${Room_Standing.INVITED} LIMIT 1`,
		),
		channelsOf: one<Stored>(
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
		userById: one<UserRow>(`${user} WHERE id = ?`),
		userBySkeleton: one<UserRow>(`${user} WHERE skeleton = ?`),
		userByExternal: one<UserRow>(`${user} WHERE external = ?`),
		tokenFamily: one<TokenFamilyRow>(`SELECT ${TOKEN_FAMILY_COLUMNS} FROM token_families WHERE id = ?`),
		putTokenFamily: one<never>(`INSERT OR REPLACE INTO token_families (${TOKEN_FAMILY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`),
		dropTokenFamilies: one<never>(
			"DELETE FROM token_families WHERE id IN (SELECT id FROM token_families WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?)",
		),
		putUser: one<never>(
			`INSERT INTO users (${USER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ` +
				"ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, skeleton = excluded.skeleton, " +
				"password_hash = excluded.password_hash, external = excluded.external, created_ms = excluded.created_ms, " +
				"expires_ms = excluded.expires_ms, fleeting = excluded.fleeting, generation = excluded.generation, " +
				"disabled = excluded.disabled",
		),
	};
}

function maybeUser(row: UserRow | null): UserRecord | undefined {
	return row === null ? undefined : userOf(row);
}

function counts(standing: Room_Standing): number {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER ? 1 : 0;
}
