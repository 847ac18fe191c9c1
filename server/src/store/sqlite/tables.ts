// The rows behind the rules, over SQLite statements: loads what a batch needs, and applies what it changes, within one transaction. A
// room's head and count of members are kept in the cache during a transaction and written once, by `flush`, before its commit.
import type { Database } from "bun:sqlite";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import { encodeBody } from "../../log/bodies.ts";
import type { Append, Change } from "../../log/change.ts";
import { hashOfBytes } from "../../log/content.ts";
import type { Needs } from "../../log/needs.ts";
import type { Membership } from "../../log/records.ts";
import { prune, type RefusedLimits, type RefusedSends } from "../../log/refused.ts";
import { type CidPlace, pair, type Snapshot } from "../../log/snapshot.ts";
import { membersMore } from "../../log/standing.ts";
import type { RoomColumns } from "../rows.ts";
import { Cache, type CachedRoom } from "./cache.ts";
import { type KeptRefusal, keptRefusalOf, tokenFamilyOf, type UserRow, userOf, valuesOf } from "./rows.ts";
import { prepare, type Statements } from "./statements.ts";

export class SqliteTables {
	private readonly sql: Statements;
	private readonly cache = new Cache();
	private readonly newestCids = { get: (sender: string) => this.cache.newestCid(sender) };
	/** Rooms whose row is to be written. */
	private readonly changed = new Set<CachedRoom>();
	/** All of them; undefined: not read yet. */
	private refusedSends: RefusedSends<KeptRefusal> | undefined;
	/** The time of the newest that is not flushed yet. */
	private refusedMs: number | undefined;
	private readonly limits: RefusedLimits;

	constructor(db: Database, limits: RefusedLimits) {
		this.sql = prepare(db);
		this.limits = limits;
	}

	/** Ends all statements: before the database is closed. */
	finalize(): void {
		for (const statement of Object.values(this.sql)) statement.finalize();
	}

	/** Writes what was gathered. Before each commit, and before each savepoint. */
	flush(): void {
		for (const { row, memberVersion, no } of this.changed) this.sql.updateRoom.run(row.head, row.members, memberVersion, no);
		this.changed.clear();
		if (this.refusedMs === undefined) return;
		for (const { no } of prune(this.refused(), this.refusedMs, this.limits)) this.sql.dropRefusedSend.run(no);
		this.refusedMs = undefined;
	}

	/** Forgets everything: after a rollback, and where others have written. */
	forget(): void {
		this.cache.forget();
		this.changed.clear();
		this.refusedSends = undefined;
		this.refusedMs = undefined;
	}

	/** Between transactions. */
	evict(): void {
		this.cache.evict();
	}

	load(needs: Needs, snapshot: Snapshot): void {
		const { sql } = this;
		for (let i = 0; i < needs.rooms.length; i++) this.loadRoom(snapshot, needs.rooms[i] ?? "", needs.members[i] ?? "");
		for (const key of needs.roomSkeletons) {
			snapshot.roomBySkeleton.set(key, this.loadColumns(snapshot, sql.roomBySkeleton.get(key)));
		}
		for (const key of needs.directKeys) {
			snapshot.roomByDirectKey.set(key, this.loadColumns(snapshot, sql.roomByDirectKey.get(key)));
		}
		for (const id of needs.users) loadUser(snapshot, sql.userById.get(id), id);
		for (const key of needs.userSkeletons) snapshot.userBySkeleton.set(key, loadUser(snapshot, sql.userBySkeleton.get(key)));
		for (const key of needs.userExternals) snapshot.userByExternal.set(key, loadUser(snapshot, sql.userByExternal.get(key)));
		snapshot.newestCids = this.newestCids;
		snapshot.refusedSends = this.refused();
		for (const [sender, cid] of needs.cids) snapshot.cids.set(pair(sender, cid), this.cidPlace(snapshot, sender, cid));
		for (const userId of needs.ownRooms) snapshot.ownRooms.set(userId, sql.ownRoomsCount.get(userId)?.n ?? 0);
		for (const [userId, inviterId] of needs.brought) {
			const count = sql.broughtCount.get(inviterId, userId);
			snapshot.brought.set(userId, count?.all ?? 0);
			snapshot.invitationsOf.set(pair(userId, inviterId), count?.invitationsBy ?? 0);
		}
		for (const userId of needs.invitationsBy) snapshot.invitationsBy.set(userId, sql.invitationsByCount.get(userId)?.n ?? 0);
		for (const [userId, otherId] of needs.shared) {
			const shared = sql.shared.all(userId, otherId);
			snapshot.shared.set(
				pair(userId, otherId),
				shared.map(({ id }) => id),
			);
		}
		for (const userId of needs.channels) this.loadChannels(snapshot, userId);
		for (const id of needs.tokenFamilies) {
			const row = sql.tokenFamily.get(id);
			snapshot.tokenFamilies.set(id, row && tokenFamilyOf(row));
		}
		if (needs.expiredMax > 0) {
			snapshot.expiredFamilies = sql.expiredFamilies.all(needs.expiredAtMs, needs.expiredMax).map(tokenFamilyOf);
		}
	}

	/**
	 * Applies changes in order, up to a message whose cid its sender has used before, which nobody had looked up: that one is returned,
	 * and nothing from it on is done.
	 */
	apply(changes: readonly Change[]): Append | undefined {
		for (const change of changes) {
			if (change.kind !== "append") this.applyOther(change);
			else if (!this.append(change)) return change;
		}
		return undefined;
	}

	private append(change: Append): boolean {
		const { entry } = change;
		const room = this.must(change.room);
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
		room.row.head = entry.seq;
		if (entry.cid !== "") this.cache.keepCid(sender, entry.cid);
		return true;
	}

	private applyOther(change: Exclude<Change, Append>): void {
		const { sql } = this;
		switch (change.kind) {
			case "refuse": {
				const { sender, cid, code, atMs } = change.send;
				const key = pair(sender, cid);
				const before = this.refused().get(key);
				if (before !== undefined) sql.dropRefusedSend.run(before.no);
				this.refused().delete(key);
				const { lastInsertRowid: no } = sql.refuse.run(sender, cid, code, atMs);
				this.refused().set(key, { ...change.send, no: Number(no) });
				this.refusedMs = atMs;
				return;
			}
			case "addRoom": {
				const { id, key, kind, name, epoch, head, members } = change.room;
				const [skeleton, direct] = kind === Room_Kind.DIRECT ? [null, key] : [key, null];
				const { lastInsertRowid: no } = sql.addRoom.run(id, kind, name, skeleton, direct, epoch, head, members);
				this.cache.roomOf({ ...change.room, no: Number(no), member_version: 1 });
				return;
			}
			case "renameRoom": {
				const { no, row } = this.must(change.room);
				sql.renameRoom.run(change.name, change.skeleton, no);
				row.name = change.name;
				row.key = change.skeleton;
				return;
			}
			case "setMember": {
				const { user, standing, broughtBy } = change;
				const room = this.must(change.room);
				sql.setMember.run(room.no, user.id, user.name, standing, broughtBy ?? null);
				this.setMembership(room, user.id, standing, broughtBy);
				return;
			}
			case "removeMember": {
				const room = this.must(change.room);
				sql.removeMember.run(room.no, change.user);
				this.setMembership(room, change.user, Room_Standing.NONE, undefined);
				return;
			}
			case "answered": {
				const room = this.must(change.room);
				const { standing } = this.membership(room, change.user);
				sql.answered.run(room.no, change.user);
				this.cache.keep(room, change.user, standing, undefined);
				return;
			}
			case "putUser":
				sql.putUser.run(...valuesOf(change.user));
				return;
			case "putTokenFamily": {
				const { id, user, number, issuedMs, expiresMs, ended } = change.family;
				sql.putTokenFamily.run(id, user, number, issuedMs, expiresMs, Number(ended));
				return;
			}
			case "dropTokenFamily":
				sql.dropTokenFamily.run(change.id);
				return;
		}
	}

	private refused(): RefusedSends<KeptRefusal> {
		this.refusedSends ??= new Map(
			this.sql.refusedSends.all().map((row) => [pair(row.sender, row.cid), keptRefusalOf(row)] as const),
		);
		return this.refusedSends;
	}

	private setMembership(room: CachedRoom, userId: string, standing: Room_Standing, broughtBy: string | undefined): void {
		const before = room.memberships.get(userId);
		// Whoever comes with a new room was nothing in it; all others were looked at before this was decided.
		room.row.members += membersMore(before?.standing ?? Room_Standing.NONE, standing);
		room.memberVersion++;
		this.changed.add(room);
		this.cache.keep(room, userId, standing, broughtBy);
	}

	private loadRoom(snapshot: Snapshot, id: string, userId: string): void {
		let room = snapshot.rooms.get(id) as CachedRoom | null | undefined;
		if (room === undefined) {
			room = this.cache.room(id) ?? null;
			if (room === null) this.loadColumns(snapshot, this.sql.roomById.get(id), id);
			else snapshot.rooms.set(id, room);
			room ??= snapshot.rooms.get(id) as CachedRoom | null;
		}
		if (room !== null && userId !== "") this.membership(room, userId);
	}

	/** The id of the room of these columns, which is loaded; `id`: known to be absent without them. */
	private loadColumns(snapshot: Snapshot, columns: RoomColumns | null, id?: string): string | null {
		if (columns !== null) snapshot.rooms.set(columns.id, this.cache.roomOf(columns));
		else if (id !== undefined) snapshot.rooms.set(id, null);
		return columns?.id ?? null;
	}

	private loadChannels(snapshot: Snapshot, userId: string): void {
		const ids: string[] = [];
		for (const columns of this.sql.channelsOf.all(userId)) {
			this.loadColumns(snapshot, columns);
			this.loadRoom(snapshot, columns.id, userId);
			ids.push(columns.id);
		}
		snapshot.channels.set(userId, ids);
	}

	private membership(room: CachedRoom, userId: string): Membership {
		const known = room.memberships.get(userId);
		if (known !== undefined) return known;
		const stored = this.sql.membership.get(room.no, userId);
		return this.cache.keep(room, userId, stored?.standing ?? Room_Standing.NONE, stored?.brought_by ?? undefined);
	}

	private cidPlace(snapshot: Snapshot, sender: string, cid: string): CidPlace | null {
		const place = this.sql.said.get(sender, cid);
		if (place === null) return null;
		const room = this.loadColumns(snapshot, this.sql.roomByNo.get(place.room_no)) ?? "";
		return { room, seq: place.seq, atMs: place.at_ms, hash: hashOfBytes(place.body) };
	}

	private must(id: string): CachedRoom {
		const room = this.cache.room(id);
		if (!room) throw new Error(`room ${id} is not of this transaction`);
		return room;
	}
}

function loadUser({ users }: Snapshot, row: UserRow | null, id?: string): string | null {
	if (row !== null) users.set(row.id, userOf(row));
	else if (id !== undefined) users.set(id, null);
	return row?.id ?? null;
}
