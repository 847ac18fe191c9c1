// Everything of a run that faults can happen to: the server, and each client with its own line to it. Everybody has an account, so that
// an hour's jump of a clock, which takes a guest's name away, takes nothing here.
import { join } from "node:path";
import { ChaosServer } from "./chaos-server.ts";
import { CrewMember, type CrewOptions } from "./crew.ts";
import type { Member, Plan } from "./plan.ts";
import { FaultProxy } from "./proxy.ts";
import { CHAOS_TIMING } from "./timing.ts";
import { CLOCKS_CAN_MOVE, FakeClock } from "./wall-clock.ts";

/** A client and its line. */
export interface Post {
	readonly member: Member;
	readonly crew: CrewMember;
	readonly proxy: FaultProxy;
}

const PASSWORD = "correct horse battery staple";
/** A member of every room who only reads, in the end. */
export const AUDITOR = { user: "auditor", password: PASSWORD };
/** Messages of a program, and lines of a person, a second. */
const TALK_PER_SECOND = 10;
const LINES_PER_SECOND = 3;

export class Stage {
	readonly server: ChaosServer;
	readonly serverClock: FakeClock | undefined;
	readonly posts: readonly Post[];
	/** User ids by name, the auditor's too. */
	readonly users: ReadonlyMap<string, string>;

	private constructor(
		server: ChaosServer,
		serverClock: FakeClock | undefined,
		posts: readonly Post[],
		users: ReadonlyMap<string, string>,
	) {
		this.server = server;
		this.serverClock = serverClock;
		this.posts = posts;
		this.users = users;
	}

	/** A running server that knows everybody, and clients that are not started yet. `folder`: for what all of them keep. */
	static async set(plan: Plan, folder: string): Promise<Stage> {
		const serverClock = CLOCKS_CAN_MOVE ? new FakeClock(join(folder, "server.clock")) : undefined;
		const server = await ChaosServer.prepare(serverClock);
		const posts: Post[] = [];
		try {
			await server.process.start();
			const users = await enrol(server, plan);
			for (const i of plan.members.keys()) posts.push(await postOf(plan, i, server, folder));
			return new Stage(server, serverClock, posts, users);
		} catch (cause) {
			for (const { proxy } of posts) proxy.close();
			await server.process.remove();
			throw cause;
		}
	}

	async clear(): Promise<void> {
		for (const { crew, proxy } of this.posts) {
			await crew.kill();
			proxy.close();
		}
		await this.server.process.remove();
	}

	get troubles(): string[] {
		return [...this.server.troubles, ...this.posts.flatMap(({ crew }) => crew.troubles)];
	}
}

/** Registers everybody, and lets the auditor make the rooms. */
async function enrol(server: ChaosServer, plan: Plan): Promise<Map<string, string>> {
	const users = new Map<string, string>();
	let auditing = "";
	for (const name of new Set([AUDITOR.user, ...plan.members.map(({ user }) => user)])) {
		const data = await post(server, "register", { name, password: PASSWORD });
		const { user, tokens } = data as { readonly user: { readonly id: string }; readonly tokens: { readonly access: string } };
		users.set(name, user.id);
		if (name === AUDITOR.user) auditing = tokens.access;
	}
	for (const room of plan.rooms) await post(server, `rooms/${encodeURIComponent(`#${room}`)}/join`, { create: true }, auditing);
	return users;
}

async function postOf({ seed, rooms, members }: Plan, index: number, server: ChaosServer, folder: string): Promise<Post> {
	const member = members[index] as Member;
	const { name, user, door, codec, read } = member;
	const proxy = await FaultProxy.open(door === "ws" ? server.process.httpPort : server.process.tcpPort);
	const common = { name, user, password: PASSWORD, folder: join(folder, name) };
	const options: CrewOptions =
		door === "line"
			? { ...common, door: "line", port: proxy.port, room: lineRoomOf(rooms), linesPerSecond: LINES_PER_SECOND }
			: {
					...common,
					door: "sdk",
					index,
					endpoint: door === "ws" ? `ws://127.0.0.1:${proxy.port}/ws` : `tcp://127.0.0.1:${proxy.port}`,
					codec,
					rooms,
					read,
					talkPerSecond: TALK_PER_SECOND,
					seed: seed + index,
					timing: CHAOS_TIMING,
				};
	const clock = CLOCKS_CAN_MOVE ? new FakeClock(join(folder, `${name}.clock`)) : undefined;
	return { member, proxy, crew: new CrewMember(options, clock) };
}

/** The room in which those with `nc` are. */
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
