// The owner's side of a worker thread: starts it, opens a node in it (worker-thread.ts), and serves its calls.
import type { createAccountsServer } from "./account/remote-accounts.ts";
import type { Clock } from "./base/clock.ts";
import type { HostParts } from "./host.ts";
import type { BoundListener } from "./listen/listeners.ts";
import { BindError } from "./listen/socket/bind.ts";
import type { ListenerSpec } from "./listen/socket/listener.ts";
import { servePageAssets } from "./listen/web/remote-page.ts";
import type { Config } from "./ops/config/config.ts";
import { serveLog } from "./ops/log/remote-log.ts";
import type { FamilySnapshot } from "./ops/metrics/merge.ts";
import { serveStore } from "./store/remote/remote-store.ts";
import type { Committed, Store } from "./store/store.ts";
import { Caller, ThrownElsewhere } from "./thread/calls.ts";
import { Port, type ThreadEnd } from "./thread/port.ts";

export interface WorkerParts extends HostParts {
	readonly store: Store;
	readonly accounts: ReturnType<typeof createAccountsServer>;
	/** An uncaught error, or an exit of its own. */
	readonly fault: (cause: Error) => void;
}

/** What a worker is told at its start. */
export interface WorkerSetup {
	readonly config: Config;
	readonly version: string;
	readonly connectionsMax: number;
	/** One of so many. */
	readonly share: number;
	readonly worker: number;
}

export interface WorkerBound {
	readonly http?: BoundListener;
	readonly tcp?: BoundListener;
}

/** The status report of a worker, every `STATUS_MS`. */
export interface WorkerStatus {
	readonly sessions: number;
	readonly loopWorstMs: number;
	readonly trouble?: string;
}

export interface WorkerFault {
	readonly message: string;
	readonly stack: string;
}

export const STATUS_MS = 250;
/** Timeout of a scrape; the last known metrics are shown then. */
const SNAPSHOT_MS = 1_000;

export class Worker {
	readonly port: Port;
	http: BoundListener | undefined;
	tcp: BoundListener | undefined;
	/** Tells its store of what was committed. */
	readonly committed: (batch: readonly Committed[]) => void;
	private readonly number: number;
	private readonly parts: WorkerParts;
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly thread: globalThis.Worker;
	private readonly caller: Caller;
	private readonly failed = Promise.withResolvers<never>();
	private readonly ended = Promise.withResolvers<void>();
	private status: WorkerStatus = { sessions: 0, loopWorstMs: 0 };
	private statusMs: number | undefined;
	private lastSnapshot: readonly FamilySnapshot[] = [];
	private isEnding = false;

	/** Starts the thread; nothing is sent before `start`. */
	constructor(number: number, parts: WorkerParts) {
		this.number = number;
		this.parts = parts;
		this.clock = parts.clock;
		// Bundlers find the entry point by this expression.
		this.thread = new globalThis.Worker(new URL("./worker-thread.ts", import.meta.url));
		this.port = new Port(this.thread as ThreadEnd, parts.clock);
		this.caller = new Caller(this.port, "worker");
		this.committed = serveStore(this.port, parts.store);
		parts.accounts.serve(this.port);
		servePageAssets(this.port, parts.page);
		serveLog(this.port, parts.log, { worker: number });
		this.port.on("status", (value) => {
			this.status = value as WorkerStatus;
			this.statusMs = this.clock.monotonic();
		});
		this.port.on("fault", (value) => {
			const { message, stack } = value as WorkerFault;
			parts.fault(Object.assign(new Error(message), { stack }));
		});
		this.failed.promise.catch(() => undefined);
		this.thread.onerror = (event) => {
			event.preventDefault();
			this.died(event.message);
		};
		this.thread.addEventListener("close", () => {
			this.ended.resolve();
			this.died("it has ended by itself");
		});
	}

	start(): void {
		this.port.open();
	}

	/** Opens its node. Rejects with `BindError` or `RangeError`. */
	async open(listeners: {
		readonly http: ListenerSpec | undefined;
		readonly tcp: ListenerSpec | undefined;
		readonly share: number;
	}): Promise<WorkerBound> {
		const { version, connectionsMax } = this.parts;
		const { share } = listeners;
		const shared = (spec: ListenerSpec | undefined) => spec && { ...spec, shared: true };
		const config = { ...this.parts.config, http: shared(listeners.http), tcp: shared(listeners.tcp) };
		const setup: WorkerSetup = { config, version, connectionsMax, share, worker: this.number };
		try {
			const bound = (await Promise.race([this.caller.call("open", [setup]), this.failed.promise])) as WorkerBound;
			this.http = bound.http;
			this.tcp = bound.tcp;
			return bound;
		} catch (cause) {
			throw cause instanceof ThrownElsewhere ? asItWas(cause) : cause;
		}
	}

	/** Resolves also when the worker has ended meanwhile. */
	async call(what: "stopListening" | "drain" | "close", ...args: readonly number[]): Promise<void> {
		await Promise.race([this.caller.call(what, args), this.ended.promise]);
	}

	get sessions(): number {
		return this.status.sessions;
	}

	/** Lateness counts from the last report. */
	get loopWorstMs(): number {
		const silentMs = this.statusMs === undefined ? 0 : this.clock.monotonic() - this.statusMs - STATUS_MS;
		return Math.max(this.status.loopWorstMs, silentMs);
	}

	get trouble(): string | undefined {
		return this.status.trouble;
	}

	/** Its metrics now, or as they were. */
	async snapshot(): Promise<readonly FamilySnapshot[]> {
		const { promise, resolve } = Promise.withResolvers<void>();
		const cancel = this.clock.after(SNAPSHOT_MS, resolve);
		const asked = this.caller.call("metrics", []).then((snapshot) => {
			this.lastSnapshot = snapshot as readonly FamilySnapshot[];
		});
		await Promise.race([asked, promise, this.ended.promise]);
		cancel();
		return this.lastSnapshot;
	}

	/** Terminates the thread. */
	async end(): Promise<void> {
		this.isEnding = true;
		this.port.close();
		this.thread.terminate();
		await this.ended.promise;
	}

	private died(why: string): void {
		const cause = new Error(`worker ${this.number}: ${why}`);
		this.failed.reject(cause);
		if (this.isEnding) return;
		this.isEnding = true;
		this.parts.fault(cause);
	}
}

/** The errors of opening listeners, which say what to do. */
function asItWas(cause: ThrownElsewhere): Error {
	if (cause.thrown === "BindError") return new BindError(cause.code, cause.message, cause);
	return cause.thrown === "RangeError" ? new RangeError(cause.message, { cause }) : cause;
}
