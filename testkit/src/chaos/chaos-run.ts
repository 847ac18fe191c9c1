// Fault injection on real processes: a server and its clients, each its own process, every connection through a fault proxy, and a
// plan of faults generated from a seed. At the end all faults are lifted, the logs are read by every transport, and the simulator's
// checker checks the merged journals.
import { cpSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "../history/check.ts";
import { type HistoryEvent, render } from "../history/events.ts";
import { explain, type Verdict } from "../history/verdict.ts";
import type { WholeLog } from "../whole-log.ts";
import { DISK_LIMIT_AVAILABLE } from "./chaos-server.ts";
import { executeFaults } from "./fault-executor.ts";
import { heal, logsOf, onlineOf } from "./heal.ts";
import { readJournal } from "./journal.ts";
import { merge } from "./merge.ts";
import { monotonicMs } from "./monotonic.ts";
import { describePlan, type FaultKind, generatePlan, type Plan } from "./plan.ts";
import { lineRoomOf, Testbed } from "./testbed.ts";
import { CLOCK_CONTROL_AVAILABLE } from "./wall-clock.ts";

export interface ChaosOptions {
	readonly plan: Plan;
	/** Worker threads of the server; default 1. */
	readonly workers?: number;
	/** One line of text for each step. */
	readonly onProgress?: (words: string) => void;
}

export interface ChaosReport {
	readonly verdict: Verdict;
	/** Failures outside the history: a process that exited unexpectedly, transports whose logs differ, no recovery in time. */
	readonly troubles: readonly string[];
	/** Number of injections of each kind. */
	readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
	/** Entries in all logs. */
	readonly entries: number;
	/** Folder with plan, histories, verdict, server log and database; undefined if the run passed. */
	readonly artifacts: string | undefined;
}

const CLOCK_FAULTS = ["client's clock moved", "client's clock put back, then killed", "server's clock moved"] as const;

/** Faults for which this machine lacks a tool. */
export const UNSUPPORTED_FAULTS: readonly FaultKind[] = [
	...(DISK_LIMIT_AVAILABLE ? [] : (["disk full", "killed with a full disk"] as const)),
	...(CLOCK_CONTROL_AVAILABLE ? [] : CLOCK_FAULTS),
];

/** The plan of a seed, without unsupported faults. */
export function planForSeed(seed: number, minutes: number): Plan {
	return generatePlan(seed, minutes, UNSUPPORTED_FAULTS);
}

export async function runChaos({ plan, workers = 1, onProgress = () => {} }: ChaosOptions): Promise<ChaosReport> {
	const folder = mkdtempSync(join(tmpdir(), `verbatim-chaos-${plan.seed}-`));
	const faults: Partial<Record<FaultKind, number>> = {};
	const troubles: string[] = [];
	const attempt = async (task: () => Promise<void>): Promise<void> => {
		try {
			await task();
		} catch (cause) {
			troubles.push(cause instanceof Error ? cause.message : String(cause));
		}
	};
	const testbed = await Testbed.set(plan, folder, workers);
	try {
		for (const { client } of testbed.clients) client.start();
		await attempt(() =>
			executeFaults(plan, testbed, ({ kind }, words) => {
				faults[kind] = (faults[kind] ?? 0) + 1;
				onProgress(words);
			}),
		);
		onProgress("all faults lifted; waiting for recovery");
		const healedMs = monotonicMs();
		let logs: ReadonlyMap<string, WholeLog> = new Map();
		await attempt(() =>
			heal(plan, testbed, (known) => {
				logs = known;
			}),
		);
		if (logs.size === 0) {
			await attempt(async () => {
				for (const { client } of testbed.clients) await client.kill();
				logs = await logsOf(plan, testbed);
			});
		}
		const history = historyOf(plan, testbed, logs, healedMs);
		const verdict = check(history);
		troubles.push(...testbed.troubles, ...testbed.server.errorLogLines());
		const passed = verdict.ok && troubles.length === 0;
		if (!passed) saveArtifacts(folder, plan, testbed, history, verdict, troubles);
		else rmSync(folder, { recursive: true, force: true });
		const entries = [...logs.values()].reduce((sum, log) => sum + log.entries.length, 0);
		return { verdict, troubles, faults, entries, artifacts: passed ? undefined : folder };
	} finally {
		await testbed.clear();
	}
}

/** The merged journals, followed by the final state. */
function historyOf(plan: Plan, testbed: Testbed, logs: ReadonlyMap<string, WholeLog>, healedMs: number): HistoryEvent[] {
	const atMs = monotonicMs();
	const lineSenders = plan.clients.filter(({ transport }) => transport === "line");
	const ids = (names: readonly (readonly [string, string])[]): Map<string, string> =>
		new Map(names.map(([name, user]) => [name, testbed.users.get(user) ?? ""]));
	return merge(
		[
			...testbed.clients.map(({ client }) => readJournal(client.options.folder)),
			// Liveness clauses are checked only if every client survived.
			testbed.troubles.length === 0 ? [{ atMs: healedMs, kind: "healed" }] : [],
			[...logs.values()].map((log) => ({ atMs, kind: "log" as const, ...log })),
			[{ atMs, kind: "online", users: onlineOf(plan, testbed) }],
		],
		{
			logs,
			users: testbed.users,
			lineSenders: ids(lineSenders.map(({ user }) => [user, user])),
			lineReaders: ids(lineSenders.map(({ name, user }) => [name, user])),
			lineRoom: lineRoomOf(plan.rooms),
		},
	);
}

/** Writes plan, merged history, verdict, database and server log for debugging. */
function saveArtifacts(
	folder: string,
	plan: Plan,
	testbed: Testbed,
	history: readonly HistoryEvent[],
	verdict: Verdict,
	troubles: readonly string[],
): void {
	writeFileSync(join(folder, "plan.txt"), `${describePlan(plan)}\n`);
	writeFileSync(
		join(folder, "history.txt"),
		`${history.map((event, place) => `${String(place).padStart(6)} ${render(event)}`).join("\n")}\n`,
	);
	const findings = [...troubles, ...verdict.violations.map((violation) => explain(history, violation))];
	writeFileSync(join(folder, "verdict.txt"), `${findings.join("\n\n")}\n`);
	writeFileSync(join(folder, "server.log"), testbed.server.process.printed);
	// The administrators' socket cannot be copied.
	cpSync(testbed.server.process.data, join(folder, "data"), { recursive: true, filter: (path) => !lstatSync(path).isSocket() });
}
