// Rows as SQLite loads and changes them are those of the memory store, whatever was decided on them.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import type { Draft } from "../../src/log/draft.ts";
import { newMemoryDisk } from "../../src/store/memory/disk.ts";
import { carryOutAll } from "../../src/store/memory/memory.ts";
import { refusedOf } from "../../src/store/rows.ts";
import { unpack } from "../../src/store/sqlite/packing.ts";
import { tokenFamilyOf, userOf } from "../../src/store/sqlite/rows.ts";
import { Writer } from "../../src/store/sqlite/writer.ts";
import { randomDraft, SMALL_LIMITS } from "../log/random-drafts.ts";
import { LINES, plain, rowsIn, sorted } from "./rows-in.ts";
import { withTempDir } from "./temp-dir.ts";

test("the same drafts give the same rulings and the same rows in SQLite and in memory, with its cache warm or cold", async () => {
	const batch = fc.array(randomDraft(), { minLength: 20, maxLength: 60 });
	const run = fc.asyncProperty(fc.array(fc.tuple(batch, fc.boolean()), { minLength: 3, maxLength: 6 }), (batches) =>
		withTempDir(async (dir) => compare(join(dir, "db"), batches)),
	);
	await fc.assert(run, { numRuns: 40, endOnFailure: true });
}, 60_000);

function compare(path: string, batches: readonly (readonly [readonly Draft[], boolean])[]): void {
	const disk = newMemoryDisk();
	const writer = new Writer();
	const open = (again: boolean) => writer.calls.open({ path, limits: SMALL_LIMITS, again });
	open(false);
	for (const [number, [drafts, cold]] of batches.entries()) {
		if (cold) open(true);
		const { rulings } = carryOutAll(disk, drafts, SMALL_LIMITS);
		const answer = writer.calls.commit({ number: number + 1, drafts });
		expect(answer.error).toBeUndefined();
		expect(plain(unpack(answer))).toEqual(plain(rulings));
		expect(rowsOf(path)).toEqual(rowsIn(disk));
	}
	writer.calls.close();
}

function rowsOf(path: string): unknown {
	const db = new Database(path, { readonly: true });
	const all = (sql: string) => db.query<never, []>(sql).all();
	const entry = "rooms.id, seq, at_ms, sender, sender_name, cid FROM entries JOIN rooms ON rooms.no = room_no";
	const rows = {
		rooms: sorted(
			all(
				"SELECT id, kind, name, epoch, head, members, coalesce(skeleton, direct_key) AS key, member_version AS memberVersion FROM rooms",
			),
		),
		members: sorted(
			all(
				"SELECT rooms.id AS room, user AS id, members.name, standing, brought_by AS broughtBy FROM members JOIN rooms ON rooms.no = room_no",
			),
		),
		entries: db
			.query<Record<string, unknown>, []>(`SELECT ${entry}`)
			.values()
			.map((values) => values.join(LINES))
			.sort(),
		users: sorted(all("SELECT * FROM users").map(userOf)),
		families: sorted(all("SELECT * FROM token_families").map(tokenFamilyOf)),
		refused: all("SELECT sender, cid, code, at_ms FROM refused_sends ORDER BY no").map(refusedOf),
	};
	db.close();
	return rows;
}
