// Real processes on bad days: a server and its clients, each a process of its own, every connection through a proxy, and a plan of
// faults drawn from a seed. In the end everything is mended, the logs are read through every door, and the checker that judges the
// simulation judges what all have written down.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "../history/check.ts";
import { type HistoryEvent, render } from "../history/events.ts";
import { explain, type Verdict } from "../history/verdict.ts";
import type { WholeLog } from "../whole-log.ts";
import { DISK_CAN_FILL } from "./chaos-server.ts";
import { carryOut } from "./fate.ts";
import { heal, logsOf, onlineOf } from "./heal.ts";
import { readJournal } from "./journal.ts";
import { merge } from "./merge.ts";
import { monotonicMs } from "./monotonic.ts";
import { drawPlan, type FaultKind, type Plan, showPlan } from "./plan.ts";
import { lineRoomOf, Stage } from "./stage.ts";
import { CLOCKS_CAN_MOVE } from "./wall-clock.ts";

export interface ChaosOptions {
	readonly plan: Plan;
	/** Told of what happens, in words. */
	readonly tell?: (words: string) => void;
}

export interface ChaosReport {
	readonly verdict: Verdict;
	/** What is wrong beside the history: a process that ended by itself, doors that differ, something that does not heal. */
	readonly troubles: readonly string[];
	/** How often each fault happened. */
	readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
	/** Entries in all logs. */
	readonly entries: number;
	/** The folder in which everything is kept; undefined where nothing is wrong. */
	readonly kept: string | undefined;
}

const CLOCK_FAULTS = ["client's clock moved", "client's clock put back, then killed", "server's clock moved"] as const;

/** What this machine cannot do. */
export const IMPOSSIBLE: readonly FaultKind[] = [
	...(DISK_CAN_FILL ? [] : (["disk full", "killed with a full disk"] as const)),
	...(CLOCKS_CAN_MOVE ? [] : CLOCK_FAULTS),
];

/** The plan of a seed, as far as this machine can do it. */
export function planOf(seed: number, minutes: number): Plan {
	return drawPlan(seed, minutes, IMPOSSIBLE);
}

export async function chaos({ plan, tell = () => {} }: ChaosOptions): Promise<ChaosReport> {
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
	const stage = await Stage.set(plan, folder);
	try {
		for (const { crew } of stage.posts) crew.start();
		await attempt(() =>
			carryOut(plan, stage, ({ kind }, words) => {
				faults[kind] = (faults[kind] ?? 0) + 1;
				tell(words);
			}),
		);
		tell("everything heals");
		const healedMs = monotonicMs();
		let logs: ReadonlyMap<string, WholeLog> = new Map();
		await attempt(() =>
			heal(plan, stage, (known) => {
				logs = known;
			}),
		);
		if (logs.size === 0) {
			await attempt(async () => {
				for (const { crew } of stage.posts) await crew.kill();
				logs = await logsOf(plan, stage);
			});
		}
		const history = historyOf(plan, stage, logs, healedMs);
		const verdict = check(history);
		troubles.push(...stage.troubles, ...stage.server.complaints());
		const good = verdict.ok && troubles.length === 0;
		if (!good) keep(folder, plan, stage, history, verdict, troubles);
		else rmSync(folder, { recursive: true, force: true });
		const entries = [...logs.values()].reduce((sum, log) => sum + log.entries.length, 0);
		return { verdict, troubles, faults, entries, kept: good ? undefined : folder };
	} finally {
		await stage.clear();
	}
}

/** What all have written down, and at the end what there is. */
function historyOf(plan: Plan, stage: Stage, logs: ReadonlyMap<string, WholeLog>, healedMs: number): HistoryEvent[] {
	const atMs = monotonicMs();
	const typists = plan.members.filter(({ door }) => door === "line");
	const ids = (names: readonly (readonly [string, string])[]): Map<string, string> =>
		new Map(names.map(([name, user]) => [name, stage.users.get(user) ?? ""]));
	return merge(
		[
			...stage.posts.map(({ crew }) => readJournal(crew.options.folder)),
			// Of a client that ended by itself nothing more can be asked.
			stage.troubles.length === 0 ? [{ atMs: healedMs, kind: "healed" }] : [],
			[...logs.values()].map((log) => ({ atMs, kind: "log" as const, ...log })),
			[{ atMs, kind: "online", users: onlineOf(plan, stage) }],
		],
		{
			logs,
			users: stage.users,
			typists: ids(typists.map(({ user }) => [user, user])),
			readers: ids(typists.map(({ name, user }) => [name, user])),
			lineRoom: lineRoomOf(plan.rooms),
		},
	);
}

/** For whoever wants to know why: the plan, the merged history, the verdict, the database and what the server printed. */
function keep(
	folder: string,
	plan: Plan,
	stage: Stage,
	history: readonly HistoryEvent[],
	verdict: Verdict,
	troubles: readonly string[],
): void {
	writeFileSync(join(folder, "plan.txt"), `${showPlan(plan)}\n`);
	writeFileSync(
		join(folder, "history.txt"),
		`${history.map((event, place) => `${String(place).padStart(6)} ${render(event)}`).join("\n")}\n`,
	);
	const found = [...troubles, ...verdict.violations.map((violation) => explain(history, violation))];
	writeFileSync(join(folder, "verdict.txt"), `${found.join("\n\n")}\n`);
	writeFileSync(join(folder, "server.log"), stage.server.process.printed);
	cpSync(stage.server.process.data, join(folder, "data"), { recursive: true });
}
