// Recovery after the last fault: clients stop sending, every send must be settled, and the server is killed once more; what it holds
// after the restart is the log. Every client must read it to its head and show the room's state; the logs must be the same again
// after a clean shutdown and restart.
import { eventually } from "../e2e/waiting.ts";
import type { WholeLog } from "../whole-log.ts";
import type { Plan } from "./plan.ts";
import { readLogEveryWay } from "./read-log.ts";
import { AUDITOR, type Testbed } from "./testbed.ts";

/** Generous, for slow machines. */
const RECOVERY_TIMEOUT_MS = 90_000;
const COMMAND_TIMEOUT_MS = 30_000;
/** Includes the offline grace and the detection of dead connections. */
const PRESENCE_TIMEOUT_MS = 15_000;

/** Rejects with what did not recover. `onLogs`: called once with the logs, by room name. */
export async function heal(plan: Plan, testbed: Testbed, onLogs: (logs: ReadonlyMap<string, WholeLog>) => void): Promise<void> {
	const { server, clients } = testbed;
	for (const { client } of clients) await client.command({ do: "stopSending" }, COMMAND_TIMEOUT_MS);
	await allReport(testbed, {});
	await server.kill();
	await server.process.start();
	const logs = await logsOf(plan, testbed);
	onLogs(logs);
	await allReport(testbed, Object.fromEntries([...logs].map(([room, { entries }]) => [room, entries.length])));
	const online = onlineOf(plan, testbed);
	await Promise.all(
		clients.map(({ client }) =>
			client.command({ do: "recordState", online, withinMs: PRESENCE_TIMEOUT_MS }, PRESENCE_TIMEOUT_MS + COMMAND_TIMEOUT_MS),
		),
	);
	for (const { client } of clients) await client.close(COMMAND_TIMEOUT_MS);
	await server.restart();
	const again = await logsOf(plan, testbed);
	for (const [room, log] of logs) {
		if (JSON.stringify(again.get(room)) !== JSON.stringify(log))
			throw new Error(`${room} is another after the database was opened anew`);
	}
}

export async function logsOf({ rooms }: Plan, { server }: Testbed): Promise<Map<string, WholeLog>> {
	const logs = new Map<string, WholeLog>();
	for (const room of rooms) logs.set(room, await readLogEveryWay(server.process, AUDITOR, room));
	return logs;
}

/** Ids of the users who are online after recovery. */
export function onlineOf({ clients }: Plan, { users }: Testbed): string[] {
	return [...new Set(clients.map(({ user }) => users.get(user) ?? ""))];
}

async function allReport({ clients }: Testbed, heads: Readonly<Record<string, number>>): Promise<void> {
	await Promise.all(
		clients.map(({ client }) => {
			let words = "";
			return eventually(
				async () => {
					words = (await client.command({ do: "pending", heads }, COMMAND_TIMEOUT_MS)).message;
					return words === "" ? true : undefined;
				},
				() => `${client.name}: ${words}`,
				RECOVERY_TIMEOUT_MS,
			);
		}),
	);
}
