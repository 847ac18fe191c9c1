// The server's metrics. On hot paths a metric is one addition (`metrics.deliveries.add(n)`); the rest is done at the scrape:
// exposition.ts, loaded on demand, turns the families below into the Prometheus text format.
//
// Values of labels are names of our own tables (error codes, listeners, outcomes), never input: the number of series is known.
// `LABELS_MAX` bounds it even if a caller forgets that.

import { CLOSES, ERRORS, type ErrorCode } from "@verbatim/protocol";
import type {
	Counter,
	Family,
	Gauge,
	Histogram,
	HistogramState,
	LabeledCounter,
	LabeledGauge,
	Metrics,
	Sample,
} from "../../base/metrics.ts";

/** Values of one label; further ones are counted as `other`. */
const LABELS_MAX = 100;

// Labels that are known stand at 0 from the start: a rate over one that appears with its first event would miss that event.
const DOORS = ["ws", "tcp", "line"];
const REFUSED = ["address", "total", "rate", "origin", "subprotocol", "preface", "late"];
const THROTTLED = ["refusals", "turn", "malformed", "unauthenticated", "address", "held"];
const STATUSES = ["2xx", "3xx", "4xx", "5xx"];
const OVERLOAD = ["history", "logins", "sends"];
const COMPARED = ["heads", "memberships", "revoked", "presence"];
const SHED = ["typing", "presence"];
const PLACES = [
	"session",
	"rooms",
	"presence",
	"bus",
	"store",
	"timer",
	"turns",
	"tcp",
	"ws",
	"line",
	"http",
	"process",
	"promise",
];
const LOGINS = [
	"ok",
	"unauthenticated",
	"credentials_wrong",
	"token_invalid",
	"token_expired",
	"forbidden",
	"name_taken",
	"name_invalid",
	"password_weak",
	"rate_limited",
	"busy",
	"unavailable",
	"internal",
] satisfies ("ok" | ErrorCode)[];
const ADMIN = ["ok", "unauthenticated", "forbidden", "no_such_user", "internal"] satisfies ("ok" | ErrorCode)[];
const SENDS = [
	"committed",
	"repeated",
	"invalid",
	"cid_reused",
	"forbidden",
	"not_member",
	"no_such_room",
	"no_such_user",
	"rate_limited",
	"out_of_order",
	"busy",
	"unavailable",
	"internal",
] satisfies ("committed" | "repeated" | ErrorCode)[];

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

export function createMetrics(): Metrics {
	const families: Family[] = [];
	const count = (name: string, help: string) => familyOfCount(families, name, help);
	const countBy = (name: string, label: string, help: string, known: readonly string[]) =>
		familyBy(families, name, label, "counter", help, known);
	const level = (name: string, help: string, across?: "greatest") => familyOfLevel(families, name, help, across);
	const levelBy = (name: string, label: string, help: string) => familyBy(families, name, label, "gauge", help, DOORS);
	const histogram = (name: string, bounds: readonly number[], help: string) => familyOfHistogram(families, name, bounds, help);
	return {
		connections: levelBy("verbatim_connections", "door", "Connections open now."),
		refused: countBy("verbatim_connections_refused_total", "reason", "Connections turned away before a session began.", REFUSED),
		throttled: countBy(
			"verbatim_connections_throttled_total",
			"why",
			"Connections held back or ended for what they send.",
			THROTTLED,
		),
		closes: countBy("verbatim_connections_closed_total", "close", "Connections ended, by close.", Object.keys(CLOSES)),
		requests: countBy("verbatim_http_requests_total", "status", "HTTP requests answered, by status class.", STATUSES),
		admin: countBy("verbatim_admin_requests_total", "outcome", "Requests of administrators, by outcome.", ADMIN),
		sessions: level("verbatim_sessions", "Sessions welcomed and alive."),
		logins: countBy(
			"verbatim_logins_total",
			"outcome",
			"Hellos, and log-ins over HTTP, by outcome: ok or an error code.",
			LOGINS,
		),
		sends: countBy("verbatim_sends_total", "outcome", "Sends, by outcome: committed, repeated or an error code.", SENDS),
		deliveries: count("verbatim_deliveries_total", "Entries handed to a reader's outbox."),
		commitSeconds: histogram("verbatim_commit_seconds", SECONDS, "Time from a batch's start until it was durable."),
		batchDrafts: histogram("verbatim_batch_drafts", SIZES, "Drafts in a batch."),
		batchesFailed: count("verbatim_batches_failed_total", "Batches that the store could not write."),
		draftsWaiting: level("verbatim_drafts_waiting", "Drafts that wait for the next batch."),
		storeConnections: level("verbatim_store_connections", "Connections to PostgreSQL."),
		storeReadsWaiting: level("verbatim_store_reads_waiting", "Reads that wait for a connection to PostgreSQL."),
		oldestDraftSeconds: level(
			"verbatim_oldest_draft_seconds",
			"For how long the oldest draft waits that is not durable yet.",
			"greatest",
		),
		hellosWaiting: level("verbatim_hellos_waiting", "Hellos that wait for their turn."),
		overloadLevel: level("verbatim_overload_level", "How much is let go of: 0 nothing, 4 sends are refused.", "greatest"),
		overloadRefused: countBy(
			"verbatim_overload_refused_total",
			"what",
			"Commands and hellos refused because of overload.",
			OVERLOAD,
		),
		rooms: level("verbatim_rooms_live", "Rooms that are live in memory."),
		gapsBytes: level("verbatim_bus_held_bytes", "About what commits hold that came before those which they follow, in bytes."),
		roomsReadOn: count("verbatim_rooms_read_on_total", "Pages by which rooms were read on because the bus had not brought them."),
		compared: countBy(
			"verbatim_bus_missed_total",
			"what",
			"What the bus had not brought, and a comparison with the store has found.",
			COMPARED,
		),
		memberListsBytes: level("verbatim_member_lists_bytes", "About what the kept pages of lists of members hold, in bytes."),
		outboxBytes: level("verbatim_outbox_bytes", "Bytes queued in all outboxes."),
		catchUps: count("verbatim_catch_ups_total", "Readers that fell behind and were served from the log."),
		storeReads: count("verbatim_store_reads_total", "Pages of logs read from the store for readers that were behind."),
		skipped: count("verbatim_skipped_total", "Ranges that readers were told of instead of being sent them."),
		errors: countBy("verbatim_errors_total", "code", "Refusals sent, by code.", Object.keys(ERRORS)),
		shed: countBy("verbatim_shed_total", "kind", "Ephemeral messages dropped or merged under pressure.", SHED),
		framesDamaged: count("verbatim_frames_damaged_total", "Frames dropped because their check failed."),
		faults: countBy("verbatim_faults_total", "place", "Unexpected errors: bugs of the server, each in its log.", PLACES),
		illegalSteps: count(
			"verbatim_illegal_steps_total",
			"Steps that a session's place in a room must not take: bugs of the server.",
		),
		loopLagSeconds: histogram("verbatim_event_loop_lag_seconds", SECONDS, "How late a timer fired."),
		families,
	};
}

function familyOfCount(families: Family[], name: string, help: string): Counter {
	const cell = new Cell();
	families.push({ name, help, kind: "counter", samples: () => [{ value: cell.read() }] });
	return cell;
}

function familyOfLevel(families: Family[], name: string, help: string, across?: "greatest"): Gauge {
	const cell = new Cell();
	families.push({ name, help, kind: "gauge", ...(across && { across }), samples: () => [{ value: cell.read() }] });
	return cell;
}

function familyBy(
	families: Family[],
	name: string,
	label: string,
	kind: "counter" | "gauge",
	help: string,
	known: readonly string[],
): Cells {
	const cells = new Cells();
	for (const label of known) cells.of(label);
	families.push({ name, help, kind, label, samples: () => cells.samples() });
	return cells;
}

function familyOfHistogram(families: Family[], name: string, bounds: readonly number[], help: string): Histogram {
	const buckets = new Buckets(bounds);
	families.push({ name, help, kind: "histogram", samples: () => [], histogram: () => buckets.state() });
	return buckets;
}

class Cell implements Counter, Gauge {
	#value = 0;
	#read: (() => number) | undefined;

	add(n = 1): void {
		this.#value += n;
	}

	set(value: number): void {
		this.#value = value;
	}

	watch(read: () => number): void {
		this.#read = read;
	}

	read(): number {
		return this.#read ? this.#read() : this.#value;
	}
}

class Cells implements LabeledCounter, LabeledGauge {
	readonly #cells = new Map<string, Cell>();

	of(label: string): Cell {
		const known = this.#cells.get(label);
		if (known) return known;
		if (this.#cells.size >= LABELS_MAX && label !== "other") return this.of("other");
		const cell = new Cell();
		this.#cells.set(label, cell);
		return cell;
	}

	add(label: string, n = 1): void {
		this.of(label).add(n);
	}

	samples(): Sample[] {
		return [...this.#cells].map(([label, cell]) => ({ label, value: cell.read() }));
	}
}

class Buckets implements Histogram {
	readonly #bounds: readonly number[];
	readonly #counts: number[];
	#sum = 0;

	constructor(bounds: readonly number[]) {
		this.#bounds = bounds;
		this.#counts = new Array<number>(bounds.length + 1).fill(0);
	}

	observe(value: number): void {
		let at = 0;
		for (const bound of this.#bounds) {
			if (value <= bound) break;
			at++;
		}
		this.#counts[at] = (this.#counts[at] ?? 0) + 1;
		this.#sum += value;
	}

	state(): HistogramState {
		return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
	}
}
