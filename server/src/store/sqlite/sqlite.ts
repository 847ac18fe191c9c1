// The store on SQLite: one file set in one folder, a writer and a reader on threads of their own. The default of a server on one
// machine. What is acknowledged is on the disk (write-ahead log, synchronous = FULL, both read back at every opening).
import { LIMITS } from "@verbatim/protocol";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { RuleLimits } from "../../log/decide.ts";
import { directKey } from "../../log/records.ts";
import { REFUSED_LIMITS, type RefusedLimits } from "../../log/refused.ts";
import { BATCH_LIMITS, Batches, type BatchLimits, type BatchResult } from "../batches.ts";
import type { Committed, Draft, Store } from "../store.ts";
import type { WriterFault } from "./calls.ts";
import { takeFolder } from "./folder.ts";
import { Reads } from "./reads.ts";
import { WriterSupervisor } from "./writer-supervisor.ts";

export interface SqliteStoreOptions {
	readonly clock?: Pick<Clock, "after" | "monotonic" | "soon">;
	readonly limits?: Partial<RuleLimits & RefusedLimits & BatchLimits>;
	/** Default: `make`. */
	readonly taking?: "make" | "existing";
}

/** Real trouble on demand, for tests. */
export interface SqliteFaults {
	/** Resolves when the writer knows of it. */
	inject(fault: WriterFault): Promise<void>;
	/** The reader's thread ends. */
	killReader(): Promise<void>;
}

export interface SqliteStore extends Store {
	readonly faults: SqliteFaults;
}

/**
 * Opens the store in `dir`, which is made if it is not there (unless it must be `existing`) and is locked for this process until `close` or the process's end.
 * Rejects with `StoreOpenError`, whose words name the path and what to do.
 */
export async function openSqliteStore(dir: string, options: SqliteStoreOptions = {}): Promise<SqliteStore> {
	const clock = options.clock ?? systemClock;
	const limits = { ...BATCH_LIMITS, ...LIMITS, ...REFUSED_LIMITS, ...options.limits };
	const folder = takeFolder(dir, options.taking);
	const path = folder.databasePath;
	const reads = new Reads(path);
	const writer = new WriterSupervisor({ path, limits }, clock, async (ranges) => {
		const committed = await Promise.all(
			ranges.map(async (range): Promise<Committed> => ({ room: range[0], ...(await reads.range(range)) })),
		);
		batches.announce(committed);
	});
	/** Was the newest batch committed, and not asked about since? That is proof enough that the next can be. */
	let proven = false;
	/** Has a batch failed, and no probe succeeded since? A short message may still find room where the next one does not. */
	let failing = false;
	const commit = async (drafts: readonly Draft[]): Promise<BatchResult> => {
		const result = await writer.commit(drafts);
		proven = result.rulings !== undefined;
		failing ||= !proven;
		return result;
	};
	const batches = new Batches(clock, commit, limits);
	try {
		await writer.open();
		await reads.open();
	} catch (cause) {
		await reads.close();
		await writer.close();
		folder.release();
		throw cause;
	}
	let closed: Promise<void> | undefined;

	const close = async (): Promise<void> => {
		const done = batches.close();
		if (!writer.isReady) writer.giveUp();
		await done;
		await reads.close();
		await writer.close();
		folder.release();
	};

	return {
		faults: {
			inject: async (fault) => void (await writer.ask("inject", fault)),
			killReader: async () => void (await reads.ask("die", undefined).catch(() => null)),
		},
		append: (draft) => batches.append(draft),
		listen: (events) => batches.listen(events),
		page: (room, bound, limit, bytesMax) => reads.page(room, bound, limit, bytesMax),
		room: async (id, userId) => (await reads.ask("room", { id, userId })) ?? undefined,
		roomBySkeleton: async (skeleton) => (await reads.ask("roomBySkeleton", skeleton)) ?? undefined,
		directRoom: async (a, b) => (await reads.ask("directRoom", directKey(a, b))) ?? undefined,
		roomsOf: (userId) => reads.ask("roomsOf", userId),
		publicRooms: (userId, afterName, limit) => reads.ask("publicRooms", { userId, afterName, limit }),
		heads: (rooms) => reads.ask("heads", rooms),
		userMarks: (users) => reads.ask("userMarks", users),
		members: async (room, afterId, limit) => (await reads.ask("members", { room, afterId, limit })) ?? undefined,
		user: async (id) => (await reads.ask("user", id)) ?? undefined,
		userWithFamily: async (id, family) => (await reads.ask("userWithFamily", { id, family })) ?? undefined,
		userBySkeleton: async (skeleton) => (await reads.ask("userBySkeleton", skeleton)) ?? undefined,
		userByExternal: async (external) => (await reads.ask("userByExternal", external)) ?? undefined,
		users: (afterId, limit) => reads.ask("users", { afterId, limit }),
		guests: (which, nowMs, limit) => reads.ask("guests", { which, nowMs, limit }),
		async renewEpochs(epochs) {
			const count = await writer.ask("countRooms", undefined);
			await writer.ask(
				"renewEpochs",
				Array.from({ length: count }, () => epochs()),
			);
		},
		putOnce: (key, value) => writer.ask("putOnce", { key, value }),
		stats: () => batches.stats(),
		async healthy() {
			if (!writer.isReady) return false;
			if (proven && !failing) {
				proven = false;
				return true;
			}
			return writer.ask("probe", failing ? "roomy" : "small").then(
				() => {
					failing = false;
					return true;
				},
				() => false,
			);
		},
		close() {
			closed ??= close();
			return closed;
		},
	};
}
