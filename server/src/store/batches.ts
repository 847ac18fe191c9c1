// Group commit, the same for every implementation: one batch is being committed, and what arrives meanwhile is the next. One
// sync of the disk thus serves all drafts that came during the one before, and the more load there is, the larger the batches.
//
// Order: a batch's listeners are told before its promises resolve, batch after batch. The next batch is handed to the committer
// before that, so that the disk works while the event loop delivers.
import type { Clock } from "../clock.ts";
import type { Ruling } from "./rules.ts";
import { type Settled, settle } from "./settle.ts";
import type { Committed, Draft, Outcome, StoreEvents, StoreStats } from "./store.ts";

export interface BatchLimits {
	/** Drafts that may wait for the next batch; beyond: `busy`. Bounds memory when the disk is slower than the senders. */
	readonly draftsWaitingMax: number;
	/** Drafts in one batch. Bounds how long a batch can take, hence how long others wait. */
	readonly batchDraftsMax: number;
}

export const BATCH_LIMITS: BatchLimits = { draftsWaitingMax: 20_000, batchDraftsMax: 4_096 };

/**
 * What became of a batch: a ruling for each draft, in order, with the words of an error if single drafts failed by our mistake;
 * or why nothing of it was written.
 */
export type BatchResult =
	| { readonly rulings: readonly Ruling[]; readonly error?: string }
	| { readonly rulings?: undefined; readonly error: string };

/** Carries a batch out in one transaction and resolves when it is durable. Never rejects. */
export type Committer = (drafts: readonly Draft[]) => Promise<BatchResult>;

export class Batches {
	private readonly clock: Pick<Clock, "monotonic" | "soon">;
	private readonly commit: Committer;
	private readonly limits: BatchLimits;
	private events: StoreEvents | undefined;
	private waiting: Waiting[] = [];
	/** A batch is being committed, or will begin at the end of this turn. */
	private isBusy = false;
	private isClosed = false;
	private onIdle: (() => void) | undefined;
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
		if (committed.length > 0) this.events?.committed(committed);
	}

	append(draft: Draft): Promise<Outcome> {
		if (this.isClosed) return Promise.resolve(UNAVAILABLE);
		if (this.waiting.length >= this.limits.draftsWaitingMax) return Promise.resolve(BUSY);
		const { promise, resolve } = Promise.withResolvers<Outcome>();
		this.waiting.push({ draft, resolve });
		if (!this.isBusy) {
			this.isBusy = true;
			// At the end of the turn: all that this turn brings goes into one batch.
			this.clock.soon(() => this.next());
		}
		return promise;
	}

	stats(): StoreStats {
		return { batches: this.batches, drafts: this.drafts, waiting: this.waiting.length };
	}

	/** Takes no more drafts and resolves when those taken are done. */
	close(): Promise<void> {
		this.isClosed = true;
		if (!this.isBusy) return Promise.resolve();
		const { promise, resolve } = Promise.withResolvers<void>();
		const before = this.onIdle;
		this.onIdle = () => {
			before?.();
			resolve();
		};
		return promise;
	}

	private next(): void {
		if (this.waiting.length === 0) {
			this.isBusy = false;
			return;
		}
		const batch = this.take();
		const startMs = this.clock.monotonic();
		void this.commit(batch.map(({ draft }) => draft)).then((result) => {
			const commitMs = this.clock.monotonic() - startMs;
			// Settling is due even if the committer of the next batch throws, which would be our bug.
			try {
				this.next();
			} finally {
				this.settle(batch, result, commitMs);
				if (!this.isBusy) this.onIdle?.();
			}
		});
	}

	private take(): readonly Waiting[] {
		if (this.waiting.length > this.limits.batchDraftsMax) return this.waiting.splice(0, this.limits.batchDraftsMax);
		const batch = this.waiting;
		this.waiting = [];
		return batch;
	}

	/** Tells the listeners, then the callers. A listener that throws is our bug: it surfaces, and no caller waits for ever. */
	private settle(batch: readonly Waiting[], result: BatchResult, commitMs: number): void {
		const { rulings, error } = result;
		const drafts = batch.map(({ draft }) => draft);
		const settled: Settled = rulings ? settle(drafts, rulings) : { outcomes: [], committed: [] };
		if (rulings) {
			this.batches += 1;
			this.drafts += batch.length;
		}
		try {
			if (settled.committed.length > 0) this.events?.committed(settled.committed);
			this.events?.batch({ drafts: batch.length, commitMs, ...(error === undefined ? {} : { error }) });
		} finally {
			for (const [i, { resolve }] of batch.entries()) resolve(settled.outcomes[i] ?? UNAVAILABLE);
		}
	}
}

interface Waiting {
	readonly draft: Draft;
	readonly resolve: (outcome: Outcome) => void;
}

const UNAVAILABLE: Outcome = { ok: false, code: "unavailable" };
const BUSY: Outcome = { ok: false, code: "busy" };
