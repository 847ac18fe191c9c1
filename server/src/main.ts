// Starts a server for production: store, accounts, core, listeners, operator's port. Parts are opened in the order of their
// dependencies, and stopped in reverse: no new connections, goodbyes to all clients, commits of what was received, then the store
// is closed.
import { mkdir } from "node:fs/promises";
import { createAccounts } from "./account/service.ts";
import { createUsers } from "./account/users.ts";
import { assembleServer } from "./assemble.ts";
import { type Clock, systemClock, systemRandom } from "./base/clock.ts";
import { createFaults, guardedClock } from "./base/faults.ts";
import { newId } from "./base/ids.ts";
import type { Log } from "./base/log.ts";
import type { Metrics } from "./base/metrics.ts";
import { LocalBus } from "./bus/local.ts";
import { LogSampler } from "./limit/log-sampler.ts";
import { type BoundListener, openListeners } from "./listen/listeners.ts";
import type { PageAssets } from "./listen/web/page.ts";
import { type Admin, createAdmin } from "./ops/admin/admin.ts";
import { adminSocketPath } from "./ops/admin/admin-client.ts";
import type { Config } from "./ops/config/config.ts";
import { accountSettingsOf, readAdminToken, storeAddressOf } from "./ops/config/key-files.ts";
import { createReadiness } from "./ops/http/readiness.ts";
import { type OpsServer, openAdminSocket, openOpsServer } from "./ops/http/server.ts";
import { watchLoop } from "./ops/metrics/loop.ts";
import { createMetrics } from "./ops/metrics/metrics.ts";
import { connectionsWithin } from "./ops/metrics/open-files.ts";
import { openFilesMax, processFamilies } from "./ops/metrics/process.ts";
import { createMemory } from "./ops/metrics/process-memory.ts";
import { createMemoryStore } from "./store/memory/memory.ts";
import { openSqliteStore } from "./store/sqlite/sqlite.ts";
import type { Store } from "./store/store.ts";

export interface StartOptions {
	readonly page: PageAssets;
	readonly log: Log;
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
 * Starts a server. Rejects with `StoreOpenError`, `PostgresOpenError`, `BindError`, `AddressError`, `RangeError` (an impossible setting) or
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
		const loop = watchLoop(clock, metrics.loopLagSeconds);
		opened.push(() => loop.stop());
		const server = assembleServer({
			store,
			bus: new LocalBus(),
			accounts,
			clock,
			random,
			log,
			metrics,
			limits: config.limits,
			timing: config.timing,
			admission: { ...config.admission, connectionsMax },
			load: { loopLagMs: loop.standingMs, memory: createMemory(config.memoryBytesMax) },
			version: `verbatim ${version}`,
		});
		opened.push(() => server.stop());
		const { core } = server;
		const listeners = await openListeners(config, { ...server.connections, page });
		opened.push(() => listeners.close(0));
		let stopping: Promise<void> | undefined;
		const readiness = createReadiness({
			clock,
			storeHealthy: () => store.healthy(),
			loopWorstMs: loop.worstMs,
			draining: () => stopping !== undefined,
			overloaded: () => server.overload?.trouble(),
		});
		const { passwords } = accounts;
		const users = createUsers({ store, passwords, clock, random, onRevoked: (user, why) => core.endUser(user, why) });
		const admin = createAdmin({ users, log, metrics, clock, random });
		let ops: OpsServer | undefined;
		const lines = new LogSampler(log, clock);
		opened.push(() => lines.stop());
		if (config.ops) {
			const build = processFamilies({ version, bun: Bun.version, startedMs: clock.now() - clock.monotonic() });
			const families = [...metrics.families, ...build];
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
			listeners.stopListening();
			await adminSocket?.stop();
			await within(leftMs(), clock, core.drain(leftMs()));
			await listeners.close(leftMs());
			server.stop();
			accounts.stop();
			await store.close();
			loop.stop();
			// Metrics stay available until the end.
			await ops?.stop();
			lines.stop();
		};
		return {
			http: listeners.http,
			tcp: listeners.tcp,
			ops,
			metrics,
			stop() {
				stopping ??= stop();
				return stopping;
			},
		};
	} catch (error) {
		for (const close of opened.reverse()) await close();
		throw error;
	}
}

async function openStore({ store, data, database, limits }: Config, clock: Clock): Promise<Store> {
	if (store === "memory") return createMemoryStore({ clock, limits });
	if (database === undefined) return openSqliteStore(data, { clock, limits });
	// Loaded for those who have one.
	const { openPostgresStore } = await import("./store/postgres/postgres.ts");
	return openPostgresStore(await storeAddressOf(database), { node: newId("s", clock, systemRandom), clock, limits });
}

/** Opens the socket in the data folder. The server runs without it if that fails. */
async function openAdmin(dir: string, admin: Admin, log: Log): Promise<Pick<OpsServer, "stop"> | undefined> {
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
