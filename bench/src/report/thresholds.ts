// Performance thresholds as data: each reads its value from the results of a run. A missed threshold does not fail the run, since the
// machine may be slow or busy; it is in the report.
import type { Result } from "../result.ts";

export interface Threshold {
	readonly what: string;
	readonly unit: string;
	readonly atMost?: number;
	readonly atLeast?: number;
	/** undefined if the run has no such result. */
	value(results: readonly Result[]): number | undefined;
}

export interface ThresholdResult {
	readonly what: string;
	/** The threshold as text: `≤ 1.25 ×`. */
	readonly bar: string;
	readonly value: number;
	readonly unit: string;
	readonly isMet: boolean;
}

export function checkThresholds(results: readonly Result[]): ThresholdResult[] {
	return THRESHOLDS.flatMap(({ what, unit, atMost, atLeast, value: read }) => {
		const value = read(results);
		if (value === undefined || Number.isNaN(value)) return [];
		const isMet = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
		const bar = atMost === undefined ? `≥ ${atLeast?.toLocaleString("en")}` : `≤ ${atMost.toLocaleString("en")}`;
		return [{ what, bar: `${bar} ${unit}`, value, unit, isMet }];
	});
}

const single = (rate: number, receivers = 1_000) => ({ burst: 1, messagesPerSecond: rate, receivers });
/** Each message comes alone; `warmSeconds` after the start. */
const alone = (warmSeconds: number) => ({ ...single(100, 50), warmSeconds });
const bursts = { burst: 10, messagesPerSecond: 1_000, receivers: 1_000 };

export const THRESHOLDS: readonly Threshold[] = [
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
		what: "fanout 1,000 × 200/s by two workers: CPU per delivery, beside one",
		unit: "×",
		atMost: 1.15,
		value: (all) => {
			const ratio = all.find(({ scenario }) => scenario === "workers, 2")?.more?.ratioToOne;
			return typeof ratio === "number" ? ratio : undefined;
		},
	},
	{
		what: "fanout at 100, 1,000, 10,000 receivers: dearest CPU per delivery beside the cheapest",
		unit: "×",
		atMost: 1.5,
		value: (all) =>
			spread([single(1_500, 100), single(150), single(15, 10_000)].map((at) => fanoutOf(all, at)?.cpuUsPerDelivery)),
	},
	...[1, 60].flatMap((seconds): Threshold[] => [
		{
			what: `fanout 50 × 100/s, ${seconds} s after the start: CPU per delivery, beside the C relay`,
			unit: "×",
			atMost: 3.3,
			value: (all) => fanoutOf(all, alone(seconds))?.ratioToLimit,
		},
		{ what: "the same: p50", unit: "ms", atMost: 1.2, value: (all) => fanoutOf(all, alone(seconds))?.p50Ms },
	]),
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
		value: (all) => named(all, "ingest", { senders: 64 })?.ackedPerSecond,
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
		value: (all) => more(named(all, "storm", { receivers: 10_000, missedEach: 100 }), "allHaveAllMs"),
	},
	{
		what: "jitter, 2,000 clients × 8 drops of 2 s at 100/s: delivered",
		unit: "%",
		atLeast: 100,
		value: (all) => more(jitterOf(all), "deliveredPercent"),
	},
	{ what: "the same: p99, time away included", unit: "ms", atMost: 3_000, value: (all) => jitterOf(all)?.p99Ms },
	{
		what: "one reader in a hundred stalled: the others' p99 beside that without",
		unit: "×",
		atMost: 1.1,
		value: (all) => more(named(all, "stalled", { receivers: 1_000 }), "p99Ratio"),
	},
	{ what: "start, empty: listening after", unit: "ms", atMost: 300, value: (all) => more(named(all, "start"), "listeningMs") },
	{
		what: "start, 1,000,000 messages stored: listening after",
		unit: "ms",
		atMost: 1_000,
		value: (all) => more(named(all, "start with 1000000 stored"), "listeningMs"),
	},
	{
		what: "history page from 1,000,000 messages: p99",
		unit: "ms",
		atMost: 5,
		value: (all) => named(all, "history", { storedMessages: 1_000_000 })?.p99Ms,
	},
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

type FanoutAt = ReturnType<typeof single> & { readonly warmSeconds?: number };

function fanoutOf(all: readonly Result[], at: FanoutAt): Result | undefined {
	return named(all, "fanout", at);
}

/** Only with that many connections: with fewer, the fixed cost of buffers dominates. */
function idleOf(all: readonly Result[], door: string): number | undefined {
	return named(all, "idle", { door, receivers: 15_000 })?.rssBytesPerConnection;
}

function jitterOf(all: readonly Result[]): Result | undefined {
	return named(all, "jitter", { receivers: 2_000, messagesPerSecond: 100, dropsEach: 8, awayMs: 2_000 });
}

/** The scenario's result with these parameters. */
function named(
	all: readonly Result[],
	scenario: string,
	where: Readonly<Record<string, number | string>> = {},
): Result | undefined {
	return all.find((result) => {
		const keys: Readonly<Record<string, unknown>> = { ...result, ...result.more };
		return result.scenario === scenario && Object.entries(where).every(([key, value]) => keys[key] === value);
	});
}

/** Only of a run with at least this many messages and rooms. */
function grown(all: readonly Result[]): Result[] {
	const of = all.filter(({ scenario }) => scenario.startsWith("growth"));
	const most = (key: string): number => Math.max(...of.map((result) => more(result, key) ?? 0));
	return most("storedMessages") >= 1_000_000 && most("rooms") >= 9_900 ? of : [];
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
