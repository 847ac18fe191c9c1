// All that can be asked of the store, on the pool. Each answer is as of its question or later.
import { Refusal, type Room_Kind, type Room_Standing } from "@verbatim/protocol";
import { directKey } from "../../log/records.ts";
import type { MemberPage, RoomHead, RoomRecord, RoomView, Store, UserMark, UserRecord } from "../store.ts";
import type { Statement, Value } from "./connection.ts";
import { readPage } from "./pages.ts";
import type { Pool } from "./pool.ts";
import { READS } from "./read-statements.ts";
import { type FamilyColumns, familyOf, type UserColumns, userOf } from "./rows.ts";
import { text, texts } from "./values.ts";

type Reads = Pick<
	Store,
	| "page"
	| "room"
	| "roomBySkeleton"
	| "directRoom"
	| "roomsOf"
	| "publicRooms"
	| "heads"
	| "userMarks"
	| "members"
	| "user"
	| "userWithFamily"
	| "userBySkeleton"
	| "userByExternal"
	| "users"
	| "guests"
>;

interface ViewColumns {
	readonly id: string;
	readonly kind: Room_Kind;
	readonly name: string;
	readonly epoch: number;
	readonly head: number;
	readonly members: number;
	readonly standing: Room_Standing;
	readonly peer: string | null;
	readonly peer_name: string;
}

interface MemberColumns extends Pick<MemberPage, "epoch" | "head" | "version" | "total"> {
	/** null: the page is empty. */
	readonly user_id: string | null;
	readonly name: string;
	readonly standing: Room_Standing;
}

/** More than there can be. */
const ALL = 0xffff_ffff;

export function createReads(pool: Pool): Reads {
	const all = async <Row extends object>(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> => {
		const { rows } = await unavailable(pool.run((connection) => connection.ask<Row>(statement, values)));
		return rows;
	};
	const user = async (statement: Statement, key: string): Promise<UserRecord | undefined> => {
		const [row] = await all<UserColumns>(statement, [text(key)]);
		return row && userOf(row);
	};
	const users = async (statement: Statement, values: readonly Value[]): Promise<readonly UserRecord[]> =>
		(await all<UserColumns>(statement, values)).map(userOf);
	const views = async (statement: Statement, values: readonly Value[]): Promise<readonly RoomView[]> =>
		(await all<ViewColumns>(statement, values)).map(viewOf);
	const most = (limit: number): number => Math.min(limit, ALL);

	return {
		page: (room, bound, limit, bytesMax) =>
			unavailable(pool.run((connection) => readPage(connection, room, bound, limit, bytesMax))),
		room: async (id, userId) => (await views(READS.room, [text(userId), text(id)]))[0],
		roomBySkeleton: async (skeleton) => (await all<RoomRecord>(READS.roomBySkeleton, [text(skeleton)]))[0],
		directRoom: async (a, b) => (await all<RoomRecord>(READS.directRoom, [text(directKey(a, b))]))[0],
		roomsOf: (userId) => views(READS.roomsOf, [text(userId)]),
		publicRooms: (userId, afterName, limit) => views(READS.publicRooms, [text(userId), text(afterName), most(limit)]),
		heads: (rooms) => all<RoomHead>(READS.heads, [texts(rooms)]),
		userMarks: (ids) => all<UserMark>(READS.userMarks, [texts(ids)]),
		members: async (room, afterId, limit) => {
			const asked = limit === 0 ? 0 : most(limit) + 1;
			return memberPage(await all<MemberColumns>(READS.members, [text(room), text(afterId), asked]), most(limit));
		},
		user: (id) => user(READS.user, id),
		userWithFamily: (id, family) =>
			unavailable(
				pool.run(async (connection) => {
					const [row] = (await connection.ask<UserColumns>(READS.user, [text(id)])).rows;
					if (row === undefined) return undefined;
					const found = family === "" ? [] : (await connection.ask<FamilyColumns>(READS.family, [text(family)])).rows;
					return { user: userOf(row), ...(found[0] === undefined ? {} : { family: familyOf(found[0]) }) };
				}),
			),
		userBySkeleton: (skeleton) => user(READS.userBySkeleton, skeleton),
		userByExternal: (external) => user(READS.userByExternal, external),
		users: (afterId, limit) => users(READS.users, [text(afterId), most(limit)]),
		guests: (which, nowMs, limit) =>
			which === "live" ? users(READS.guestsLive, [most(limit)]) : users(READS.guestsExpired, [nowMs, most(limit)]),
	};
}

/** Whatever goes wrong with a read is `unavailable` to the caller. */
export async function unavailable<T>(answer: Promise<T>): Promise<T> {
	try {
		return await answer;
	} catch (cause) {
		throw Object.assign(new Refusal("unavailable"), { cause });
	}
}

function viewOf({ peer, peer_name: name, ...room }: ViewColumns): RoomView {
	return peer === null ? room : { ...room, peer: { id: peer, name } };
}

function memberPage(rows: readonly MemberColumns[], limit: number): MemberPage | undefined {
	const [facts] = rows;
	if (facts === undefined) return undefined;
	const { epoch, head, version, total } = facts;
	const found = rows.flatMap(({ user_id: id, name, standing }) => (id === null ? [] : [{ user: { id, name }, standing }]));
	return { epoch, head, version, total, members: found.slice(0, limit), more: found.length > limit };
}
