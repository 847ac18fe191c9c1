// The server's disk: a journal of synced batches, from which the tables are rebuilt after a crash. A batch in flight at a power loss is
// kept or lost by seed; both are right, because it was not acknowledged. An earlier length of the journal is a backup.

import { type Entry, Refusal } from "@verbatim/protocol";
import {
	type BatchResult,
	carryOutAll,
	type Draft,
	type MemoryDisk,
	newMemoryDisk,
	type RefusedLimits,
	type RuleLimits,
	type StorageIo,
} from "@verbatim/server/parts";
import type { Chance } from "./chance.ts";
import type { Machine } from "./machine.ts";
import type { Recorder } from "./recorder.ts";

type Synced = { readonly drafts: readonly Draft[] } | { readonly epochs: ReadonlyMap<string, number> };

interface Pending {
	readonly machine: Machine;
	readonly execute: () => void;
}

export interface DiskSettings {
	readonly commitMs: number;
	readonly commitReplyMs: number;
	readonly readMs: number;
	readonly rules: RuleLimits & RefusedLimits;
}

export class SimDisk {
	memory: MemoryDisk = newMemoryDisk();
	/** Each commit and each read takes this much longer, ms. */
	slowCommitsMs = 0;
	slowReadsMs = 0;
	/** Commits fail. */
	failing = false;
	/** Reads fail. */
	failingReads = false;
	private readonly chance: Chance;
	private readonly recorder: Recorder;
	private readonly settings: DiskSettings;
	private journal: Synced[] = [];
	private pending: Pending[] = [];
	private readonly heads = new Map<string, number>();
	private boots = 0;

	constructor(chance: Chance, recorder: Recorder, settings: DiskSettings) {
		this.chance = chance;
		this.recorder = recorder;
		this.settings = settings;
	}

	/** How much is in it: a backup can be taken here. */
	get synced(): number {
		return this.journal.length;
	}

	/** The disk as a process sees it that has just started. */
	io(machine: Machine): StorageIo {
		const handle = `handle ${++this.boots}`;
		const wait = (ms: number, task: () => void): void => {
			if (ms > 0) machine.after(ms, task);
			else machine.soon(task);
		};
		const some = (ms: number): number => (ms === 0 ? 0 : ms * this.chance.float());
		const self = this;
		return {
			commit: (drafts, execute) =>
				new Promise<BatchResult>((resolve) => {
					let result: BatchResult | undefined;
					const pending: Pending = {
						machine,
						execute: () => {
							result = execute();
							self.sync(drafts, handle);
						},
					};
					this.pending.push(pending);
					wait(some(this.settings.commitMs) + this.slowCommitsMs, () => {
						this.pending = this.pending.filter((each) => each !== pending);
						if (this.failing) {
							resolve({ error: "the disk is out of order" });
							return;
						}
						pending.execute();
						// The news of it may come later than the thing itself.
						wait(some(this.settings.commitReplyMs), () => resolve(result ?? { error: "nothing was carried out" }));
					});
				}),
			read: (look) => {
				if (this.failingReads) return Promise.reject(new Refusal("unavailable"));
				if (this.settings.readMs === 0 && this.slowReadsMs === 0) return Promise.resolve(look());
				return new Promise((resolve) => {
					wait(some(this.settings.readMs) + this.slowReadsMs * this.chance.float(), () => {
						const answer = look();
						wait(some(this.settings.readMs) + this.slowReadsMs * this.chance.float(), () => resolve(answer));
					});
				});
			},
			get healthy() {
				return !self.failing;
			},
		};
	}

	/** Carries `drafts` out while nobody uses it. */
	populate(drafts: readonly Draft[]): void {
		carryOutAll(this.memory, drafts, this.settings.rules);
		this.sync(drafts, "before the run");
	}

	/** The process that used it is gone, whatever it was doing. What was synced is what there is now. */
	crash(): void {
		// One after the other: of what was being written, a part from the beginning may have got through.
		for (const { execute } of this.pending) {
			if (this.failing || this.chance.hit(0.5)) break;
			execute();
		}
		this.pending = [];
		this.rebuild();
	}

	/** Puts back the state of when `synced` was `at`; every log gets another epoch. */
	restore(at: number, nextEpoch: () => number): void {
		this.journal = this.journal.slice(0, at);
		const before = new Map([...this.memory.rooms].map(([id, { row }]) => [id, row.epoch]));
		this.rebuild();
		const epochs = new Map([...this.memory.rooms.keys()].map((id) => [id, nextEpoch()]));
		this.journal.push({ epochs });
		this.rebuild();
		for (const [id, { row }] of this.memory.rooms) {
			this.recorder.add({ kind: "restored", room: id, before: before.get(id) ?? 0, epoch: row.epoch, head: row.head });
		}
	}

	/** The id of the room of this name, in whatever case it is written. */
	roomNamed(name: string): string | undefined {
		for (const { row } of this.memory.rooms.values()) if (row.name.toLowerCase() === name) return row.id;
		return undefined;
	}

	/** The whole log of every room. */
	*logs(): Iterable<{ readonly room: string; readonly epoch: number; readonly entries: readonly Entry[] }> {
		for (const [room, { row, log }] of this.memory.rooms) yield { room, epoch: row.epoch, entries: log };
	}

	private sync(drafts: readonly Draft[], handle: string): void {
		this.journal.push({ drafts });
		for (const [room, { row }] of this.memory.rooms) {
			const before = this.heads.get(room) ?? 0;
			if (row.head === before) continue;
			this.heads.set(room, row.head);
			this.recorder.add({ kind: "commit", room, epoch: row.epoch, from: before + 1, to: row.head, handle });
		}
	}

	private rebuild(): void {
		this.memory = newMemoryDisk();
		for (const synced of this.journal) {
			if ("drafts" in synced) carryOutAll(this.memory, synced.drafts, this.settings.rules);
			else for (const [id, epoch] of synced.epochs) Object.assign(this.memory.rooms.get(id)?.row ?? {}, { epoch });
		}
		this.heads.clear();
		for (const [room, { row }] of this.memory.rooms) this.heads.set(room, row.head);
	}
}
