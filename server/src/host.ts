// What serves clients, as main.ts sees it: a node in this thread (node.ts), or one in each of several worker threads (workers.ts).
import type { Account } from "./account/accounts.ts";
import type { Clock, Random } from "./base/clock.ts";
import type { Family, Metrics } from "./base/metrics.ts";
import type { BoundListener } from "./listen/listeners.ts";
import type { PageAssets } from "./listen/web/page.ts";
import type { Config } from "./ops/config/config.ts";
import type { LineLog } from "./ops/log/log.ts";

export interface HostParts {
	readonly config: Config;
	readonly clock: Clock;
	readonly random: Random;
	readonly log: LineLog;
	readonly metrics: Metrics;
	readonly page: PageAssets;
	/** Name and version, for every welcome. */
	readonly version: string;
	/** Of all nodes together. */
	readonly connectionsMax: number;
}

export interface Host {
	/** Undefined: off. */
	readonly http: BoundListener | undefined;
	readonly tcp: BoundListener | undefined;
	/** Ends the user's sessions of an earlier generation, and those being welcomed. */
	endUser(user: Pick<Account, "id" | "generation">, why: "banned" | "expired"): void;
	/** The metrics of all its threads, this one among them, as one. */
	families(): Promise<readonly Family[]>;
	/** The worst lateness of its event loops in the last few seconds, in ms. */
	loopWorstMs(): number;
	/** Why sends are refused now, by any node; undefined: they are not. */
	trouble(): string | undefined;
	stopListening(): Promise<void>;
	/** Waits for commands in flight, then tells every client to reconnect later; spread over half of `withinMs` at most. */
	drain(withinMs: number): Promise<void>;
	/** Waits until all connections have ended, `withinMs` at most, cuts the rest, and stops all of it. */
	close(withinMs: number): Promise<void>;
}
