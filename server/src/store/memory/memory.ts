// The store in memory: for tests, for the simulator, and for whoever wants to try a server without a disk. It forms batches as
// every store does, takes its time from the clock it is given and is deterministic. "Durable" lasts as long as its disk.
import { LIMITS, Refusal } from "@verbatim/protocol";
import type { Clock } from "../../base/clock.ts";
import { nextEpoch } from "../../base/ids.ts";
import { decideOn, type RuleLimits } from "../../log/decide.ts";
import { directKey } from "../../log/records.ts";
import { prune, REFUSED_LIMITS, type RefusedLimits } from "../../log/refused.ts";
import { BATCH_LIMITS, Batches, type BatchLimits, type BatchResult } from "../batches.ts";
import type { Draft, Store } from "../store.ts";
import { applyTo } from "./apply.ts";
import { type MemoryDisk, newMemoryDisk } from "./disk.ts";
import { loadFrom } from "./load.ts";
import {
	readGuests,
	readHeads,
	readMembers,
	readPage,
	readPublicRooms,
	readRoomsOf,
	readUserMarks,
	readUsers,
	viewOf,
} from "./reads.ts";
import { faultableIo, type MemoryFaults, type StorageIo } from "./storage-io.ts";

export interface MemoryStoreOptions {
	readonly clock: Pick<Clock, "after" | "monotonic" | "soon">;
	/** Given to one store after the other: a server started again. Absent: a new one. */
	readonly disk?: MemoryDisk;
	/** When what is written is durable. Absent: one that obeys `faults`; with `io` of one's own these do nothing. */
	readonly io?: StorageIo;
	readonly limits?: Partial<RuleLimits & RefusedLimits & BatchLimits>;
}

export interface MemoryStore extends Store {
	readonly faults: MemoryFaults;
}

export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
	const { clock } = options;
	const disk = options.disk ?? newMemoryDisk();
	const limits = { ...BATCH_LIMITS, ...LIMITS, ...REFUSED_LIMITS, ...options.limits };
	const ordinary = faultableIo(clock);
	const io = options.io ?? ordinary;
	let isClosed = false;

	const commit = (drafts: readonly Draft[]): Promise<BatchResult> => io.commit(drafts, () => carryOutAll(disk, drafts, limits));
	const batches = new Batches(clock, commit, limits);
	const read = async <T>(ask: () => T): Promise<T> => {
		if (isClosed) throw new Refusal("unavailable");
		return io.read(ask);
	};
	const channel = (id: string | undefined) => {
		const row = disk.rooms.get(id ?? "")?.row;
		return row && { ...row };
	};

	return {
		faults: ordinary.faults,
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
		heads: (rooms) => read(() => readHeads(disk, rooms)),
		userMarks: (users) => read(() => readUserMarks(disk, users)),
		members: (room, afterId, limit) => read(() => readMembers(disk, room, afterId, limit)),
		user: (id) => read(() => disk.users.get(id)),
		userWithFamily: (id, family) =>
			read(() => {
				const user = disk.users.get(id);
				const found = disk.tokenFamilies.get(family);
				return user && { user, ...(found ? { family: found } : {}) };
			}),
		userBySkeleton: (skeleton) => read(() => disk.users.get(disk.userBySkeleton.get(skeleton) ?? "")),
		userByExternal: (external) => read(() => disk.users.get(disk.userByExternal.get(external) ?? "")),
		users: (afterId, limit) => read(() => readUsers(disk, afterId, limit)),
		guests: (which, nowMs, limit) => read(() => readGuests(disk, which, nowMs, limit)),
		renewEpochs: (epochs) =>
			read(() => {
				for (const { row } of disk.rooms.values()) Object.assign(row, { epoch: nextEpoch(row.epoch, epochs()) });
			}),
		putOnce: (key, value) =>
			read(() => {
				const kept = disk.kept.get(key) ?? value;
				disk.kept.set(key, kept);
				return kept;
			}),
		stats: () => batches.stats(),
		healthy: () => Promise.resolve(!isClosed && io.healthy),
		async close() {
			await batches.close();
			isClosed = true;
		},
	};
}

/** Decides the drafts on what is on the disk, and writes what that gives. */
export function carryOutAll(disk: MemoryDisk, drafts: readonly Draft[], limits: RuleLimits & RefusedLimits): BatchResult {
	const { rulings, changes, error } = decideOn((needs, snapshot) => loadFrom(disk, needs, snapshot), drafts, limits, "every");
	for (const change of changes) applyTo(disk, change);
	const refusal = changes.findLast((change) => change.kind === "refuse");
	if (refusal !== undefined) prune(disk.refused, refusal.send.atMs, limits);
	return { rulings, ...(error === undefined ? {} : { error }) };
}
