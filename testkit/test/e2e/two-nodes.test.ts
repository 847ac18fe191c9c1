// Two servers on one PostgreSQL, as processes: what is said over one is read over the other, once and in order, with a bus, while the bus is gone, and
// without any.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ClientDriver } from "../../src/e2e/client-driver.ts";
import { eventually } from "../../src/e2e/waiting.ts";
import { findPostgres, POSTGRES_MISSING, PostgresProcess } from "../../src/process/postgres.ts";
import { REDIS_MISSING, RedisProcess, redisPath } from "../../src/process/redis-process.ts";
import { refusedStart } from "../../src/process/refused-start.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const TEST_MS = 240_000;
const NAMES = ["ann", "bob", "cid", "dan"] as const;

const isMissing = findPostgres() === undefined || redisPath() === undefined;

describe.skipIf(isMissing)(`two servers on one PostgreSQL (${POSTGRES_MISSING}; ${REDIS_MISSING})`, () => {
	let postgres: PostgresProcess;
	let redis: RedisProcess;

	beforeAll(async () => {
		[postgres, redis] = await Promise.all([PostgresProcess.start(), RedisProcess.start(["--requirepass", "only for tests"])]);
	}, TEST_MS);

	afterAll(async () => {
		await redis?.kill();
		await postgres?.remove();
	}, TEST_MS);

	const bus = (): string => `redis://:only%20for%20tests@127.0.0.1:${redis.port}`;

	/** Two servers on a database of their own. */
	async function two(flags: readonly string[]): Promise<ServerProcess[]> {
		const store = await postgres.database();
		const servers = await Promise.all([0, 1].map(() => ServerProcess.prepare({ flags: ["--store", store, ...flags] })));
		for (const server of servers) await server.start();
		return servers;
	}

	/** Two clients at each server, all in one room, who speak until `during` is over; then all have read the same, each line once, in its order. */
	async function talk(
		servers: readonly ServerProcess[],
		during: (drivers: readonly ClientDriver[]) => Promise<void>,
	): Promise<void> {
		const drivers: ClientDriver[] = [];
		for (const [i, name] of NAMES.entries())
			drivers.push(await ClientDriver.enter((servers[i % 2] as ServerProcess).tcp, name, "tea"));
		for (const driver of drivers) driver.start();
		await during(drivers);
		for (const driver of drivers) await driver.stop();
		const said = drivers.reduce((sum, { known }) => sum + known, 0);
		for (const driver of drivers) {
			await eventually(
				async () => ((await driver.seen()).length >= said ? true : undefined),
				() => `all ${said} lines at one of the clients`,
			);
		}
		const [first, ...others] = await Promise.all(drivers.map((driver) => driver.seen()));
		for (const other of others) expect(other).toEqual(first as string[]);
		expect(new Set(first).size).toBe(said);
		for (const driver of drivers) {
			const own = first?.filter((line) => line.startsWith(driver.name));
			expect(own).toEqual(Array.from({ length: driver.known }, (_, i) => `${driver.name} ${i}`));
			await driver.close();
		}
	}

	/** Each of the drivers has `count` more lines in the log. */
	async function further(drivers: readonly ClientDriver[], count: number): Promise<void> {
		const before = drivers.map(({ known }) => known);
		await eventually(
			async () => {
				for (const { trouble } of drivers) if (trouble !== undefined) throw trouble;
				return drivers.every(({ known }, i) => known >= (before[i] ?? 0) + count) ? true : undefined;
			},
			() => `${count} more lines of each`,
			60_000,
		);
	}

	test(
		"with a bus on Redis, which is killed meanwhile and comes back",
		async () => {
			const servers = await two(["--bus", bus()]);
			await talk(servers, async (drivers) => {
				await further(drivers, 10);
				await redis.kill();
				await further(drivers, 10);
				await redis.start();
				await further(drivers, 10);
			});
			for (const server of servers) {
				expect(server.printed).not.toContain("only for tests");
				await server.remove();
			}
		},
		TEST_MS,
	);

	test(
		"without a bus, by looking into the database",
		async () => {
			const servers = await two([]);
			await talk(servers, (drivers) => further(drivers, 10));
			for (const server of servers) await server.remove();
		},
		TEST_MS,
	);

	test(
		"one of two servers is killed while all speak: its clients go on at the other, and nothing is lost or doubled",
		async () => {
			const servers = await two(["--bus", bus()]);
			const [first, second] = servers as [ServerProcess, ServerProcess];
			await talk([first, second], async (drivers) => {
				await further(drivers, 5);
				await second.stop("SIGKILL");
				await second.start();
				await further(drivers, 5);
			});
			for (const server of servers) await server.remove();
		},
		TEST_MS,
	);

	test(
		"a Redis that does not answer is no reason not to start; a wrong password and a store of one server are, in words",
		async () => {
			const store = await postgres.database();
			const server = await ServerProcess.prepare({ flags: ["--store", store, "--bus", "redis://127.0.0.1:1"] });
			await server.start();
			await server.remove();
			const wrong = await refusedStart({
				data: "/nonexistent",
				flags: ["--store", store, "--bus", `redis://:wrong@127.0.0.1:${redis.port}`],
			});
			expect(wrong.words).toContain("busPasswordFile");
			expect(wrong.words).not.toContain("wrong@");
			expect(wrong.exitCode).toBe(77);
			const alone = await refusedStart({ data: "/nonexistent", flags: ["--store", "memory", "--bus", bus()] });
			expect(alone.words).toContain("set store to postgres://");
			expect(alone.exitCode).toBe(78);
		},
		TEST_MS,
	);
});
