// Starts a server for production: store, accounts, core, listeners, operator's port. Parts are opened in the order of their
// dependencies, and stopped in reverse: no new connections, goodbyes to all clients, commits of what was received, then the store
// is closed.
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Accounts } from "./account/accounts.ts";
import { createAccounts } from "./account/service.ts";
import { createUsers } from "./account/users.ts";
import { type Clock, systemClock, systemRandom } from "./base/clock.ts";
import { createFaults, guardedClock } from "./base/faults.ts";
import { newId } from "./base/ids.ts";
import type { Metrics } from "./base/metrics.ts";
import { runAll } from "./base/run-all.ts";
import type { Bus } from "./bus/bus.ts";
import { LocalBus } from "./bus/local.ts";
import type { Host, HostParts } from "./host.ts";
import { LogSampler } from "./limit/log-sampler.ts";
import type { BoundListener } from "./listen/listeners.ts";
import type { PageAssets } from "./listen/web/page.ts";
import { openNode } from "./node.ts";
import { type Admin, createAdmin } from "./ops/admin/admin.ts";
import { adminSocketPath } from "./ops/admin/admin-client.ts";
import type { Config } from "./ops/config/config.ts";
import { accountSettingsOf, busAddressOf, readAdminToken, storeAddressOf } from "./ops/config/key-files.ts";
import { createReadiness } from "./ops/http/readiness.ts";
import { type OpsServer, openAdminSocket, openOpsServer } from "./ops/http/server.ts";
import type { LineLog } from "./ops/log/log.ts";
import { createMetrics } from "./ops/metrics/metrics.ts";
import { connectionsWithin } from "./ops/metrics/open-files.ts";
import { openFilesMax, processFamilies } from "./ops/metrics/process.ts";
import { createMemoryStore } from "./store/memory/memory.ts";
import { openSqliteStore } from "./store/sqlite/sqlite.ts";
import type { Store } from "./store/store.ts";
import { openWorkers } from "./workers.ts";

export interface StartOptions {
	readonly page: PageAssets;
	readonly log: LineLog;
	/** Verbatim's version, for clients and metrics. */
	readonly version: string;
}

export interface RunningServer {
	/** Where it listens; undefined: switched off. */
	readonly http: BoundListener | undefined;
	readonly tcp: BoundListener | undefined;
	readonly ops: BoundListener | undefined;
	readonly metrics: Metrics;
	/**
	 * Accepts no connection, tells all clients to reconnect, finishes commands in flight, closes the store. Within
	 * `timing.drainMs`: connections still open then are cut. Idempotent.
	 */
	stop(): Promise<void>;
}

/** Reserved of `drainMs` for closing the store, which may have a last batch to write. */
const STORE_CLOSE_MS = 2_000;

/**
 * Starts a server. Rejects with `StoreOpenError`, `PostgresOpenError`, `BusOpenError`, `BindError`, `AddressError`, `RangeError` (an impossible setting) or
 * `KeyFileError`; then everything is closed again.
 */
export async function startServer(config: Config, { page, log, version }: StartOptions): Promise<RunningServer> {
	const random = systemRandom;
	const metrics = createMetrics();
	const clock = guardedClock(systemClock, createFaults({ clock: systemClock, random, log, metrics }));
	const opened: Array<() => unknown> = [];
	try {
		const accountSettings = await accountSettingsOf(config);
		const store = await openStore(config, clock);
		opened.push(() => store.close());
		const accounts = await createAccounts({ store, clock, random, log, settings: accountSettings, fetch });
		opened.push(() => accounts.stop());
		const connectionsMax = connectionsWithin(config.admission.connectionsMax, openFilesMax());
		if (connectionsMax < config.admission.connectionsMax)
			log.info({ connectionsMax }, "limits.connections is lowered to what the limit of open files leaves room for");
		const host = await openHost({
			config,
			store,
			accounts,
			clock,
			random,
			log,
			metrics,
			page,
			version: `verbatim ${version}`,
			connectionsMax,
		});
		opened.push(() => host.close(0));
		let stopping: Promise<void> | undefined;
		const readiness = createReadiness({
			clock,
			storeHealthy: () => store.healthy(),
			loopWorstMs: () => host.loopWorstMs(),
			draining: () => stopping !== undefined,
			overloaded: () => host.trouble(),
		});
		const { passwords } = accounts;
		const users = createUsers({ store, passwords, clock, random, onRevoked: (user, why) => host.endUser(user, why) });
		const admin = createAdmin({ users, log, metrics, clock, random });
		let ops: OpsServer | undefined;
		const lines = new LogSampler(log, clock);
		opened.push(() => lines.stop());
		if (config.ops) {
			const build = processFamilies({ version, bun: Bun.version, startedMs: clock.now() - clock.monotonic() });
			const families = async () => [...(await host.families()), ...build];
			const token = config.adminTokenFile && (await readAdminToken(config.adminTokenFile));
			ops = await openOpsServer({
				spec: config.ops,
				version,
				families,
				readiness,
				clock,
				metrics,
				lines,
				admin: token === undefined ? undefined : { token, answer: admin },
			});
			opened.push(() => ops?.stop());
		}
		const adminSocket = config.admin && config.store !== "memory" ? await openAdmin(config.data, admin, log) : undefined;

		const stop = async (): Promise<void> => {
			const endsMs = clock.monotonic() + config.timing.drainMs - STORE_CLOSE_MS;
			const leftMs = (): number => Math.max(0, endsMs - clock.monotonic());
			const failed = await runAll([
				() => host.stopListening(),
				() => adminSocket?.stop(),
				() => within(leftMs(), clock, host.drain(leftMs())),
				() => host.close(leftMs()),
				() => accounts.stop(),
				() => store.close(),
				// Metrics stay available until the end.
				() => ops?.stop(),
				() => lines.stop(),
			]);
			if (failed.length > 0) throw failed.length === 1 ? failed[0] : new AggregateError(failed, "several parts were not stopped");
		};
		return {
			http: host.http,
			tcp: host.tcp,
			ops,
			metrics,
			stop() {
				stopping ??= stop();
				return stopping;
			},
		};
	} catch (error) {
		for (const err of await runAll(opened.reverse())) log.error({ err }, "a part was not closed after the failed start");
		throw error;
	}
}

/** A node in this thread, or one in each of several. */
async function openHost(parts: HostParts & { readonly store: Store; readonly accounts: Accounts }): Promise<Host> {
	const { config, connectionsMax } = parts;
	const count = config.workers === "auto" ? availableParallelism() : config.workers;
	if (count > 1) return openWorkers({ ...parts, count });
	const bus = await openBus(config, parts.store, parts.clock, parts.log);
	return openNode({ ...parts, bus, admission: { ...config.admission, connectionsMax } });
}

/** Rejects with `BusOpenError` where the Redis refuses what is asked of it. One that does not answer is connected to later. */
async function openBus({ bus, store: kind }: Config, store: Store, clock: Clock, log: LineLog): Promise<Bus> {
	if (bus === undefined) return new LocalBus({ sharedStore: kind === "postgres" });
	const random = systemRandom;
	const [{ RedisBus }, { checkRedis }, { channelsOf }] = await Promise.all([
		import("./bus/redis/redis.ts"),
		import("./bus/redis/check.ts"),
		import("./bus/redis/channels.ts"),
	]);
	const address = await busAddressOf(bus);
	const cluster = await store.putOnce("cluster", newId("c", clock, random));
	await checkRedis(address, channelsOf(cluster).beats, random, log);
	const opened = new RedisBus({ address, cluster, node: newId("s", clock, random), clock, random, log });
	opened.start();
	return opened;
}

async function openStore({ store, data, database, limits }: Config, clock: Clock): Promise<Store> {
	if (store === "memory") return createMemoryStore({ clock, limits });
	if (database === undefined) return openSqliteStore(data, { clock, limits });
	// Loaded for those who have one.
	const { openPostgresStore } = await import("./store/postgres/postgres.ts");
	return openPostgresStore(await storeAddressOf(database), { node: newId("s", clock, systemRandom), clock, limits });
}

/** Opens the socket in the data folder. The server runs without it if that fails. */
async function openAdmin(dir: string, admin: Admin, log: LineLog): Promise<Pick<OpsServer, "stop"> | undefined> {
	try {
		// It is there already, unless the messages are kept elsewhere.
		await mkdir(dir, { recursive: true, mode: 0o700 });
		return await openAdminSocket(adminSocketPath(dir), admin);
	} catch (err) {
		log.warn({ err }, "there is no administrators' socket: `verbatim user` works on this server only when it is stopped");
		return undefined;
	}
}

/** Waits for `task`, no longer than `ms`. */
function within(ms: number, clock: Clock, task: Promise<void>): Promise<void> {
	return new Promise((resolve, reject) => {
		const cancel = clock.after(ms, resolve);
		task.then(resolve, reject).finally(cancel);
	});
}
