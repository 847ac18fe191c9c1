// Writes what a batch has decided. Names are given up before others take them; new rooms get their numbers before what refers to them; all
// else goes out at once.

import { encodeBody } from "../../log/bodies.ts";
import type { Change } from "../../log/change.ts";
import { keptAfterPruning, type RefusedLimits, type RefusedSend } from "../../log/refused.ts";
import type { Snapshot } from "../../log/snapshot.ts";
import { byKey, putFamilies, putUsers } from "./apply-users.ts";
import type { Connection } from "./connection.ts";
import { DecideAgain, DraftError, messageOf } from "./errors.ts";
import { WRITES } from "./statements.ts";
import { numbers, texts } from "./values.ts";
import { Work } from "./work.ts";
import { isDirect, Written, type WrittenRoom } from "./write.ts";

/** Rejects with `DecideAgain` where another transaction has taken a name or a cid meanwhile. */
export async function apply(
	connection: Connection,
	snapshot: Snapshot,
	changes: readonly Change[],
	limits: RefusedLimits,
): Promise<void> {
	if (changes.length === 0) return;
	const written = prepared(() => new Written(snapshot, changes));
	const added = [...written.rooms.values()].filter(({ no }) => no === 0);
	const work = new Work(connection);
	if (written.users.size > 0) putUsers(work, snapshot, [...written.users.values()].sort(byId));
	const renamed = [...written.rooms.values()].filter(({ no, isRenamed }) => isRenamed && no !== 0).sort(byNo);
	if (renamed.length > 0) {
		work.do(WRITES.releaseRoomKeys, [nos(renamed)]);
		work.do(WRITES.roomNames, [nos(renamed), texts(renamed.map(({ name }) => name)), texts(renamed.map(({ key }) => key))]);
	}
	putFamilies(work, written);
	if (added.length > 0) {
		await work.done();
		await addRooms(connection, added.sort(byKey));
	}
	const changed = [...written.rooms.values()].filter((room) => !added.includes(room)).sort(byNo);
	const columns = (of: (room: WrittenRoom) => number): string => numbers(changed.map(of));
	if (changed.length > 0) {
		const heads = [columns(({ head }) => head), columns(({ members }) => members), columns(({ memberVersion: n }) => n)];
		work.do(WRITES.rooms, [nos(changed), ...heads], changed.length);
	}
	putMembers(work, written);
	if (written.appends.length > 0) append(work, written);
	const refused = [...written.refused.values()];
	const refusing = refused.length > 0 ? refuse(connection, refused, limits) : undefined;
	await Promise.all([work.done(), refusing]);
}

async function addRooms(connection: Connection, rooms: readonly WrittenRoom[]): Promise<void> {
	const { rows } = await connection.ask<{ no: number; id: string }>(WRITES.addRooms, [
		texts(rooms.map(({ id }) => id)),
		numbers(rooms.map(({ kind }) => kind)),
		texts(rooms.map(({ name }) => name)),
		texts(rooms.map((room) => (isDirect(room) ? null : room.key))),
		texts(rooms.map((room) => (isDirect(room) ? room.key : null))),
		numbers(rooms.map(({ epoch }) => epoch)),
		numbers(rooms.map(({ head }) => head)),
		numbers(rooms.map(({ members }) => members)),
		numbers(rooms.map(({ memberVersion }) => memberVersion)),
	]);
	if (rows.length !== rooms.length) throw new DecideAgain("a room of this name or these users is there now");
	const numbersById = new Map(rows.map(({ no, id }) => [id, no]));
	for (const room of rooms) room.no = numbersById.get(room.id) ?? 0;
}

function append(work: Work, { appends }: Written): void {
	appends.sort((a, b) => a.room.no - b.room.no || a.entry.seq - b.entry.seq);
	const bodies = appends.map(({ entry }) => prepared(() => encodeBody(entry)));
	// SQL counts bytes from 1.
	let start = 1;
	const starts = bodies.map(({ bytes }) => {
		const at = start;
		start += bytes.length;
		return at;
	});
	work.do(
		WRITES.append,
		[
			numbers(appends.map(({ room }) => room.no)),
			numbers(appends.map(({ entry }) => entry.seq)),
			numbers(appends.map(({ entry }) => entry.atMs)),
			texts(appends.map(({ entry }) => entry.sender?.id ?? "")),
			texts(appends.map(({ entry }) => entry.sender?.name ?? "")),
			texts(appends.map(({ entry }) => entry.cid)),
			numbers(bodies.map(({ kind }) => kind)),
			Buffer.concat(bodies.map(({ bytes }) => bytes)),
			numbers(starts),
			numbers(bodies.map(({ bytes }) => bytes.length)),
		],
		appends.length,
	);
}

/** Of each 64th part of what may be kept, the one that is numbered last looks whether there are too many. */
async function refuse(connection: Connection, refused: readonly RefusedSend[], limits: RefusedLimits): Promise<void> {
	const { refusedSendsMax, refusedSendsMs } = limits;
	const { rows } = await connection.ask<{ no: number }>(WRITES.refuse, [
		texts(refused.map(({ sender }) => sender)),
		texts(refused.map(({ cid }) => cid)),
		texts(refused.map(({ code }) => code)),
		numbers(refused.map(({ atMs }) => atMs)),
	]);
	const every = Math.max(1, Math.floor(refusedSendsMax / 64));
	if (!rows.some(({ no }) => no % every === 0)) return;
	const nowMs = refused.at(-1)?.atMs ?? 0;
	await connection.ask(WRITES.pruneRefusedSends, [nowMs, refusedSendsMs, refusedSendsMax, keptAfterPruning(limits)]);
}

function putMembers(work: Work, written: Written): void {
	const byKey = (a: { room: WrittenRoom; id: string }, b: { room: WrittenRoom; id: string }) =>
		a.room.no - b.room.no || (a.id < b.id ? -1 : 1);
	const removed = [...written.removed.values()].map(({ room, user: id }) => ({ room, id })).sort(byKey);
	const answered = [...written.answered.values()].map(({ room, user: id }) => ({ room, id })).sort(byKey);
	const set = [...written.set.values()].map((member) => ({ ...member, id: member.user.id })).sort(byKey);
	const pairs = (list: readonly { room: WrittenRoom; id: string }[]): [string, string] => [
		numbers(list.map(({ room }) => room.no)),
		texts(list.map(({ id }) => id)),
	];
	if (removed.length > 0) work.do(WRITES.removeMembers, pairs(removed));
	if (answered.length > 0) work.do(WRITES.answered, pairs(answered));
	if (set.length === 0) return;
	work.do(WRITES.setMembers, [
		...pairs(set),
		texts(set.map(({ user }) => user.name)),
		numbers(set.map(({ standing }) => standing)),
		texts(set.map(({ broughtBy }) => broughtBy)),
	]);
}

/** What our own code cannot make of a draft is a mistake in the draft. */
function prepared<T>(make: () => T): T {
	try {
		return make();
	} catch (cause) {
		throw new DraftError(messageOf(cause), { cause });
	}
}

function nos(rooms: readonly WrittenRoom[]): string {
	return numbers(rooms.map(({ no }) => no));
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
	return a.id < b.id ? -1 : 1;
}

function byNo(a: WrittenRoom, b: WrittenRoom): number {
	return a.no - b.no;
}
