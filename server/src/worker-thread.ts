// The entry point of a worker thread: a node on the store, bus and accounts of the owning thread.
import { openRemoteAccounts } from "./account/remote-accounts.ts";
import { type Clock, systemClock, systemRandom } from "./base/clock.ts";
import { createFaults, guardedClock } from "./base/faults.ts";
import { WorkerBus } from "./bus/workers/worker-bus.ts";
import { openRemotePage } from "./listen/web/remote-page.ts";
import { type Node, openNode } from "./node.ts";
import { openRemoteLog } from "./ops/log/remote-log.ts";
import { snapshotOf } from "./ops/metrics/merge.ts";
import { createMetrics } from "./ops/metrics/metrics.ts";
import { openRemoteStore } from "./store/remote/remote-store.ts";
import { answerCalls } from "./thread/calls.ts";
import { Port, type ThreadEnd } from "./thread/port.ts";
import { STATUS_MS, type WorkerBound, type WorkerFault, type WorkerSetup, type WorkerStatus } from "./worker.ts";

declare const self: ThreadEnd;

const random = systemRandom;
const port = new Port(self, systemClock);
const store = openRemoteStore(port, systemClock);
const accounts = openRemoteAccounts(port);
const bus = new WorkerBus(port);
const page = openRemotePage(port);
const metrics = createMetrics();
let node: Node | undefined;

const tellStatus = (clock: Clock): void => {
	if (node === undefined) return;
	const trouble = node.trouble();
	const status: WorkerStatus = {
		sessions: node.sessions,
		loopWorstMs: node.loopWorstMs(),
		...(trouble === undefined ? {} : { trouble }),
	};
	port.send("status", JSON.stringify(status));
	clock.after(STATUS_MS, () => tellStatus(clock));
};

const tellFault = (cause: unknown): void => {
	const { message, stack } = cause instanceof Error ? cause : new Error(String(cause));
	port.send("fault", JSON.stringify({ message, stack: stack ?? "" } satisfies WorkerFault));
};

answerCalls(port, "worker", {
	async open({ config, version, connectionsMax, share, worker }: WorkerSetup): Promise<WorkerBound> {
		const log = openRemoteLog(port, { level: config.log.level, now: systemClock.now });
		const faults = createFaults({ clock: systemClock, random, log, metrics });
		const clock = guardedClock(systemClock, faults);
		// It has interrupted nothing, and the server goes on.
		process.on("unhandledRejection", (cause) => {
			faults.report("promise", "a promise failed and nobody listened", cause, { worker });
		});
		const { admission, limits } = config;
		const part = (whole: number): number => Math.ceil(whole / share);
		node = await openNode({
			config: {
				...config,
				limits: { ...limits, outboxesBytesMax: Math.max(limits.outboxBytesMax, part(limits.outboxesBytesMax)) },
			},
			store,
			bus,
			accounts,
			clock,
			random,
			log,
			metrics,
			page,
			version,
			admission: {
				...admission,
				connectionsMax: part(connectionsMax),
				opens: { perSecond: admission.opens.perSecond / share, burst: part(admission.opens.burst) },
			},
			publishesCommits: false,
		});
		tellStatus(clock);
		const { http, tcp } = node;
		const bound = ({ address, secure }: NonNullable<typeof http>) => ({ address, secure });
		return { ...(http && { http: bound(http) }), ...(tcp && { tcp: bound(tcp) }) };
	},
	metrics: () => snapshotOf(metrics.families),
	stopListening: () => node?.stopListening(),
	drain: (withinMs: number, sessionsInAll: number) => node?.drain(withinMs, sessionsInAll),
	close: (withinMs: number) => node?.close(withinMs),
});
process.on("uncaughtException", tellFault);
port.open();
