// Nodes in worker threads, for all cores of one machine. They share the ports; this thread owns store and accounts, and is the hub of their bus.
import { effectsOf } from "@verbatim/protocol";
import type { Accounts } from "./account/accounts.ts";
import { createAccountsServer } from "./account/remote-accounts.ts";
import { systemClock } from "./base/clock.ts";
import { createFaults } from "./base/faults.ts";
import { batchEvents } from "./batch-events.ts";
import { publishCommits } from "./bus/publish-commits.ts";
import { Hub } from "./bus/workers/hub.ts";
import type { Host, HostParts } from "./host.ts";
import { LogSampler } from "./limit/log-sampler.ts";
import { type Address, parseAddress, showAddress } from "./listen/socket/address.ts";
import { bind } from "./listen/socket/bind.ts";
import type { ListenerSpec } from "./listen/socket/listener.ts";
import { watchLoop } from "./ops/metrics/loop.ts";
import { lagFamily, mergedFamilies } from "./ops/metrics/merge.ts";
import type { Store } from "./store/store.ts";
import { Worker } from "./worker.ts";

export interface WorkersParts extends HostParts {
	/** How many, more than one. */
	readonly count: number;
	readonly store: Store;
	readonly accounts: Accounts;
}

/** Rejects with `BindError`, `AddressError` or `RangeError`; then nothing is left open. Store and accounts are the caller's. */
export async function openWorkers(parts: WorkersParts): Promise<Host> {
	const { config, count, clock, metrics, log, store } = parts;
	const hub = new Hub();
	const accounts = createAccountsServer(parts.accounts);
	const lines = new LogSampler(log, clock);
	const loop = watchLoop(clock, metrics.loopLagSeconds);
	const faults = createFaults(parts);
	const workers: Worker[] = [];
	const stop = async (): Promise<void> => {
		await Promise.all(workers.map((worker) => worker.end()));
		loop.stop();
		lines.stop();
	};
	metrics.draftsWaiting.watch(() => store.stats().waiting);
	metrics.storeConnections.watch(() => store.stats().connections ?? 0);
	metrics.storeReadsWaiting.watch(() => store.stats().readsWaiting ?? 0);
	metrics.gapsBytes.watch(() => hub.heldBytes);
	store.listen({
		committed(batch) {
			const members = batch.filter(({ entries }) => entries.some((entry) => effectsOf(entry).length > 0));
			for (const worker of workers) faults.guard("store", "a worker was not told of a batch", () => worker.committed(members));
			publishCommits(batch, { bus: hub, changed() {}, faults });
		},
		...batchEvents({ metrics, lines, faults }),
	});
	try {
		for (let number = 1; number <= count; number++) {
			const worker = new Worker(number, { ...parts, accounts, fault: (cause) => endProcess(number, cause) });
			hub.add(worker.port);
			workers.push(worker);
		}
		for (const worker of workers) worker.start();
		let { http, tcp } = config;
		await mustBeFree("--http", http);
		await mustBeFree("--tcp", tcp);
		for (const worker of workers) {
			const bound = await worker.open({ http, tcp, share: count });
			http = next(http, bound.http?.address);
			tcp = next(tcp, bound.tcp?.address);
		}
	} catch (error) {
		await stop();
		throw error;
	}
	const [first] = workers as [Worker];
	return {
		http: first.http,
		tcp: first.tcp,
		endUser: ({ id, generation }, why) => hub.publish({ kind: "revoked", user: id, generation, why }),
		async families() {
			const snapshots = await Promise.all(workers.map((worker) => worker.snapshot()));
			const lags = [loop.worstMs(), ...workers.map((worker) => worker.loopWorstMs)];
			return [...mergedFamilies(metrics.families, snapshots), lagFamily(lags)];
		},
		loopWorstMs: () => Math.max(loop.worstMs(), ...workers.map((worker) => worker.loopWorstMs)),
		trouble: () => workers.map(({ trouble }) => trouble).find((trouble) => trouble !== undefined),
		stopListening: async () => void (await Promise.all(workers.map((worker) => worker.call("stopListening")))),
		async drain(withinMs) {
			const sessions = workers.reduce((sum, worker) => sum + worker.sessions, 0);
			await Promise.all(workers.map((worker) => worker.call("drain", withinMs, sessions)));
		},
		async close(withinMs) {
			try {
				await Promise.all(workers.map((worker) => worker.call("close", withinMs)));
			} finally {
				await stop();
			}
		},
	};
}

/** Ends the process, as an uncaught error of this thread does: the state of the worker may be corrupt. */
function endProcess(worker: number, cause: Error): void {
	const error = new Error(`worker ${worker} has met an error that nobody caught: ${cause.message}`, { cause });
	systemClock.soon(() => {
		throw error;
	});
}

/**
 * Sockets that share a port cannot tell that another server has it, if that one shares it too. Rejects with `BindError`.
 */
async function mustBeFree(flag: string, spec: ListenerSpec | undefined): Promise<void> {
	const address = spec && parseAddress(spec.address);
	if (address?.kind !== "tcp" || address.port === 0) return;
	const probe = await bind(flag, address, (at) => {
		if ("unix" in at) throw new Error("a Unix socket is not shared");
		return Bun.listen({ ...at, socket: { data() {} } });
	});
	probe.stop(true);
}

/** The address of the workers after the first: the port that it got. A Unix socket is for the first only. */
function next(spec: ListenerSpec | undefined, bound: Address | undefined): ListenerSpec | undefined {
	if (spec === undefined || bound === undefined) return spec;
	return bound.kind === "unix" ? undefined : { ...spec, address: showAddress(bound) };
}
