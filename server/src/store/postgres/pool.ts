// The connection pool for reads, with a bounded queue and a circuit breaker.
import { BrokenCircuitError, CircuitState, ConstantBackoff, circuitBreaker, handleWhen, SamplingBreaker } from "cockatiel";
import type { Cancel, Clock } from "../../base/clock.ts";
import type { Connection } from "./connection.ts";
import { sqlState, troubleOf } from "./errors.ts";

export interface PoolLimits {
	/** Kept open. */
	readonly connectionsMin: number;
	readonly connectionsMax: number;
	/** Beyond the fewest, a connection that was not used for this long is closed. */
	readonly idleMs: number;
	/** For a connection to be free. */
	readonly waitMs: number;
	/** Who waits for one; beyond, refused at once. */
	readonly waitingMax: number;
}

export const POOL_LIMITS: PoolLimits = {
	connectionsMin: 1,
	connectionsMax: 8,
	idleMs: 60_000,
	waitMs: 3_000,
	waitingMax: 2_000,
};

/** Of the reads of the last seconds, the share of failures at which nobody tries for a while. */
const BREAK_SHARE = 0.5;
const BREAK_OVER_MS = 5_000;
const BREAK_MS = 1_000;
/** Fewer say little. */
const BREAK_PER_SECOND_MIN = 2;

interface Idle {
	readonly connection: Connection;
	readonly cancel: Cancel;
}

export class Pool {
	private readonly open: () => Promise<Connection>;
	private readonly clock: Pick<Clock, "after">;
	private readonly limits: PoolLimits;
	private readonly idle: Idle[] = [];
	private readonly waiting: ((connection: Connection | undefined) => void)[] = [];
	private count = 0;
	private isClosed = false;
	private readonly breaker = circuitBreaker(handleWhen(isFailure), {
		halfOpenAfter: new ConstantBackoff(BREAK_MS),
		breaker: new SamplingBreaker({ threshold: BREAK_SHARE, duration: BREAK_OVER_MS, minimumRps: BREAK_PER_SECOND_MIN }),
	});

	constructor(open: () => Promise<Connection>, clock: Pick<Clock, "after">, limits: PoolLimits) {
		this.open = open;
		this.clock = clock;
		this.limits = limits;
	}

	/** Connections that are there, and how many ask for one. */
	get stats(): { readonly connections: number; readonly waiting: number; readonly isBroken: boolean } {
		return { connections: this.count, waiting: this.waiting.length, isBroken: this.breaker.state === CircuitState.Open };
	}

	/**
	 * Runs `task` with a connection of its own. A connection that turns out to be lost is replaced once: what is done here may be done twice.
	 * Rejects with what goes wrong.
	 */
	run<T>(task: (connection: Connection) => Promise<T>): Promise<T> {
		return this.breaker.execute(async () => {
			try {
				return await this.runOnce(task);
			} catch (cause) {
				if (this.isClosed || troubleOf(cause) !== "lost" || cause instanceof PoolError) throw cause;
				return await this.runOnce(task);
			}
		});
	}

	/** Closes what is idle now, and the others as they come back. */
	async close(): Promise<void> {
		this.isClosed = true;
		for (const give of this.waiting.splice(0)) give(undefined);
		await Promise.all(this.idle.splice(0).map((one) => this.end(one)));
	}

	private async runOnce<T>(task: (connection: Connection) => Promise<T>): Promise<T> {
		const connection = await this.take();
		try {
			return await task(connection);
		} catch (cause) {
			if (troubleOf(cause) === "lost") connection.destroy();
			throw cause;
		} finally {
			this.giveBack(connection);
		}
	}

	private async take(): Promise<Connection> {
		if (this.isClosed) throw new PoolError("the store is closed");
		for (let one = this.idle.pop(); one !== undefined; one = this.idle.pop()) {
			one.cancel();
			if (one.connection.isOpen) return one.connection;
			this.count--;
		}
		if (this.count < this.limits.connectionsMax) return this.make();
		if (this.waiting.length >= this.limits.waitingMax) throw new PoolError("too many reads wait for a connection");
		const connection = await this.wait();
		if (connection !== undefined) return connection;
		if (this.isClosed || this.count >= this.limits.connectionsMax) throw new PoolError("no connection was free in time");
		return this.make();
	}

	private async make(): Promise<Connection> {
		this.count++;
		try {
			return await this.open();
		} catch (cause) {
			this.count--;
			throw cause;
		}
	}

	/** The next that is given back; undefined when the time is over, or a place is free for a new one. */
	private wait(): Promise<Connection | undefined> {
		return new Promise((resolve) => {
			const give = (connection: Connection | undefined): void => {
				cancel();
				resolve(connection);
			};
			const cancel = this.clock.after(this.limits.waitMs, () => {
				this.waiting.splice(this.waiting.indexOf(give), 1);
				resolve(undefined);
			});
			this.waiting.push(give);
		});
	}

	private giveBack(connection: Connection): void {
		if (!connection.isOpen || this.isClosed) {
			this.count--;
			void connection.close();
			this.waiting.shift()?.(undefined);
			return;
		}
		const next = this.waiting.shift();
		if (next !== undefined) return next(connection);
		const cancel = this.clock.after(this.limits.idleMs, () => {
			if (this.count <= this.limits.connectionsMin) return;
			const at = this.idle.findIndex((one) => one.connection === connection);
			const [one] = at < 0 ? [] : this.idle.splice(at, 1);
			if (one !== undefined) void this.end(one);
		});
		this.idle.push({ connection, cancel });
	}

	private async end({ connection, cancel }: Idle): Promise<void> {
		cancel();
		this.count--;
		await connection.close();
	}
}

/** There is no connection to be had. */
export class PoolError extends Error {}

/** What speaks against the database, not against the question. */
function isFailure(cause: Error): boolean {
	return !(cause instanceof BrokenCircuitError) && (sqlState(cause) === undefined || troubleOf(cause) === "lost");
}
