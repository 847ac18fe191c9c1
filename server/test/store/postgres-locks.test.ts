// What a batch counts or changes, it has locked.
import { expect, test } from "bun:test";
import type { Change } from "../../src/log/change.ts";
import { Needs } from "../../src/log/needs.ts";
import { DecideAgain } from "../../src/store/postgres/errors.ts";
import { Locks } from "../../src/store/postgres/locks.ts";
import { ann, bob, cat, create, direct, invite, say, userRecord } from "./drafts.ts";

/** What is to be locked as well; undefined: nothing. */
function more(locks: Locks, counted: readonly Needs[], changes: readonly Change[] = [], isNew = false): object | undefined {
	try {
		locks.mustCover(counted, changes, () => isNew);
		return undefined;
	} catch (cause) {
		if (!(cause instanceof DecideAgain)) throw cause;
		locks.add(cause);
		locks.mustCover(counted, changes, () => isNew);
		return { users: cause.users, rooms: cause.rooms };
	}
}

test("a batch locks the users and rooms that its drafts name, and is content with these", () => {
	const locks = new Locks([say("tea", ann, "1"), invite("den", ann, bob), direct("d", ann, cat), create("new", bob)]);
	expect([...locks.users].sort()).toEqual([ann.id, bob.id, cat.id]);
	expect([...locks.rooms].sort()).toEqual(["den", "new", "tea"]);
	const needs = new Needs();
	needs.ownRooms.push(ann.id);
	needs.brought.push([bob.id, ann.id]);
	expect(more(locks, [needs], [{ kind: "removeMember", room: "tea", user: "u-x" }])).toBeUndefined();
});

test("users that are counted, users and rooms that are changed, and were not named, are locked the next time", () => {
	for (const fill of [
		(needs: Needs) => needs.ownRooms.push(cat.id),
		(needs: Needs) => needs.invitationsBy.push(cat.id),
		(needs: Needs) => needs.channels.push(cat.id),
		(needs: Needs) => needs.brought.push([ann.id, cat.id]),
		(needs: Needs) => needs.shared.push([cat.id, ann.id]),
	]) {
		const needs = new Needs();
		fill(needs);
		expect(more(new Locks([say("tea", ann, "1")]), [needs])).toEqual({ users: [cat.id], rooms: [] });
	}
	const locks = new Locks([say("tea", ann, "1")]);
	expect(more(locks, [], [{ kind: "putUser", user: userRecord(cat) }])).toEqual({ users: [cat.id], rooms: [] });
	expect(more(locks, [], [{ kind: "removeMember", room: "den", user: cat.id }])).toEqual({ users: [], rooms: ["den"] });
});

test("what is new is seen by nobody else, and needs no lock", () => {
	const locks = new Locks([]);
	expect(more(locks, [], [{ kind: "putUser", user: userRecord(cat) }], true)).toBeUndefined();
	const room = { id: "r", key: "r", kind: 1, name: "r", epoch: 1, head: 0, members: 0 } as const;
	expect(
		more(
			locks,
			[],
			[
				{ kind: "addRoom", room },
				{ kind: "removeMember", room: "r", user: ann.id },
			],
		),
	).toBeUndefined();
});
