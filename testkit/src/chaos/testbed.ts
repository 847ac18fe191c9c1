// The server and the clients of a run, each client with its own proxy. All users have accounts: a guest's name would expire when a
// clock jumps by an hour.
import { join } from "node:path";
import { ChaosServer } from "./chaos-server.ts";
import { CHAOS_TIMING } from "./chaos-timing.ts";
import { ClientProcess, type ClientProcessOptions } from "./client-process.ts";
import type { ClientPlan, Plan } from "./plan.ts";
import { FaultProxy } from "./proxy.ts";
import { CLOCK_CONTROL_AVAILABLE, FakeClock } from "./wall-clock.ts";

/** A client and its link to the server. */
export interface TestbedClient {
	readonly plan: ClientPlan;
	readonly client: ClientProcess;
	readonly proxy: FaultProxy;
}

const PASSWORD = "correct horse battery staple";
/** A member of every room that only reads the logs at the end. */
export const AUDITOR = { user: "auditor", password: PASSWORD };
/** Of SDK clients, and of line-mode clients. */
const ACTIONS_PER_SECOND = 10;
const LINES_PER_SECOND = 3;

export class Testbed {
	readonly server: ChaosServer;
	readonly serverClock: FakeClock | undefined;
	readonly clients: readonly TestbedClient[];
	/** User ids by name, the auditor's too. */
	readonly users: ReadonlyMap<string, string>;

	private constructor(
		server: ChaosServer,
		serverClock: FakeClock | undefined,
		clients: readonly TestbedClient[],
		users: ReadonlyMap<string, string>,
	) {
		this.server = server;
		this.serverClock = serverClock;
		this.clients = clients;
		this.users = users;
	}

	/** Starts the server, registers all users, and creates the clients, not started yet. `folder`: for their files. */
	static async set(plan: Plan, folder: string, workers: number): Promise<Testbed> {
		const serverClock = CLOCK_CONTROL_AVAILABLE ? new FakeClock(join(folder, "server.clock")) : undefined;
		const server = await ChaosServer.prepare(serverClock, workers);
		const clients: TestbedClient[] = [];
		try {
			await server.process.start();
			const users = await registerUsers(server, plan);
			for (const i of plan.clients.keys()) clients.push(await testbedClient(plan, i, server, folder));
			return new Testbed(server, serverClock, clients, users);
		} catch (cause) {
			for (const { proxy } of clients) proxy.close();
			await server.process.remove();
			throw cause;
		}
	}

	async clear(): Promise<void> {
		for (const { client, proxy } of this.clients) {
			await client.kill();
			proxy.close();
		}
		await this.server.process.remove();
	}

	get troubles(): string[] {
		return [...this.server.troubles, ...this.clients.flatMap(({ client }) => client.troubles)];
	}
}

/** Registers all users; the auditor creates the rooms. */
async function registerUsers(server: ChaosServer, plan: Plan): Promise<Map<string, string>> {
	const users = new Map<string, string>();
	let auditing = "";
	for (const name of new Set([AUDITOR.user, ...plan.clients.map(({ user }) => user)])) {
		const data = await post(server, "register", { name, password: PASSWORD });
		const { user, tokens } = data as { readonly user: { readonly id: string }; readonly tokens: { readonly access: string } };
		users.set(name, user.id);
		if (name === AUDITOR.user) auditing = tokens.access;
	}
	for (const room of plan.rooms) await post(server, `rooms/${encodeURIComponent(`#${room}`)}/join`, { create: true }, auditing);
	return users;
}

async function testbedClient(
	{ seed, rooms, clients }: Plan,
	index: number,
	server: ChaosServer,
	folder: string,
): Promise<TestbedClient> {
	const plan = clients[index] as ClientPlan;
	const { name, user, transport, codec, read } = plan;
	const proxy = await FaultProxy.open(transport === "ws" ? server.process.httpPort : server.process.tcpPort);
	const common = { name, user, password: PASSWORD, folder: join(folder, name) };
	const options: ClientProcessOptions =
		transport === "line"
			? { ...common, transport: "line", port: proxy.port, room: lineRoomOf(rooms), linesPerSecond: LINES_PER_SECOND }
			: {
					...common,
					transport: "sdk",
					index,
					endpoint: transport === "ws" ? `ws://127.0.0.1:${proxy.port}/ws` : `tcp://127.0.0.1:${proxy.port}`,
					codec,
					rooms,
					read,
					actionsPerSecond: ACTIONS_PER_SECOND,
					seed: seed + index,
					timing: CHAOS_TIMING,
				};
	const clock = CLOCK_CONTROL_AVAILABLE ? new FakeClock(join(folder, `${name}.clock`)) : undefined;
	return { plan, proxy, client: new ClientProcess(options, clock) };
}

/** The room of the line-mode clients. */
export function lineRoomOf(rooms: readonly string[]): string {
	return rooms[0] ?? "";
}

async function post(server: ChaosServer, path: string, body: unknown, access?: string): Promise<unknown> {
	const answer = await fetch(`${server.process.http}/api/v1/${path}`, {
		method: "POST",
		headers: { "content-type": "application/json", ...(access === undefined ? {} : { authorization: `Bearer ${access}` }) },
		body: JSON.stringify(body),
	});
	const { code, message, data } = (await answer.json()) as { code: string; message: string; data: unknown };
	if (code !== "ok") throw new Error(`${path}: ${code} ${message}`);
	return data;
}
