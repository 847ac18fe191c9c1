// The server's metrics as a port; `ops/metrics/` implements and exposes them.

/** A number that only rises. */
export interface Counter {
	add(n?: number): void;
}

/** A number that rises and falls. */
export interface Gauge {
	set(value: number): void;
	add(n: number): void;
	/** From now on the value is read from `read` at each scrape. */
	watch(read: () => number): void;
}

/** One counter for each value of a label. Hot paths keep the `Counter` that `of` returns. */
export interface LabeledCounter {
	add(label: string, n?: number): void;
	of(label: string): Counter;
}

/** One gauge for each value of a label. */
export interface LabeledGauge {
	of(label: string): Gauge;
}

export interface Histogram {
	observe(value: number): void;
}

export interface Metrics {
	/** Connections open now, by kind: `ws`, `tcp`, `line`. */
	readonly connections: LabeledGauge;
	/** Connections refused before a session began, by reason: `address`, `total`, `rate`, `origin`, ... */
	readonly refused: LabeledCounter;
	/**
	 * Connections throttled or ended because of what they send. Not read for a while: `refusals` (too many refusals), `turn` (its share of a turn
	 * was used up). Ended: `malformed`, `unauthenticated`, `address`, `held`.
	 */
	readonly throttled: LabeledCounter;
	/** Connections ended, by the name of their close. */
	readonly closes: LabeledCounter;
	/** HTTP requests answered, by status class: `2xx`, `4xx`, ... */
	readonly requests: LabeledCounter;
	/** Requests for the administrators' API, by outcome: `ok` or an error code. */
	readonly admin: LabeledCounter;
	/** Sessions open now, from their welcome on. */
	readonly sessions: Gauge;
	/** Hellos, and log-ins, registrations, guests and refreshes over HTTP, by outcome: `ok` or an error code. */
	readonly logins: LabeledCounter;
	/** Sends, over HTTP too, by outcome: `committed`, `repeated`, or the error code of the refusal. */
	readonly sends: LabeledCounter;
	/** Entries put into a subscriber's outbox: entries × subscribers. */
	readonly deliveries: Counter;
	/** Seconds from a batch's start until it was durable. */
	readonly commitSeconds: Histogram;
	/** Drafts in a batch. */
	readonly batchDrafts: Histogram;
	/** Batches that the store refused: the disk was full or broken. */
	readonly batchesFailed: Counter;
	/** Drafts that wait for the next batch. */
	readonly draftsWaiting: Gauge;
	/** Connections to PostgreSQL, and reads that wait for one; 0 where there is none. */
	readonly storeConnections: Gauge;
	readonly storeReadsWaiting: Gauge;
	/** Age in seconds of the oldest draft that is not durable yet; 0: there is none. */
	readonly oldestDraftSeconds: Gauge;
	/** Hellos that are queued. */
	readonly hellosWaiting: Gauge;
	/** The overload level, from 0 (nothing is shed) to 4 (sends are refused): overload/levels.ts. */
	readonly overloadLevel: Gauge;
	/** Commands and hellos refused because of overload: `history`, `logins`, `sends`. */
	readonly overloadRefused: LabeledCounter;
	/** Rooms that are live in memory. */
	readonly rooms: Gauge;
	readonly memberListsBytes: Gauge;
	/** About what commits hold that came before those which they follow. */
	readonly gapsBytes: Gauge;
	/** Pages by which rooms were read on from the log, because the bus had not brought what they hold. */
	readonly roomsReadOn: Counter;
	/** What the bus had not brought, and a comparison with the store has found: `heads` of rooms, `memberships` or `revoked` of users, `presence`. */
	readonly compared: LabeledCounter;
	/** Bytes queued in all outboxes and not yet taken by the kernel. */
	readonly outboxBytes: Gauge;
	/** Readers that fell behind and are served from the log. */
	readonly catchUps: Counter;
	/** Pages of logs read from the store for readers that were behind; readers at the same place share one. */
	readonly storeReads: Counter;
	/** Ranges that a reader was told of instead of being sent them. */
	readonly skipped: Counter;
	/** Refusals sent, on sessions and over HTTP, by code. */
	readonly errors: LabeledCounter;
	/** Ephemeral messages dropped or merged for a reader under pressure, by kind: `typing`, `presence`. */
	readonly shed: LabeledCounter;
	/** Frames dropped because their check failed. */
	readonly framesDamaged: Counter;
	/** Our own bugs met in service, by place: `session`, `http`, `process`, ... Each is in the log under a trace id. */
	readonly faults: LabeledCounter;
	/** Steps that the table of a session's places in rooms does not have; each is also one of `faults`, and names the step in the log. */
	readonly illegalSteps: Counter;
	/** How late timers fire, in seconds: the delay of everything on this thread. */
	readonly loopLagSeconds: Histogram;
	/** All of the above as data, for the scrape. */
	readonly families: readonly Family[];
}

/** One metric as it is exposed. Reading it has no side effect. */
export interface Family {
	readonly name: string;
	readonly help: string;
	readonly kind: "counter" | "gauge" | "histogram";
	/** What several threads' values are as one; default: their sum. */
	readonly across?: "greatest";
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
