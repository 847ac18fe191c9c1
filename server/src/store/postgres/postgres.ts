// The store on PostgreSQL. Batches go over lanes, each with a connection of its own; reads over a
// small pool. What is acknowledged is durable there (`synchronous_commit`). Nothing is cached between transactions.
import { LIMITS } from "@verbatim/protocol";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { RuleLimits } from "../../log/decide.ts";
import { REFUSED_LIMITS, type RefusedLimits } from "../../log/refused.ts";
import { BATCH_LIMITS, Batches, type BatchLimits } from "../batches.ts";
import type { Store } from "../store.ts";
import { type PostgresAddress, parsePostgresAddress } from "./address.ts";
import { checkServer } from "./check.ts";
import type { Connection } from "./connection.ts";
import { explained } from "./explain.ts";
import { Hosts } from "./hosts.ts";
import { Lane } from "./lane.ts";
import { migrate } from "./migrate.ts";
import { POOL_LIMITS, Pool, type PoolLimits } from "./pool.ts";
import { createReads } from "./reads.ts";
import { Router } from "./router.ts";
import { laneName } from "./stuck.ts";
import { POSTGRES_TIMES, type PostgresTimes } from "./times.ts";
import { createUpkeep, forgetNodes } from "./upkeep.ts";

export { type PostgresOpenCode, PostgresOpenError } from "./open-error.ts";

export interface PostgresStoreOptions {
	/** Of this process alone: another each time that it starts. */
	readonly node: string;
	readonly clock?: Pick<Clock, "after" | "monotonic" | "soon">;
	readonly limits?: Partial<RuleLimits & RefusedLimits & BatchLimits>;
	readonly lanes?: number;
	readonly pool?: Partial<PoolLimits>;
	readonly times?: Partial<PostgresTimes>;
}

/** A transaction holds its locks for as long as it is: smaller batches than those of a store that nobody else waits for. */
export const BATCH_DRAFTS_MAX = 1_000;
export const LANES = 4;

/** How many connections a server opens at most. */
export function connectionsOf({ lanes = LANES, pool }: Pick<PostgresStoreOptions, "lanes" | "pool"> = {}): number {
	return lanes + { ...POOL_LIMITS, ...pool }.connectionsMax;
}

/** Opens the store at the address, whose database is brought to the present schema. Rejects with `PostgresOpenError`. */
export async function openPostgresStore(address: string | PostgresAddress, options: PostgresStoreOptions): Promise<Store> {
	const { targets, shown } = typeof address === "string" ? parsePostgresAddress(address) : address;
	const clock = options.clock ?? systemClock;
	const limits = { ...BATCH_LIMITS, ...LIMITS, ...REFUSED_LIMITS, batchDraftsMax: BATCH_DRAFTS_MAX, ...options.limits };
	const times = { ...POSTGRES_TIMES, ...options.times };
	const poolLimits = { ...POOL_LIMITS, ...options.pool };
	const laneCount = options.lanes ?? LANES;
	const hosts = new Hosts({ targets, shown });
	const open = (name: string, pipeline: boolean): Promise<Connection> =>
		hosts.open({ connectMs: times.connectMs, answerMs: times.answerMs, pipeline, name });
	const pool = new Pool(() => open("verbatim reads", false), clock, poolLimits);
	const lanes = Array.from({ length: laneCount }, (_, index) => {
		const lane: Lane = new Lane(
			{
				clock,
				limits,
				times,
				open: () => open(laneName(index), true),
				onRecovered: (committed) => batches.announce(committed),
			},
			options.node,
			index,
		);
		const batches = new Batches(clock, (drafts) => lane.commit(drafts), limits);
		return {
			lane,
			batches,
			get isReady() {
				return lane.isReady;
			},
		};
	});
	const router = new Router(lanes, limits.draftsWaitingMax);
	try {
		const first = await open("verbatim start", false);
		try {
			await checkServer(first, shown, connectionsOf(options));
			await migrate(first, clock);
			await forgetNodes(first);
		} finally {
			await first.close();
		}
		await Promise.all(lanes.map(({ lane }) => lane.open()));
	} catch (cause) {
		await Promise.all(lanes.map(({ lane }) => lane.close()));
		throw explained(shown, cause);
	}
	let closed: Promise<void> | undefined;
	const close = async (): Promise<void> => {
		const done = router.close();
		for (const { lane } of lanes) if (!lane.isConnected) lane.giveUp();
		await done;
		await Promise.all(lanes.map(({ lane, batches }) => batches.close().then(() => lane.close())));
		await pool.close();
	};
	const stats = (): ReturnType<Store["stats"]> => {
		const all = lanes.map(({ batches }) => batches.stats());
		const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
		return {
			batches: sum(({ batches }) => batches),
			drafts: sum(({ drafts }) => drafts),
			waiting: router.waiting,
			waitingBytes: sum(({ waitingBytes }) => waitingBytes),
			oldestMs: Math.max(...all.map(({ oldestMs }) => oldestMs)),
			connections: pool.stats.connections + lanes.filter(({ lane }) => lane.isConnected).length,
			readsWaiting: pool.stats.waiting,
		};
	};
	const upkeep = createUpkeep(pool, options.node, () => closed === undefined && lanes.every(({ lane }) => lane.isReady));

	return {
		append: (draft) => router.append(draft),
		listen: (events) => {
			for (const { batches } of lanes) batches.listen(events);
		},
		...createReads(pool),
		...upkeep,
		stats,
		close() {
			closed ??= close();
			return closed;
		},
	};
}
