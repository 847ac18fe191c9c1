// The server that all this is about, started as its README says, with the limits lifted that protect it from one address's load.
import { ServerProcess } from "@verbatim/testkit";
import { endLater } from "../ending.ts";
import { Crowd } from "../load/connection.ts";
import { Swarm } from "../load/swarm.ts";
import { BENCH_FLAGS, DURABILITY } from "../server-flags.ts";
import type { Audience, Peer } from "./peer.ts";
import { type Answer, Session, type SessionOptions } from "./verbatim-session.ts";

/** Handshakes under way at once: below any listener's backlog. */
const AT_ONCE = 200;
const LEVEL_MS = 50;
const LEVEL_TRIES = 400;

export interface Guest {
	readonly session: Session;
	readonly welcome: Answer;
}

export async function startVerbatim(): Promise<Peer> {
	const { server, stop } = await startServer();
	return {
		name: "Verbatim",
		durability: DURABILITY,
		doesNot: "",
		pid: server.pid,
		audience: (swarm, receivers) => audience(swarm, receivers, server.httpPort),
		stop,
	};
}

export interface Started {
	readonly server: ServerProcess;
	/** Ends it, and removes its data unless they were given. */
	stop(): Promise<void>;
}

/** A measured server that is not started yet, on `data` if given. */
export async function prepareServer(data?: string): Promise<Started> {
	const server = await ServerProcess.prepare({ flags: BENCH_FLAGS, ...(data === undefined ? {} : { data }) });
	const ending = endLater(() => server.remove());
	return {
		server,
		async stop() {
			ending.done();
			await server.remove();
		},
	};
}

async function startServer(data?: string): Promise<Started> {
	const started = await prepareServer(data);
	await started.server.start();
	return started;
}

/** A server and a load on it, both ended afterwards, whatever happens. */
export async function withServer<T>(
	work: (server: ServerProcess, swarm: Swarm) => Promise<T>,
	options: { readonly data?: string } = {},
): Promise<T> {
	const swarm = new Swarm();
	const { server, stop } = await startServer(options.data);
	try {
		return await work(server, swarm);
	} finally {
		swarm.close();
		await stop();
	}
}

/** So many guests, connected and welcomed. */
export async function guests(swarm: Swarm, options: SessionOptions, count: number, prefix: string): Promise<Guest[]> {
	const all: Guest[] = [];
	let next = 0;
	const worker = async (): Promise<void> => {
		for (let i = next++; i < count; i = next++) all[i] = await Session.open(swarm, options, { guest: { name: `${prefix}${i}` } });
	};
	await swarm.during(Promise.all(Array.from({ length: AT_ONCE }, worker)), `connecting ${count} guests`, 120_000);
	return all;
}

/** All join at once, so that their entries are committed and pushed together and not one by one to all who came before. */
export async function joinAll(swarm: Swarm, people: readonly Guest[], room: (index: number) => string): Promise<string[]> {
	const [first, ...rest] = people;
	if (first === undefined) return [];
	// The first one alone, so that a room of all is made once.
	const firstRoom = await swarm.during(first.session.join(room(0)), "joining");
	const others = Promise.all(rest.map(({ session }, i) => session.join(room(i + 1))));
	return [firstRoom, ...(await swarm.during(others, `joining of ${people.length}`, 120_000))];
}

/** Waits until everybody stands where the newest of them does: the last entries of a new room are the others' joins. */
export async function levelAt(swarm: Swarm, people: readonly Guest[], room: string): Promise<void> {
	const cursors = (): number[] => people.map(({ session }) => session.connection.cursors.get(room) ?? 0);
	const isLevel = (): boolean => {
		const all = cursors();
		return all.every((seq) => seq === all[0]);
	};
	for (let tries = 0; !isLevel(); tries++) {
		if (tries === LEVEL_TRIES) throw new Error("not everybody reached the head of the room");
		await swarm.run(LEVEL_MS);
	}
}

/** Receivers of one new room, of whom the first speaks. */
export async function audience(swarm: Swarm, count: number, port: number): Promise<Audience> {
	const crowd = new Crowd();
	const people = await guests(swarm, { port, crowd }, count, "bench-");
	const [room = ""] = await joinAll(swarm, people, () => "bench");
	const sessions = people.map(({ session }) => session);
	const [speaker] = sessions;
	await levelAt(swarm, people, room);
	return {
		crowd,
		receivers: sessions.map(({ connection }) => connection),
		say: (texts) => void speaker?.say(room, texts),
		acked: () => speaker?.acked,
		get refusals() {
			return sessions.flatMap(({ complaints }) => complaints);
		},
	};
}
