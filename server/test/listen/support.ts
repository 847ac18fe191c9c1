// A whole server in this process: the real core on a memory store, real accounts, real sockets on free ports.
import { TIMING, type Timing } from "@verbatim/protocol";
import { createAccounts } from "../../src/account/service.ts";
import { ACCOUNT_DEFAULTS } from "../../src/account/settings.ts";
import { ADMISSION_LIMITS, type AdmissionLimits } from "../../src/admit/connections.ts";
import { assembleServer } from "../../src/assemble.ts";
import { systemClock, systemRandom } from "../../src/base/clock.ts";
import { SERVER_LIMITS, type ServerLimits } from "../../src/base/limits.ts";
import type { Metrics } from "../../src/base/metrics.ts";
import { LocalBus } from "../../src/bus/local.ts";
import { type ListenerBackend, type ListenerOptions, type Listeners, openListeners } from "../../src/listen/listeners.ts";
import type { PageAssets } from "../../src/listen/web/page.ts";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";
import type { LevelShedding } from "../../src/overload/shedding.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { silentLog } from "../silent-log.ts";

export interface ServerSettings {
	readonly options?: Partial<ListenerOptions>;
	readonly limits?: Partial<ServerLimits>;
	readonly timing?: Partial<Timing>;
	readonly admission?: Partial<AdmissionLimits>;
	readonly page?: PageAssets;
	/** Replaces parts of the real server. */
	readonly backend?: Partial<ListenerBackend>;
}

export interface TestServer extends AsyncDisposable {
	readonly listeners: Listeners;
	readonly httpPort: number;
	readonly tcpPort: number;
	/** `http://127.0.0.1:PORT`. */
	readonly http: string;
	readonly metrics: Metrics;
	readonly store: Store;
	/** The test sets its level. */
	readonly shedding: LevelShedding;
	/** Errors that were logged; none is expected in most tests. */
	readonly faults: unknown[];
	drain(): Promise<void>;
}

export const NO_HURRY: Timing = { ...TIMING, handshakeMs: 60_000, frameMs: 60_000 };

/** Opens a server on the loopback. */
export async function openServer(settings: ServerSettings = {}): Promise<TestServer> {
	const limits = { ...SERVER_LIMITS, sendsPerSecond: 10_000, sendsBurst: 10_000, ...settings.limits };
	const timing = { ...TIMING, ...settings.timing };
	const metrics = createMetrics();
	const faults: unknown[] = [];
	const log = { ...silentLog, error: (fields: object) => void faults.push(fields) };
	const store = createMemoryStore({ clock: systemClock });
	const accounts = await createAccounts({
		store,
		clock: systemClock,
		random: systemRandom,
		log,
		settings: {
			...ACCOUNT_DEFAULTS,
			passwords: { ...ACCOUNT_DEFAULTS.passwords, memoryKib: 1024, passes: 1 },
			limits: { ...ACCOUNT_DEFAULTS.limits, perAddress: { perSecond: 1_000, burst: 1_000 } },
		},
		fetch: () => Promise.reject(new Error("no network in tests")),
	});
	const server = assembleServer({
		store,
		bus: new LocalBus(),
		accounts,
		clock: settings.backend?.clock ?? systemClock,
		random: systemRandom,
		log,
		metrics,
		limits,
		timing,
		admission: {
			...ADMISSION_LIMITS,
			connectionsPerAddressMax: 1_000,
			opensPerAddress: { perSecond: 1_000, burst: 1_000 },
			...settings.admission,
		},
		version: "test",
	});
	const listeners = await openListeners(
		{ http: { address: "127.0.0.1:0" }, tcp: { address: "127.0.0.1:0" }, origins: [], proxies: [], ...settings.options },
		{ ...server.connections, page: settings.page ?? (() => undefined), ...settings.backend },
	);
	const port = (listener: Listeners["http"]): number => (listener?.address.kind === "tcp" ? listener.address.port : 0);
	return {
		listeners,
		httpPort: port(listeners.http),
		tcpPort: port(listeners.tcp),
		http: `http://127.0.0.1:${port(listeners.http)}`,
		metrics,
		store,
		shedding: server.shedding,
		faults,
		drain: () => server.core.drain(0),
		async [Symbol.asyncDispose]() {
			await listeners.close(0);
			server.stop();
			accounts.stop();
			await store.close();
		},
	};
}

/** The value of a metric. */
export function metric(metrics: Metrics, name: string, label?: string): number {
	const family = metrics.families.find((candidate) => candidate.name === name);
	return family?.samples().find((sample) => sample.label === label)?.value ?? 0;
}
