// Group commit, the same for every implementation: one batch is being committed, and what arrives meanwhile is the next. One
// sync of the disk thus serves all drafts that came during the one before, and the more load there is, the larger the batches.
//
// Order: a batch's listeners are told before its promises resolve, batch after batch. The next batch is handed to the committer
// before that, so that the disk works while the event loop delivers.
import type { Clock } from "../base/clock.ts";
import { longText } from "../base/entry-size.ts";
import type { Ruling } from "../log/decide.ts";
import { Idle } from "./idle.ts";
import { type Settled, settle } from "./settle.ts";
import type { Committed, Draft, Outcome, StoreEvents, StoreStats } from "./store.ts";

export interface BatchLimits {
	/** Drafts that may wait for the next batch; beyond: `busy`. Bounds memory when the disk is slower than the senders. */
	readonly draftsWaitingMax: number;
	/** About what they may hold together, in bytes; a single draft always fits. */
	readonly draftBytesWaitingMax: number;
	/** Drafts in one batch. Bounds how long a batch can take, hence how long others wait. */
	readonly batchDraftsMax: number;
}

export const BATCH_LIMITS: BatchLimits = {
	draftsWaitingMax: 20_000,
	draftBytesWaitingMax: 64 * 1024 * 1024,
	batchDraftsMax: 4_096,
};

/**
 * What became of a batch: a ruling for each draft, in order, with the words of an error if single drafts failed by our mistake;
 * or why nothing of it was written.
 */
export type BatchResult =
	| { readonly rulings: readonly Ruling[]; readonly error?: string }
	| { readonly rulings?: undefined; readonly error: string };

/** Carries a batch out in one transaction and resolves when it is durable. Never rejects but by our bug. */
export type Committer = (drafts: readonly Draft[]) => Promise<BatchResult>;

export class Batches {
	private readonly clock: Pick<Clock, "monotonic" | "soon">;
	private readonly commit: Committer;
	private readonly limits: BatchLimits;
	private events: StoreEvents | undefined;
	private waiting: Waiting[] = [];
	private waitingBytes = 0;
	/**
	 * When the first draft of each batch to come was appended (monotonic ms): batches are cut from the front in whole lengths, so
	 * a mark at each such length tells the age of every batch's oldest draft, at no cost for the others.
	 */
	private readonly marks: number[] = [];
	/** The mark of the batch that is being committed. */
	private committingSinceMs: number | undefined;
	/** A batch is being committed, or will begin at the end of this turn. */
	private isBusy = false;
	private isClosed = false;
	private readonly idle = new Idle();
	private batches = 0;
	private drafts = 0;

	constructor(clock: Pick<Clock, "monotonic" | "soon">, commit: Committer, limits: BatchLimits) {
		this.clock = clock;
		this.commit = commit;
		this.limits = limits;
	}

	listen(events: StoreEvents): void {
		this.events = events;
	}

	/** Tells of entries that were committed although their batch was answered otherwise, or not at all. */
	announce(committed: readonly Committed[]): void {
		if (committed.length > 0) this.tell((events) => events.committed(committed));
	}

	append(draft: Draft): Promise<Outcome> {
		if (this.isClosed) return Promise.resolve(UNAVAILABLE);
		const { draftsWaitingMax, draftBytesWaitingMax, batchDraftsMax } = this.limits;
		const bytes = bytesOf(draft);
		if (this.waiting.length >= draftsWaitingMax) return Promise.resolve(BUSY);
		if (this.waitingBytes + bytes > draftBytesWaitingMax && this.waiting.length > 0) return Promise.resolve(BUSY);
		const { promise, resolve } = Promise.withResolvers<Outcome>();
		if (this.waiting.length % batchDraftsMax === 0) this.marks.push(this.clock.monotonic());
		this.waiting.push({ draft, resolve });
		this.waitingBytes += bytes;
		if (!this.isBusy) {
			this.isBusy = true;
			// At the end of the turn: all that this turn brings goes into one batch.
			this.clock.soon(() => this.next());
		}
		return promise;
	}

	stats(): StoreStats {
		const { batches, drafts, waiting, waitingBytes } = this;
		const oldestAtMs = this.committingSinceMs ?? this.marks[0];
		const oldestMs = oldestAtMs === undefined ? 0 : this.clock.monotonic() - oldestAtMs;
		return { batches, drafts, waiting: waiting.length, waitingBytes, oldestMs };
	}

	/** Takes no more drafts and resolves when those taken are done. */
	close(): Promise<void> {
		this.isClosed = true;
		return this.isBusy ? this.idle.wait() : Promise.resolve();
	}

	private next(): void {
		if (this.waiting.length === 0) {
			this.isBusy = false;
			this.committingSinceMs = undefined;
			return;
		}
		const batch = this.take();
		const startMs = this.clock.monotonic();
		void this.carryOut(batch.map(({ draft }) => draft)).then((result) => {
			const commitMs = this.clock.monotonic() - startMs;
			this.next();
			this.settle(batch, result, commitMs);
			if (!this.isBusy) this.idle.reached();
		});
	}

	/** A committer that throws has refused its batch: whoever says it again is told what became of it. */
	private async carryOut(drafts: readonly Draft[]): Promise<BatchResult> {
		try {
			return await this.commit(drafts);
		} catch (cause) {
			this.events?.broken(cause);
			return { error: cause instanceof Error ? cause.message : String(cause) };
		}
	}

	private take(): readonly Waiting[] {
		this.committingSinceMs = this.marks.shift();
		if (this.waiting.length > this.limits.batchDraftsMax) {
			const batch = this.waiting.splice(0, this.limits.batchDraftsMax);
			for (const { draft } of batch) this.waitingBytes -= bytesOf(draft);
			return batch;
		}
		const batch = this.waiting;
		this.waiting = [];
		this.waitingBytes = 0;
		return batch;
	}

	/** Tells the listeners, then the callers. A listener that throws is our bug: the others are told all the same, and no caller waits for ever. */
	private settle(batch: readonly Waiting[], result: BatchResult, commitMs: number): void {
		const { rulings, error } = result;
		const settled = this.settled(batch, result);
		if (rulings) {
			this.batches += 1;
			this.drafts += batch.length;
		}
		this.announce(settled.committed);
		this.tell((events) => events.batch({ drafts: batch.length, commitMs, ...(error === undefined ? {} : { error }) }));
		for (const [i, { resolve }] of batch.entries()) resolve(settled.outcomes[i] ?? UNAVAILABLE);
	}

	private settled(batch: readonly Waiting[], { rulings }: BatchResult): Settled {
		if (rulings === undefined) return NOTHING;
		try {
			return settle(
				batch.map(({ draft }) => draft),
				rulings,
			);
		} catch (cause) {
			this.events?.broken(cause);
			return NOTHING;
		}
	}

	private tell(what: (events: StoreEvents) => void): void {
		const { events } = this;
		if (events === undefined) return;
		try {
			what(events);
		} catch (cause) {
			events.broken(cause);
		}
	}
}

/** About what a draft holds, in bytes: its text, which may be two bytes a character in memory, and an allowance for the rest. */
function bytesOf(draft: Draft): number {
	if (draft.kind === "entry") return (draft.body.case === "message" ? 256 : 512) + 2 * longText(draft.body).length;
	const send = draft.kind === "direct" || draft.kind === "refuse" ? draft.send : undefined;
	return 512 + 2 * (send === undefined ? 0 : longText(send.body).length);
}

interface Waiting {
	readonly draft: Draft;
	readonly resolve: (outcome: Outcome) => void;
}

const NOTHING: Settled = { outcomes: [], committed: [] };
const UNAVAILABLE: Outcome = { ok: false, code: "unavailable" };
const BUSY: Outcome = { ok: false, code: "busy" };
