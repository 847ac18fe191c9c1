// The scenarios as data: the help, the defaults and the whole run come from here.
import type { Door } from "./peers/verbatim-session.ts";
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

/** All that can be said on the command line; each scenario takes what it knows. */
export interface Flags {
	receivers: number;
	/** Messages a second. */
	rate: number;
	seconds: number;
	/** Messages sent together. */
	burst: number;
	/** How often each side of a comparison is measured. */
	pairs: number;
	door: Door;
	senders: number;
	rooms: number;
	/** Sends that a sender keeps under way. */
	window: number;
	/** Entries said while clients are away. */
	missed: number;
	/** Messages stored before. */
	stored: number;
	/** How often each client loses its connection, and how long it stays away, ms. */
	drops: number;
	awayMs: number;
	/** How long a soak lasts. */
	minutes: number;
}

/** What every flag is where neither the scenario nor the command line says it. */
export const FLAGS: Flags = {
	receivers: 1_000,
	rate: 200,
	seconds: 5,
	burst: 1,
	pairs: 3,
	door: "ws",
	senders: 64,
	rooms: 64,
	window: 64,
	missed: 100,
	stored: 1_000_000,
	drops: 8,
	awayMs: 2_000,
	minutes: 20,
};

export interface Scenario {
	readonly name: string;
	readonly does: string;
	/** What it runs with where the command line does not say otherwise; flags that are not here mean nothing to it. */
	readonly defaults: Partial<Flags>;
	run(flags: Flags): Promise<Result[]>;
	/** What the whole run (no scenario named) does with it, beside the defaults; nothing: once, with the defaults. */
	readonly rounds?: readonly Partial<Flags>[];
}

export const SCENARIOS: readonly Scenario[] = [
	{
		name: "fanout",
		does: "one room, so many receivers, so many messages a second of 100 bytes: the cost of a delivery beside the C relay's",
		defaults: { receivers: 1_000, rate: 200, seconds: 5, burst: 1, pairs: 3 },
		run: fanout,
		rounds: [
			{ rate: 50 },
			{},
			{ rate: 1_000, burst: 10 },
			// As many deliveries a second for each of these.
			{ receivers: 100, rate: 1_500 },
			{ receivers: 1_000, rate: 150 },
			{ receivers: 10_000, rate: 15 },
		],
	},
	{
		name: "ingest",
		does: "senders over many rooms: acknowledged messages a second when each keeps a window under way, and the wait at a steady rate",
		defaults: { senders: 64, rooms: 64, window: 64, rate: 5_000, seconds: 5 },
		run: ingest,
	},
	{
		name: "idle",
		does: "so many authenticated connections, each in one of so many rooms: the memory of one",
		defaults: { receivers: 15_000, rooms: 150, seconds: 10, door: "ws" },
		run: idle,
		rounds: [{ door: "ws" }, { door: "tcp" }, { door: "ws", rooms: 15_000 }],
	},
	{
		name: "storm",
		does: "so many clients lose their connection at once and come back to what was said meanwhile: the time until all have all",
		defaults: { receivers: 10_000, rooms: 100, missed: 100 },
		run: storm,
	},
	{
		name: "jitter",
		does: "so many clients, each of whom drops so many times for a moment while messages flow: what share arrives, and how late",
		defaults: { receivers: 2_000, rate: 100, seconds: 60, drops: 8, awayMs: 2_000 },
		run: jitter,
	},
	{
		name: "mixed",
		does: "users in several rooms each, who talk, type, page back, wander; one in a hundred reads slowly",
		defaults: { receivers: 1_000, rooms: 100, rate: 500, seconds: 5 },
		run: mixed,
	},
	{
		name: "stalled",
		does: "one reader in a hundred stops reading: the others' latency with and without, and the server's memory",
		defaults: { receivers: 1_000, rate: 100, seconds: 2, burst: 1, pairs: 8 },
		run: stalled,
	},
	{
		name: "history",
		does: "pages from anywhere in a room of so many messages",
		defaults: { stored: 1_000_000, receivers: 4, seconds: 5 },
		run: history,
	},
	{
		name: "soak",
		does: "guests who come, say five lines and go, so many a second: the server's memory over time, and what a visit leaves in it",
		defaults: { rate: 100, rooms: 64, minutes: 20 },
		run: soak,
		// A whole run takes minutes, not half an hour: fewer visits, more quickly.
		rounds: [{ rate: 200, minutes: 2 }],
	},
	{
		name: "start",
		does: "from the start of the process until it listens, empty and with so many messages stored",
		defaults: { stored: 1_000_000, pairs: 5 },
		run: start,
	},
	{
		name: "growth",
		does: "the cost of a message and of a delivery: few and many messages stored, few and many rooms",
		defaults: { stored: 1_000_000, rooms: 10_000, receivers: 100, rate: 500, seconds: 4 },
		run: growth,
	},
	{
		name: "compare",
		does: "the same fan-out by Verbatim, a C relay, nats-server, ngircd, ws and Socket.IO, where they are here",
		defaults: { receivers: 1_000, rate: 50, seconds: 4, burst: 1, pairs: 3 },
		run: compare,
		rounds: [{}, { rate: 100, burst: 10 }],
	},
];
