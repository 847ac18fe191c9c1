// The connections for reads: few, bounded in all that waits, and left alone for a moment when nearly nothing succeeds.
import { expect, test } from "bun:test";
import { systemClock } from "../../src/base/clock.ts";
import { parsePostgresAddress } from "../../src/store/postgres/address.ts";
import type { Connection } from "../../src/store/postgres/connection.ts";
import { Hosts } from "../../src/store/postgres/hosts.ts";
import { POOL_LIMITS, Pool, type PoolLimits } from "../../src/store/postgres/pool.ts";
import { describePostgres } from "./postgres-place.ts";

const PATIENT = { connectMs: 30_000, answerMs: 30_000, pipeline: false };

describePostgres("the connections for reads", (postgres) => {
	const withPool = async (limits: Partial<PoolLimits>, task: (pool: Pool) => Promise<void>, port?: number): Promise<void> => {
		const hosts = new Hosts(parsePostgresAddress(postgres().url("postgres", port)));
		const pool = new Pool(() => hosts.open({ ...PATIENT, name: "pooled" }), systemClock, {
			...POOL_LIMITS,
			waitMs: 30_000,
			...limits,
		});
		try {
			await task(pool);
		} finally {
			await pool.close();
		}
	};
	const pid = async (connection: Connection): Promise<number> =>
		(await connection.ask<{ pid: number }>({ text: "SELECT pg_backend_pid() AS pid" })).rows[0]?.pid ?? 0;
	const open = async (): Promise<number> =>
		Number(await postgres().sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pooled'"));
	/** Holds a connection until it is told to let go. */
	const held = (pool: Pool) => {
		const [taken, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		const done = pool.run(async () => {
			taken.resolve();
			await letGo.promise;
		});
		return { taken: taken.promise, letGo: () => letGo.resolve(), done };
	};

	test("are as many as are needed, and no more than allowed; who finds none gets the next that is free, in order", () =>
		withPool({ connectionsMax: 2 }, async (pool) => {
			const [one, two] = [held(pool), held(pool)];
			await Promise.all([one.taken, two.taken]);
			const order: number[] = [];
			const waiting = [1, 2, 3].map((n) =>
				pool.run((connection) => {
					order.push(n);
					return pid(connection);
				}),
			);
			expect(pool.stats).toMatchObject({ connections: 2, waiting: 3 });
			one.letGo();
			await Promise.all(waiting);
			expect(order).toEqual([1, 2, 3]);
			two.letGo();
			await Promise.all([one.done, two.done]);
			expect(await open()).toBe(2);
		}));

	test("too long a wait is refused, and too many who wait at once", () =>
		withPool({ connectionsMax: 1, waitingMax: 1, waitMs: 50 }, async (pool) => {
			const one = held(pool);
			await one.taken;
			const waits = pool.run(pid);
			await expect(pool.run(pid)).rejects.toThrow("too many reads");
			await expect(waits).rejects.toThrow("no connection was free");
			one.letGo();
			await one.done;
			expect(await pool.run(pid)).toBeGreaterThan(0);
		}));

	test("what was not used for a while is closed, down to the fewest", () =>
		withPool({ connectionsMin: 1, connectionsMax: 3, idleMs: 20 }, async (pool) => {
			const all = [held(pool), held(pool), held(pool)];
			await Promise.all(all.map(({ taken }) => taken));
			for (const { letGo } of all) letGo();
			await Promise.all(all.map(({ done }) => done));
			while ((await open()) > 1) await Bun.sleep(10);
			expect(pool.stats.connections).toBe(1);
			expect(await pool.run(pid)).toBeGreaterThan(0);
		}));

	test("one that is lost is replaced, and whoever asked notices nothing", () =>
		withPool({}, async (pool) => {
			const before = await pool.run(pid);
			let tries = 0;
			const after = await pool.run(async (connection) => {
				if (tries++ === 0) await postgres().sql(`SELECT pg_terminate_backend(${before})`);
				return pid(connection);
			});
			expect(after).not.toBe(before);
			expect(tries).toBe(2);
			expect(pool.stats.connections).toBe(1);
		}));

	test("a wrong question is answered as such, and is no reason to ask less", () =>
		withPool({}, async (pool) => {
			for (let n = 0; n < 100; n++)
				await expect(pool.run((connection) => connection.run("SELECT nonsense"))).rejects.toThrow("nonsense");
			expect(pool.stats).toMatchObject({ connections: 1, isBroken: false });
		}));

	test("while nothing answers nobody tries for a moment, and then one; all is well when that one succeeds", () =>
		withPool({}, async (pool) => {
			// Until enough has failed in a second.
			while (!pool.stats.isBroken) await pool.run(() => Promise.reject(new Error("the connection has ended"))).catch(() => {});
			await expect(pool.run(pid)).rejects.toThrow("circuit");
			for (;;) {
				const found = await pool.run(pid).catch(() => 0);
				if (found > 0) break;
				await Bun.sleep(20);
			}
			expect(pool.stats).toMatchObject({ isBroken: false });
		}));
});
