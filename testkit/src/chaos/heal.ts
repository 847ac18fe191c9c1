// After the last fault: everybody falls silent, everything said must be answered, the server is killed once more, and what is there
// then is the log. Everybody must read it to its end and show the room as it is; a database that was closed in good order and opened
// again must hold the same.
import { eventually } from "../e2e/waiting.ts";
import type { WholeLog } from "../whole-log.ts";
import { readEveryDoor } from "./doors.ts";
import type { Plan } from "./plan.ts";
import { AUDITOR, type Stage } from "./stage.ts";

/** However slow the machine. */
const HEAL_MS = 90_000;
const ORDER_MS = 30_000;
/** Presence waits before it says "offline", and a client of a killed server is noticed late. */
const LOOK_MS = 15_000;

/** Rejects with what does not heal. `onLogs`: told of the logs as soon as they are known, by room name. */
export async function heal(plan: Plan, stage: Stage, onLogs: (logs: ReadonlyMap<string, WholeLog>) => void): Promise<void> {
	const { server, posts } = stage;
	for (const { crew } of posts) await crew.order({ do: "hush" }, ORDER_MS);
	await allReport(stage, {});
	await server.kill();
	await server.process.start();
	const logs = await logsOf(plan, stage);
	onLogs(logs);
	await allReport(stage, Object.fromEntries([...logs].map(([room, { entries }]) => [room, entries.length])));
	const online = onlineOf(plan, stage);
	await Promise.all(posts.map(({ crew }) => crew.order({ do: "look", online, withinMs: LOOK_MS }, LOOK_MS + ORDER_MS)));
	for (const { crew } of posts) await crew.leave(ORDER_MS);
	await server.restart();
	const again = await logsOf(plan, stage);
	for (const [room, log] of logs) {
		if (JSON.stringify(again.get(room)) !== JSON.stringify(log))
			throw new Error(`${room} is another after the database was opened anew`);
	}
}

export async function logsOf({ rooms }: Plan, { server }: Stage): Promise<Map<string, WholeLog>> {
	const logs = new Map<string, WholeLog>();
	for (const room of rooms) logs.set(room, await readEveryDoor(server.process, AUDITOR, room));
	return logs;
}

/** The ids of all who are online when everything has healed. */
export function onlineOf({ members }: Plan, { users }: Stage): string[] {
	return [...new Set(members.map(({ user }) => users.get(user) ?? ""))];
}

async function allReport({ posts }: Stage, heads: Readonly<Record<string, number>>): Promise<void> {
	await Promise.all(
		posts.map(({ crew }) => {
			let words = "";
			return eventually(
				async () => {
					words = (await crew.order({ do: "report", heads }, ORDER_MS)).words;
					return words === "" ? true : undefined;
				},
				() => `${crew.name}: ${words}`,
				HEAL_MS,
			);
		}),
	);
}
