// A node of a server: sessions, rooms and listeners in this thread, around a store, a bus and accounts, which may be of another thread.
import type { Accounts } from "./account/accounts.ts";
import type { AdmissionLimits } from "./admit/connections.ts";
import { assembleServer } from "./assemble.ts";
import type { Log } from "./base/log.ts";
import type { Bus } from "./bus/bus.ts";
import type { Host, HostParts } from "./host.ts";
import { openListeners } from "./listen/listeners.ts";
import { watchLoop } from "./ops/metrics/loop.ts";
import { createMemory } from "./ops/metrics/process-memory.ts";
import type { Store } from "./store/store.ts";

export interface NodeParts extends Omit<HostParts, "connectionsMax" | "log"> {
	readonly log: Log;
	readonly store: Store;
	readonly bus: Bus;
	readonly accounts: Accounts;
	readonly admission: AdmissionLimits;
	/** Default: true. */
	readonly publishesCommits?: boolean;
}

export interface Node extends Host {
	/** Sessions open now, those being welcomed among them. */
	readonly sessions: number;
	/** `sessionsInAll`: with those of the other nodes, which are drained at the same time. Default: this one's. */
	drain(withinMs: number, sessionsInAll?: number): Promise<void>;
}

/** Rejects with `BindError`, `AddressError` or `RangeError`; then nothing is left open. Store and accounts are the caller's. */
export async function openNode(parts: NodeParts): Promise<Node> {
	const { config, clock, metrics, page } = parts;
	const { limits, timing, memoryBytesMax } = config;
	const loop = watchLoop(clock, metrics.loopLagSeconds);
	const load = { loopLagMs: loop.standingMs, memory: createMemory(memoryBytesMax) };
	const server = assembleServer({ ...parts, limits, timing, load });
	const stop = (): void => {
		server.stop();
		loop.stop();
	};
	try {
		const listeners = await openListeners(config, { ...server.connections, page });
		const { core } = server;
		return {
			http: listeners.http,
			tcp: listeners.tcp,
			get sessions() {
				return core.sessions;
			},
			endUser: (user, why) => core.endUser(user, why),
			families: async () => metrics.families,
			loopWorstMs: () => loop.worstMs(),
			trouble: () => server.overload?.trouble(),
			stopListening: async () => listeners.stopListening(),
			drain: (withinMs, sessionsInAll) => core.drain(withinMs, sessionsInAll),
			async close(withinMs) {
				try {
					await listeners.close(withinMs);
				} finally {
					stop();
				}
			},
		};
	} catch (error) {
		stop();
		throw error;
	}
}
