// Rows as PostgreSQL loads and changes them are those of the memory store, whatever was decided on them.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { systemClock } from "../../src/base/clock.ts";
import type { Draft } from "../../src/log/draft.ts";
import { newMemoryDisk } from "../../src/store/memory/disk.ts";
import { carryOutAll } from "../../src/store/memory/memory.ts";
import { parsePostgresAddress } from "../../src/store/postgres/address.ts";
import type { Connection } from "../../src/store/postgres/connection.ts";
import { Hosts } from "../../src/store/postgres/hosts.ts";
import { Lane } from "../../src/store/postgres/lane.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { familyOf, userOf } from "../../src/store/postgres/rows.ts";
import { POSTGRES_TIMES } from "../../src/store/postgres/times.ts";
import { type RefusedColumns, refusedOf } from "../../src/store/rows.ts";
import { randomDraft, SMALL_LIMITS } from "../log/random-drafts.ts";
import { Databases, describePostgres } from "./postgres-place.ts";
import { LINES, plain, rowsIn, sorted } from "./rows-in.ts";

describePostgres("rows in PostgreSQL", (postgres) => {
	const databases = new Databases(postgres);

	test("the same drafts give the same rulings and the same rows in PostgreSQL and in memory", async () => {
		const batch = fc.array(randomDraft(), { minLength: 20, maxLength: 60 });
		const run = fc.asyncProperty(fc.array(batch, { minLength: 3, maxLength: 6 }), async (batches) => {
			const url = await databases.take();
			await compare(url, batches);
			await databases.giveBack(url);
		});
		await fc.assert(run, { numRuns: 40, endOnFailure: true });
	}, 240_000);
});

async function compare(url: string, batches: readonly (readonly Draft[])[]): Promise<void> {
	const hosts = new Hosts(parsePostgresAddress(url));
	const open = (pipeline: boolean) => hosts.open({ connectMs: 10_000, answerMs: 10_000, pipeline, name: "test" });
	const connection = await open(false);
	await migrate(connection, systemClock);
	const parts = {
		clock: systemClock,
		limits: SMALL_LIMITS,
		times: POSTGRES_TIMES,
		open: () => open(true),
		onRecovered: () => {},
	};
	const lane = new Lane(parts, "node", 0);
	await lane.open();
	try {
		const disk = newMemoryDisk();
		for (const drafts of batches) {
			const { rulings } = carryOutAll(disk, drafts, SMALL_LIMITS);
			const answer = await lane.commit(drafts);
			expect(answer.error).toBeUndefined();
			expect(plain(answer.rulings)).toEqual(plain(rulings));
			expect(await rowsOf(connection)).toEqual(rowsIn(disk));
		}
	} finally {
		await lane.close();
		await connection.close();
	}
}

async function rowsOf(connection: Connection): Promise<unknown> {
	const all = async <Row extends object>(text: string): Promise<Row[]> => [...(await connection.ask<Row>({ text })).rows];
	const entries = await all<object>(
		"SELECT r.id, seq, at_ms, sender, sender_name, cid FROM verbatim.entries JOIN verbatim.rooms AS r ON r.no = room_no",
	);
	return {
		rooms: sorted(
			await all(
				"SELECT id, kind, name, epoch, head, members, coalesce(skeleton, direct_key) AS key, " +
					'member_version AS "memberVersion" FROM verbatim.rooms',
			),
		),
		members: sorted(
			await all(
				'SELECT r.id AS room, user_id AS id, m.name, standing, brought_by AS "broughtBy" ' +
					"FROM verbatim.members AS m JOIN verbatim.rooms AS r ON r.no = room_no",
			),
		),
		entries: entries.map((row) => Object.values(row).join(LINES)).sort(),
		users: sorted((await all<Parameters<typeof userOf>[0]>("SELECT * FROM verbatim.users")).map(userOf)),
		families: sorted((await all<Parameters<typeof familyOf>[0]>("SELECT * FROM verbatim.token_families")).map(familyOf)),
		refused: (await all<RefusedColumns>("SELECT * FROM verbatim.refused_sends ORDER BY no")).map(refusedOf),
	};
}
