// Loads what a batch needs, within its transaction. Whatever a round needs is asked for at once.
import { behindOf, cidOf, type Draft } from "../../log/draft.ts";
import type { Needs } from "../../log/needs.ts";
import { pair, type Snapshot } from "../../log/snapshot.ts";
import { type RefusedColumns, type RoomColumns, refusedOf } from "../rows.ts";
import { attended } from "./attended.ts";
import type { Connection, Statement, Value } from "./connection.ts";
import { type Ask, loadRooms, putRoom } from "./load-rooms.ts";
import { type FamilyColumns, familyOf, type UserColumns, userOf } from "./rows.ts";
import { LOADS } from "./statements.ts";
import { texts } from "./values.ts";

export async function load(connection: Connection, needs: Needs, snapshot: Snapshot): Promise<void> {
	const work: Promise<void>[] = [];
	const ask = <Row extends object>(
		statement: Statement,
		values: readonly Value[],
		take: (rows: readonly Row[]) => void,
	): void => {
		work.push(attended(connection.ask<Row>(statement, values).then(({ rows }) => take(rows))));
	};
	loadRooms(ask, needs, snapshot);
	loadUsers(ask, needs, snapshot);
	loadCounts(ask, needs, snapshot);
	loadCids(ask, needs, snapshot);
	if (needs.tokenFamilies.length > 0) {
		ask<FamilyColumns>(LOADS.families, [texts(needs.tokenFamilies)], (rows) => {
			for (const id of needs.tokenFamilies) snapshot.tokenFamilies.set(id, null);
			for (const row of rows) snapshot.tokenFamilies.set(row.id, familyOf(row));
		});
	}
	if (needs.expiredMax > 0) {
		ask<FamilyColumns>(LOADS.expiredFamilies, [needs.expiredAtMs, needs.expiredMax], (rows) => {
			snapshot.expiredFamilies = rows.map(familyOf);
		});
	}
	await Promise.all(work);
}

/** Those of the drafts' own cids, and of those that they stand behind. */
export async function loadRefused(connection: Connection, drafts: readonly Draft[], snapshot: Snapshot): Promise<void> {
	const pairs = drafts.flatMap((draft) => {
		if (!("sender" in draft) || typeof draft.sender?.id !== "string") return [];
		return [cidOf(draft), behindOf(draft)].flatMap((cid) => (cid ? [[draft.sender.id, cid] as const] : []));
	});
	if (pairs.length === 0) return;
	const keys = [texts(pairs.map(([sender]) => sender)), texts(pairs.map(([, cid]) => cid))];
	const { rows } = await connection.ask<RefusedColumns>(LOADS.refusedSends, keys);
	if (rows.length > 0) snapshot.refusedSends = new Map(rows.map((row) => [pair(row.sender, row.cid), refusedOf(row)]));
}

function loadUsers(ask: Ask, { users, userSkeletons, userExternals }: Needs, snapshot: Snapshot): void {
	const take = (rows: readonly UserColumns[], found: (row: UserColumns) => void): void => {
		for (const row of rows) {
			snapshot.users.set(row.id, userOf(row));
			found(row);
		}
	};
	if (users.length > 0) {
		ask<UserColumns>(LOADS.users, [texts(users)], (rows) => {
			for (const id of users) snapshot.users.set(id, null);
			take(rows, () => {});
		});
	}
	if (userSkeletons.length > 0) {
		ask<UserColumns>(LOADS.usersBySkeleton, [texts(userSkeletons)], (rows) => {
			for (const key of userSkeletons) snapshot.userBySkeleton.set(key, null);
			take(rows, ({ skeleton, id }) => snapshot.userBySkeleton.set(skeleton, id));
		});
	}
	if (userExternals.length > 0) {
		ask<UserColumns>(LOADS.usersByExternal, [texts(userExternals)], (rows) => {
			for (const key of userExternals) snapshot.userByExternal.set(key, null);
			take(rows, ({ external, id }) => snapshot.userByExternal.set(external ?? "", id));
		});
	}
}

function loadCounts(ask: Ask, { ownRooms, brought, invitationsBy, shared }: Needs, snapshot: Snapshot): void {
	if (ownRooms.length > 0) {
		ask<{ user_id: string; n: number }>(LOADS.ownRooms, [texts(ownRooms)], (rows) => {
			for (const id of ownRooms) snapshot.ownRooms.set(id, 0);
			for (const { user_id, n } of rows) snapshot.ownRooms.set(user_id, n);
		});
	}
	if (brought.length > 0) {
		const pairs = distinct(brought);
		ask<{ user_id: string; inviter: string; n: number; open: number }>(LOADS.brought, pairs, (rows) => {
			for (const [user, inviter] of brought) {
				snapshot.brought.set(user, 0);
				snapshot.invitationsOf.set(pair(user, inviter), 0);
			}
			for (const { user_id, inviter, n, open } of rows) {
				snapshot.brought.set(user_id, n);
				snapshot.invitationsOf.set(pair(user_id, inviter), open);
			}
		});
	}
	if (invitationsBy.length > 0) {
		ask<{ inviter: string; n: number }>(LOADS.invitationsBy, [texts(invitationsBy)], (rows) => {
			for (const id of invitationsBy) snapshot.invitationsBy.set(id, 0);
			for (const { inviter, n } of rows) snapshot.invitationsBy.set(inviter, n);
		});
	}
	if (shared.length > 0) {
		ask<{ user_id: string; other: string; id: string }>(LOADS.shared, distinct(shared), (rows) => {
			const found = new Map<string, string[]>(shared.map(([user, other]) => [pair(user, other), []]));
			for (const { user_id, other, id } of rows) found.get(pair(user_id, other))?.push(id);
			for (const [key, ids] of found) snapshot.shared.set(key, ids);
		});
	}
}

function loadCids(ask: Ask, { cids }: Needs, snapshot: Snapshot): void {
	if (cids.length === 0) return;
	type Row = RoomColumns & { sender: string; cid: string; seq: number; at_ms: number; body_hash: string };
	ask<Row>(LOADS.cids, [texts(cids.map(([sender]) => sender)), texts(cids.map(([, cid]) => cid))], (rows) => {
		for (const [sender, cid] of cids) snapshot.cids.set(pair(sender, cid), null);
		for (const row of rows) {
			putRoom(snapshot, row);
			snapshot.cids.set(pair(row.sender, row.cid), { room: row.id, seq: row.seq, atMs: row.at_ms, hash: row.body_hash });
		}
	});
}

/** Two arrays of the pairs, each pair once. */
function distinct(pairs: readonly (readonly [string, string])[]): [string, string] {
	const once = [...new Map(pairs.map((each) => [pair(each[0], each[1]), each])).values()];
	return [texts(once.map(([first]) => first)), texts(once.map(([, second]) => second))];
}
