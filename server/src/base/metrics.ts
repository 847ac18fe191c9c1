// What the server counts, as all parts of it take it; `ops/metrics/` keeps it and tells it to the outside.

/** A number that only rises. */
export interface Count {
	add(n?: number): void;
}

/** A number that rises and falls. */
export interface Level {
	set(value: number): void;
	add(n: number): void;
	/** From now on the value is what `read` gives at each scrape. */
	watch(read: () => number): void;
}

/** One count for each value of a label. A hot path keeps the `Count` that `of` gives. */
export interface CountBy {
	add(label: string, n?: number): void;
	of(label: string): Count;
}

/** One level for each value of a label. */
export interface LevelBy {
	of(label: string): Level;
}

/** How often which sizes were seen. */
export interface Histogram {
	observe(value: number): void;
}

export interface Metrics {
	/** Connections open now, by door: `ws`, `tcp`, `line`. */
	readonly connections: LevelBy;
	/** Connections turned away before a session began, by reason: `address`, `total`, `rate`, `origin`, ... */
	readonly refused: CountBy;
	/**
	 * Connections held back or ended because of what they send. Not read for a while: `refusals` (too much was refused to it), `turn` (it
	 * had its share of a turn). Ended: `malformed`, `unauthenticated`, `address`, `held`.
	 */
	readonly throttled: CountBy;
	/** Connections ended, by the name of their close. */
	readonly closes: CountBy;
	/** HTTP requests answered, by status class: `2xx`, `4xx`, ... */
	readonly requests: CountBy;
	/** Requests for the administrators' API, by outcome: `ok` or an error code. */
	readonly admin: CountBy;
	/** Sessions that have been welcomed and still live. */
	readonly sessions: Level;
	/** Hellos, and log-ins, registrations, guests and refreshes over HTTP, by outcome: `ok` or an error code. */
	readonly logins: CountBy;
	/** Sends, over HTTP too, by outcome: `committed`, `repeated`, or the error code of the refusal. */
	readonly sends: CountBy;
	/** Entries handed to a reader's outbox: entries × readers. */
	readonly deliveries: Count;
	/** Seconds from a batch's start until it was durable. */
	readonly commitSeconds: Histogram;
	/** Drafts in a batch. */
	readonly batchDrafts: Histogram;
	/** Batches that the store refused: the disk was full or broken. */
	readonly batchesFailed: Count;
	/** Drafts that wait for the next batch. */
	readonly draftsWaiting: Level;
	/** Seconds for which the oldest draft waits that is not durable yet; 0: none does. */
	readonly oldestDraftSeconds: Level;
	/** Hellos that wait for their turn. */
	readonly hellosWaiting: Level;
	/** How much is let go of, 0 (nothing) to 4 (sends are refused): overload/levels.ts. */
	readonly overloadLevel: Level;
	/** Commands and hellos refused because of overload: `history`, `logins`, `sends`. */
	readonly overloadRefused: CountBy;
	/** Rooms that are live in memory. */
	readonly rooms: Level;
	readonly memberListsBytes: Level;
	/** About what commits hold that came before those which they follow. */
	readonly gapsBytes: Level;
	/** Pages by which rooms were read on from the log, because the bus had not brought what they hold. */
	readonly roomsReadOn: Count;
	/** What the bus had not brought, and a comparison with the store has found: `heads` of rooms, `memberships` or `revoked` of users, `presence`. */
	readonly compared: CountBy;
	/** Bytes queued in all outboxes and not yet taken by the kernel. */
	readonly outboxBytes: Level;
	/** Readers that fell behind and are served from the log. */
	readonly catchUps: Count;
	/** Pages of logs read from the store for readers that were behind; readers at the same place share one. */
	readonly storeReads: Count;
	/** Ranges that a reader was told of instead of being sent them. */
	readonly skipped: Count;
	/** Refusals sent, on sessions and over HTTP, by code. */
	readonly errors: CountBy;
	/** Ephemeral messages dropped or merged for a reader under pressure, by kind: `typing`, `presence`. */
	readonly shed: CountBy;
	/** Frames dropped because their check failed. */
	readonly framesDamaged: Count;
	/** Our own bugs met in service, by place: `session`, `http`, `process`, ... Each is in the log under a trace id. */
	readonly faults: CountBy;
	/** Steps that the table of a session's places in rooms does not have; each is also one of `faults`, and names the step in the log. */
	readonly illegalSteps: Count;
	/** How late a timer fired, in seconds: what everybody on this thread waits. */
	readonly loopLagSeconds: Histogram;
	/** All of the above as data, for the scrape. */
	readonly families: readonly Family[];
}

/** One metric as it is told to the outside. Reading it has no side effect. */
export interface Family {
	readonly name: string;
	readonly help: string;
	readonly kind: "counter" | "gauge" | "histogram";
	/** The label's name, where there is one. */
	readonly label?: string;
	samples(): readonly Sample[];
	/** For a histogram: its state. */
	histogram?(): HistogramState;
}

export interface Sample {
	readonly label?: string;
	readonly value: number;
}

export interface HistogramState {
	/** Upper bounds, rising; one bucket more than bounds: the last takes everything above. */
	readonly bounds: readonly number[];
	/** Observations per bucket, not cumulated. */
	readonly counts: readonly number[];
	readonly sum: number;
}
