// Two processes, each with a store of its own, on one database: they keep together what each promises alone.
import { expect, test } from "bun:test";
import { join as joinPath } from "node:path";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import { openPostgresStore } from "../../src/store/postgres/postgres.ts";
import { create, join, logOf, must, Told, userRecord } from "./drafts.ts";
import { type Contended, contend, DEN, founder, LIMITS, ROOMS, ROUNDS, USERS } from "./postgres-contend.ts";
import { describePostgres } from "./postgres-place.ts";

describePostgres("two stores on one database", (postgres) => {
	test("both find an empty database, and make one schema of it", async () => {
		const url = await postgres().database();
		const stores = await Promise.all([1, 2, 3, 4].map((n) => openPostgresStore(url, { node: `node${n}`, lanes: 1 })));
		for (const store of stores) expect(await store.healthy()).toBe(true);
		for (const store of stores) await store.close();
	}, 60_000);

	test("logs are dense, each cid is one entry with one place, no limit is exceeded, each name is one room's", async () => {
		const url = await postgres().database();
		const store = await openPostgresStore(url, { node: "one", limits: LIMITS });
		const told = new Told(store);
		const [owner] = USERS;
		if (owner === undefined) throw new Error("there are no users");
		for (const user of USERS) await must(store, { kind: "userCreate", nowMs: 1, user: userRecord(user) });
		for (const room of ROOMS) {
			await must(store, create(room, owner));
			for (const user of USERS) await must(store, join(room, user));
		}
		await must(store, create(DEN, owner, Room_Kind.PRIVATE));
		for (let round = 0; round < ROUNDS; round++)
			await must(store, { kind: "userCreate", nowMs: 1, user: userRecord(founder(round)) });
		const child = Bun.spawn([process.execPath, joinPath(import.meta.dir, "postgres-child.ts"), url, "two", "2"], {
			stdin: "pipe",
			stdout: "pipe",
			stderr: "inherit",
		});
		const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
		const mine = await contend(store, 1, async () => {
			expect((await output.read()).value).toBe("ready\n");
			child.stdin.write("go\n");
			await child.stdin.flush();
		});
		let printed = "";
		for (let part = await output.read(); !part.done; part = await output.read()) printed += part.value;
		await child.exited;
		const others = JSON.parse(printed) as Contended[];

		const places = new Map<string, string>();
		for (const room of await everyRoom(store)) {
			const log = await logOf(store, room);
			expect(log.map((line) => Number(line.split(" ")[0]))).toEqual(log.map((_, i) => i + 1));
			expect((await store.heads([room]))[0]?.head).toBe(log.length);
			for (const line of log) {
				const [seq, name, text = ""] = line.split(" ");
				if (!/^(den)?\d+\.\d+$/.test(text)) continue;
				const key = room === DEN ? `den ${text}` : `u-${name} ${text}`;
				expect(places.has(key)).toBe(false);
				places.set(key, `${room} ${seq}`);
			}
		}
		expect(mine.length).toBe(others.length + ROUNDS);
		for (const { cid, room, sender, seq, code } of [...mine, ...others]) {
			expect(code).toBeUndefined();
			expect(places.get(room === DEN ? `den ${cid}` : `${sender} ${cid}`)).toBe(`${room} ${seq}`);
		}
		// What both have sent is there once.
		expect(places.size).toBe(mine.length);
		// What is told here was written here, once.
		for (const room of ROOMS) {
			const seqs = told.seqs(room);
			expect(new Set(seqs).size).toBe(seqs.length);
		}
		for (let round = 0; round < ROUNDS; round++) {
			expect(await store.roomsOf(founder(round).id)).toHaveLength(LIMITS.roomsPerUserMax);
		}
		const names = new Map<string, string>();
		for (const user of USERS) {
			const rooms = await store.roomsOf(user.id);
			for (const { id, name } of rooms) {
				if (name === "") continue;
				expect(names.get(name) ?? id).toBe(id);
				names.set(name, id);
			}
			const own = await postgres().sql(
				`SELECT count(*) FROM verbatim.members WHERE user_id = '${user.id}' AND brought_by IS NULL`,
				new URL(url).pathname.slice(1),
			);
			expect(Number(own)).toBeLessThanOrEqual(LIMITS.roomsPerUserMax);
			for (const { id } of rooms) {
				const members = (await store.members(id, "", 100))?.members ?? [];
				const inside = members.filter(({ standing }) => standing !== Room_Standing.INVITED).length;
				expect((await store.room(id, ""))?.members).toBe(inside);
			}
		}
		await store.close();
	}, 120_000);

	async function everyRoom(store: Awaited<ReturnType<typeof openPostgresStore>>): Promise<string[]> {
		const rooms = new Set<string>([...ROOMS, DEN]);
		for (const user of USERS) for (const { id } of await store.roomsOf(user.id)) rooms.add(id);
		return [...rooms];
	}
});
