// The store in memory: for tests, for the simulator, and for whoever wants to try a server without a disk. It forms batches as
// every store does, takes its time from the clock it is given and is deterministic. "Durable" lasts as long as its disk.
import { LIMITS, Refusal } from "@verbatim/protocol";
import type { Clock } from "../../clock.ts";
import { BATCH_LIMITS, Batches, type BatchLimits, type BatchResult } from "../batches.ts";
import { otherThan } from "../epochs.ts";
import { carryOut, type RuleLimits, type Ruling } from "../rules.ts";
import type { Draft, Store } from "../store.ts";
import { directKey } from "../tables.ts";
import { type MemoryDisk, newMemoryDisk } from "./disk.ts";
import { readGuests, readMembers, readPage, readPublicRooms, readRoomsOf, readUsers, viewOf } from "./reads.ts";
import { MemoryTables } from "./tables.ts";

export interface MemoryStoreOptions {
	readonly clock: Pick<Clock, "after" | "monotonic" | "soon">;
	/** Given to one store after the other: a server started again. Absent: a new one. */
	readonly disk?: MemoryDisk;
	readonly limits?: Partial<RuleLimits & BatchLimits>;
}

/** What can go wrong with a disk, on demand. */
export interface MemoryFaults {
	/** The next `count` commits are refused: all their drafts get `unavailable`, nothing of them is written. */
	failCommits(count: number): void;
	/** Each commit takes this long from now on; 0: until the end of the turn. Nothing of it is to be read before. */
	delayCommits(ms: number): void;
	/** Each answer of a read comes this late from now on, as it was when asked. */
	delayReads(ms: number): void;
}

export interface MemoryStore extends Store {
	readonly faults: MemoryFaults;
}

export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
	const { clock } = options;
	const disk = options.disk ?? newMemoryDisk();
	const limits = { ...BATCH_LIMITS, roomsPerUserMax: LIMITS.roomsPerUserMax, seqMax: LIMITS.seqMax, ...options.limits };
	const tables = new MemoryTables(disk);
	let failing = 0;
	let commitDelayMs = 0;
	let readDelayMs = 0;
	let isClosed = false;

	const wait = (ms: number): Promise<void> =>
		new Promise((resolve) => {
			if (ms > 0) clock.after(ms, resolve);
			else clock.soon(resolve);
		});
	const commit = async (drafts: readonly Draft[]): Promise<BatchResult> => {
		await wait(commitDelayMs);
		if (failing > 0) {
			failing--;
			return { error: "the disk was told to fail" };
		}
		return carryOutAll(tables, drafts, limits);
	};
	const batches = new Batches(clock, commit, limits);
	const read = async <T>(ask: () => T): Promise<T> => {
		if (isClosed) throw new Refusal("unavailable");
		const answer = ask();
		if (readDelayMs > 0) await wait(readDelayMs);
		return answer;
	};
	const channel = (id: string | undefined) => {
		const row = disk.rooms.get(id ?? "")?.row;
		return row && { ...row };
	};

	return {
		faults: {
			failCommits(count) {
				failing = count;
			},
			delayCommits(ms) {
				commitDelayMs = ms;
			},
			delayReads(ms) {
				readDelayMs = ms;
			},
		},
		append: (draft) => batches.append(draft),
		listen: (events) => batches.listen(events),
		page: (room, bound, limit, bytesMax) => read(() => readPage(disk, room, bound, limit, bytesMax)),
		room: (id, userId) =>
			read(() => {
				const room = disk.rooms.get(id);
				return room && viewOf(disk, room, userId);
			}),
		roomBySkeleton: (skeleton) => read(() => channel(disk.roomBySkeleton.get(skeleton))),
		directRoom: (a, b) => read(() => channel(disk.roomByDirectKey.get(directKey(a, b)))),
		roomsOf: (userId) => read(() => readRoomsOf(disk, userId)),
		publicRooms: (userId, afterName, limit) => read(() => readPublicRooms(disk, userId, afterName, limit)),
		members: (room) => read(() => readMembers(disk, room)),
		user: (id) => read(() => disk.users.get(id)),
		userBySkeleton: (skeleton) => read(() => disk.users.get(disk.userBySkeleton.get(skeleton) ?? "")),
		userByExternal: (external) => read(() => disk.users.get(disk.userByExternal.get(external) ?? "")),
		users: (afterId, limit) => read(() => readUsers(disk, afterId, limit)),
		guests: (which, nowMs, limit) => read(() => readGuests(disk, which, nowMs, limit)),
		renewEpochs: (epochs) =>
			read(() => {
				for (const { row } of disk.rooms.values()) Object.assign(row, { epoch: otherThan(row.epoch, epochs()) });
			}),
		putOnce: (key, value) =>
			read(() => {
				const kept = disk.kept.get(key) ?? value;
				disk.kept.set(key, kept);
				return kept;
			}),
		stats: () => batches.stats(),
		healthy: () => Promise.resolve(!isClosed && failing === 0),
		async close() {
			await batches.close();
			isClosed = true;
		},
	};
}

/** A draft that fails by our mistake leaves nothing, fails alone, and its error is told with the batch. */
function carryOutAll(tables: MemoryTables, drafts: readonly Draft[], limits: RuleLimits): BatchResult {
	let error: string | undefined;
	const rulings = drafts.map((draft): Ruling => {
		try {
			const ruling = carryOut(tables, draft, limits);
			tables.keep();
			return ruling;
		} catch (cause) {
			tables.undo();
			error = String(cause);
			return { ok: false, code: "internal" };
		}
	});
	return { rulings, ...(error === undefined ? {} : { error }) };
}
