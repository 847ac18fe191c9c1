// The scenarios as data: source of the help, the defaults and the rounds of a full run.
import type { Transport } from "./peers/verbatim-session.ts";
import type { Result } from "./result.ts";
import { compare } from "./scenarios/compare.ts";
import { fanout } from "./scenarios/fanout.ts";
import { growth } from "./scenarios/growth.ts";
import { history } from "./scenarios/history.ts";
import { idle } from "./scenarios/idle.ts";
import { ingest } from "./scenarios/ingest.ts";
import { jitter } from "./scenarios/jitter.ts";
import { mixed } from "./scenarios/mixed.ts";
import { soak } from "./scenarios/soak.ts";
import { stalled } from "./scenarios/stalled.ts";
import { start } from "./scenarios/start.ts";
import { storm } from "./scenarios/storm.ts";
import { workers } from "./scenarios/workers.ts";

/** The flags of the command line; each scenario uses some of them. */
export interface Flags {
	receivers: number;
	/** Messages a second. */
	rate: number;
	seconds: number;
	/** Messages sent together. */
	burst: number;
	/** How often each side of a comparison is measured. */
	pairs: number;
	/** Seconds of the same load before the first window. */
	warm: number;
	door: Transport;
	/** `sqlite`, `postgres` (started for the run), or the address of one. */
	store: string;
	senders: number;
	rooms: number;
	/** Sends in flight per sender. */
	window: number;
	/** Entries sent per room while clients are disconnected. */
	missed: number;
	/** Messages stored before. */
	stored: number;
	/** Disconnections per client, and their duration, ms. */
	drops: number;
	awayMs: number;
	/** How long a soak lasts. */
	minutes: number;
	/** Worker threads of the server. */
	workers: number;
}

/** Defaults for flags that neither the scenario nor the command line sets. */
export const FLAGS: Flags = {
	receivers: 1_000,
	rate: 200,
	seconds: 5,
	burst: 1,
	pairs: 3,
	warm: 1,
	door: "ws",
	store: "sqlite",
	senders: 64,
	rooms: 64,
	window: 64,
	missed: 100,
	stored: 1_000_000,
	drops: 8,
	awayMs: 2_000,
	minutes: 20,
	workers: 1,
};

export interface Scenario {
	readonly name: string;
	readonly description: string;
	/** Defaults of the flags that this scenario uses. */
	readonly defaults: Partial<Flags>;
	run(flags: Flags): Promise<Result[]>;
	/** The rounds of a full run (no scenario named); default: one, with the defaults. */
	readonly rounds?: readonly Partial<Flags>[];
}

export const SCENARIOS: readonly Scenario[] = [
	{
		name: "fanout",
		description: "one room, N receivers, R messages/s of 100 bytes: cost of a delivery compared with the C relay",
		defaults: { receivers: 1_000, rate: 200, seconds: 5, burst: 1, pairs: 3, warm: 1 },
		run: fanout,
		rounds: [
			{ rate: 50 },
			{},
			{ rate: 1_000, burst: 10 },
			// As many deliveries a second for each of these.
			{ receivers: 100, rate: 1_500 },
			{ receivers: 1_000, rate: 150 },
			{ receivers: 10_000, rate: 15 },
			// Each message comes alone: with the server just started, and with its code compiled.
			{ receivers: 50, rate: 100 },
			{ receivers: 50, rate: 100, warm: 60 },
		],
	},
	{
		name: "ingest",
		description: "senders over many rooms: acknowledged messages/s with full windows, and latency at a steady rate",
		defaults: { senders: 64, rooms: 64, window: 64, rate: 5_000, seconds: 5, store: "sqlite", workers: 1 },
		run: ingest,
	},
	{
		name: "workers",
		description: "fan-out and ingest by one thread and by several, in turn: what all cores bring, and what they cost",
		defaults: {
			receivers: 1_000,
			rate: 200,
			seconds: 4,
			burst: 1,
			pairs: 3,
			warm: 1,
			senders: 64,
			rooms: 64,
			window: 64,
			workers: 2,
			store: "sqlite",
		},
		run: workers,
	},
	{
		name: "idle",
		description: "N authenticated connections, each in one of several rooms: memory per connection",
		defaults: { receivers: 15_000, rooms: 150, seconds: 10, door: "ws" },
		run: idle,
		rounds: [{ door: "ws" }, { door: "tcp" }, { door: "ws", rooms: 15_000 }],
	},
	{
		name: "storm",
		description: "N clients disconnect at once, miss entries and reconnect together: time until all have caught up",
		defaults: { receivers: 10_000, rooms: 100, missed: 100 },
		run: storm,
	},
	{
		name: "jitter",
		description: "N clients, each disconnected several times for a moment under load: share of deliveries, and latency",
		defaults: { receivers: 2_000, rate: 100, seconds: 60, drops: 8, awayMs: 2_000 },
		run: jitter,
	},
	{
		name: "mixed",
		description: "users in several rooms each: sends, typing, history, joins and leaves; one in a hundred reads slowly",
		defaults: { receivers: 1_000, rooms: 100, rate: 500, seconds: 5 },
		run: mixed,
	},
	{
		name: "stalled",
		description: "one reader in a hundred stops reading: latency of the others with and without, and the server's memory",
		defaults: { receivers: 1_000, rate: 100, seconds: 2, burst: 1, pairs: 8 },
		run: stalled,
	},
	{
		name: "history",
		description: "pages from random positions in a room of many messages",
		defaults: { stored: 1_000_000, receivers: 4, seconds: 5 },
		run: history,
	},
	{
		name: "soak",
		description: "short visits of guests who send five lines: the server's memory over time, and growth per visit",
		defaults: { rate: 100, rooms: 64, minutes: 20 },
		run: soak,
		// Shorter in a full run: fewer visits, at a higher rate.
		rounds: [{ rate: 200, minutes: 2 }],
	},
	{
		name: "start",
		description: "time from the start of the process until it listens, empty and with many messages stored",
		defaults: { stored: 1_000_000, pairs: 5 },
		run: start,
	},
	{
		name: "growth",
		description: "cost of a message and of a delivery: few and many messages stored, few and many rooms",
		defaults: { stored: 1_000_000, rooms: 10_000, receivers: 100, rate: 500, seconds: 4 },
		run: growth,
	},
	{
		name: "compare",
		description: "the same fan-out by Verbatim, a C relay, nats-server, ngircd, ws and Socket.IO, where they are installed",
		defaults: { receivers: 1_000, rate: 50, seconds: 4, burst: 1, pairs: 3 },
		run: compare,
		rounds: [{}, { rate: 100, burst: 10 }],
	},
];
