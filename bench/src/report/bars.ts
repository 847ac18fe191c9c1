// What the server is held to, as data: how each bar is read from the results of a run. A bar that is missed does not fail the run (a
// machine may be slow or busy); it stands in the report.
import type { Result } from "../result.ts";

export interface Bar {
	readonly what: string;
	readonly unit: string;
	readonly atMost?: number;
	readonly atLeast?: number;
	/** undefined where the run has no result that tells. */
	value(results: readonly Result[]): number | undefined;
}

export interface Verdict {
	readonly what: string;
	/** The bar in words: `≤ 1.25 ×`. */
	readonly bar: string;
	readonly value: number;
	readonly unit: string;
	readonly isMet: boolean;
}

export function verdicts(results: readonly Result[]): Verdict[] {
	return BARS.flatMap(({ what, unit, atMost, atLeast, value: read }) => {
		const value = read(results);
		if (value === undefined || Number.isNaN(value)) return [];
		const isMet = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
		const bar = atMost === undefined ? `≥ ${atLeast?.toLocaleString("en")}` : `≤ ${atMost.toLocaleString("en")}`;
		return [{ what, bar: `${bar} ${unit}`, value, unit, isMet }];
	});
}

const single = (rate: number, receivers = 1_000) => ({ burst: 1, messagesPerSecond: rate, receivers });
const bursts = { burst: 10, messagesPerSecond: 1_000, receivers: 1_000 };
const GROWN = /^growth, (\d+) stored, (\d+) rooms$/;

export const BARS: readonly Bar[] = [
	{
		what: "fanout 1,000 × 200/s: CPU per delivery, beside the C relay",
		unit: "×",
		atMost: 1.25,
		value: (all) => fanoutOf(all, single(200))?.ratioToLimit,
	},
	{
		what: "fanout 1,000 × 1,000/s in bursts of ten",
		unit: "deliveries/s",
		atLeast: 990_000,
		value: (all) => fanoutOf(all, bursts)?.deliveriesPerSecond,
	},
	{
		what: "the same: CPU per delivery, beside the C relay",
		unit: "×",
		atMost: 1.6,
		value: (all) => fanoutOf(all, bursts)?.ratioToLimit,
	},
	{
		what: "fanout at 100, 1,000, 10,000 receivers: dearest CPU per delivery beside the cheapest",
		unit: "×",
		atMost: 1.5,
		value: (all) =>
			spread([single(1_000, 100), single(200), single(15, 10_000)].map((at) => fanoutOf(all, at)?.cpuUsPerDelivery)),
	},
	{
		what: "latency at 1,000 × 50/s: p50 above the C relay's",
		unit: "ms",
		atMost: 3,
		value: (all) => minus(fanoutOf(all, single(50))?.p50Ms, fanoutOf(all, single(50))?.limitP50Ms),
	},
	{
		what: "the same: p99 above the C relay's",
		unit: "ms",
		atMost: 15,
		value: (all) => minus(fanoutOf(all, single(50))?.p99Ms, fanoutOf(all, single(50))?.limitP99Ms),
	},
	{
		what: "latency at 1,000 × 200/s: p50 beside the C relay's",
		unit: "×",
		atMost: 2.5,
		value: (all) => over(fanoutOf(all, single(200))?.p50Ms, fanoutOf(all, single(200))?.limitP50Ms),
	},
	{
		what: "ingest, 64 senders, window full",
		unit: "acknowledged/s",
		atLeast: 40_000,
		value: (all) => named(all, "ingest")?.ackedPerSecond,
	},
	{ what: "ingest at 5,000/s: p50", unit: "ms", atMost: 5, value: (all) => named(all, "ingest at 5000/s")?.p50Ms },
	{ what: "the same: p99", unit: "ms", atMost: 30, value: (all) => named(all, "ingest at 5000/s")?.p99Ms },
	{
		what: "memory of an idle connection, WebSocket, at 15,000",
		unit: "bytes",
		atMost: 4_096,
		value: (all) => idleOf(all, "ws"),
	},
	{ what: "memory of an idle connection, TCP, at 15,000", unit: "bytes", atMost: 3_072, value: (all) => idleOf(all, "tcp") },
	{
		what: "storm, 10,000 clients × 100 missed: all have all after",
		unit: "ms",
		atMost: 8_000,
		value: (all) => more(named(all, "storm"), "allHaveAllMs"),
	},
	{
		what: "one reader in a hundred stalled: the others' p99 beside that without",
		unit: "×",
		atMost: 1.1,
		value: (all) => more(named(all, "stalled"), "p99Ratio"),
	},
	{ what: "start, empty: listening after", unit: "ms", atMost: 300, value: (all) => more(named(all, "start"), "listeningMs") },
	{
		what: "start, 1,000,000 messages stored: listening after",
		unit: "ms",
		atMost: 1_000,
		value: (all) => more(named(all, "start with 1000000 stored"), "listeningMs"),
	},
	{ what: "history page from 1,000,000 messages: p99", unit: "ms", atMost: 5, value: (all) => named(all, "history")?.p99Ms },
	{
		what: "growth: dearest CPU per message beside the cheapest",
		unit: "×",
		atMost: 1.25,
		value: (all) => spread(grown(all).map((result) => more(result, "cpuUsPerMessage"))),
	},
	{
		what: "growth: dearest CPU per delivery beside the cheapest",
		unit: "×",
		atMost: 1.25,
		value: (all) => spread(grown(all).map(({ cpuUsPerDelivery }) => cpuUsPerDelivery)),
	},
];

interface FanoutAt {
	readonly burst: number;
	readonly messagesPerSecond: number;
	readonly receivers: number;
}

function fanoutOf(all: readonly Result[], { burst, messagesPerSecond, receivers }: FanoutAt): Result | undefined {
	return all.find(
		(result) =>
			result.scenario === "fanout" &&
			result.receivers === receivers &&
			result.more?.burst === burst &&
			result.more.messagesPerSecond === messagesPerSecond,
	);
}

/** Only with as many connections as the bar speaks of: fewer would bear the fixed cost of buffers alone. */
function idleOf(all: readonly Result[], door: string): number | undefined {
	const result = all.find(({ scenario, more }) => scenario === "idle" && more?.door === door);
	return (result?.receivers ?? 0) < 15_000 ? undefined : result?.rssBytesPerConnection;
}

function named(all: readonly Result[], scenario: string): Result | undefined {
	return all.find((result) => result.scenario === scenario);
}

function grown(all: readonly Result[]): Result[] {
	return all.filter(({ scenario }) => GROWN.test(scenario));
}

function more(result: Result | undefined, key: string): number | undefined {
	const value = result?.more?.[key];
	return typeof value === "number" ? value : undefined;
}

function spread(values: readonly (number | undefined)[]): number | undefined {
	const known = values.filter((value) => value !== undefined);
	return known.length < values.length || known.length < 2 ? undefined : Math.max(...known) / Math.min(...known);
}

function minus(a: number | undefined, b: number | undefined): number | undefined {
	return a === undefined || b === undefined ? undefined : a - b;
}

function over(a: number | undefined, b: number | undefined): number | undefined {
	return a === undefined || b === undefined ? undefined : a / b;
}
