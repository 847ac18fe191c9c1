// The Verbatim server, started as its README says, with the limits on rates and addresses lifted.
import { ServerProcess } from "@verbatim/testkit";
import { registerCleanup } from "../cleanup.ts";
import { openDatabase } from "../database.ts";
import { EpollLoop } from "../load/epoll-loop.ts";
import { DeliveryCounters } from "../load/load-connection.ts";
import { BENCH_FLAGS, DURABILITY } from "../server-flags.ts";
import type { BenchRoom, Peer } from "./peer.ts";
import { type Answer, Session, type SessionOptions } from "./verbatim-session.ts";

/** Concurrent handshakes: below any listener's backlog. */
const AT_ONCE = 200;
const LEVEL_MS = 50;
const LEVEL_TRIES = 400;

export interface Guest {
	readonly session: Session;
	readonly welcome: Answer;
}

export async function startVerbatim(workers = 1): Promise<Peer> {
	const { server, stop } = await startServer(undefined, workersFlags(workers));
	return {
		name: workers === 1 ? "Verbatim" : `Verbatim, ${workers} workers`,
		durability: DURABILITY,
		doesNot: "",
		pid: server.pid,
		openRoom: (loop, receivers) => openRoom(loop, receivers, server.httpPort),
		stop,
	};
}

export interface MeasuredServer {
	readonly server: ServerProcess;
	/** Stops it; removes its data folder unless that was given. */
	stop(): Promise<void>;
}

/** A server that is not started yet, on `data` if given. */
export async function prepareServer(data?: string, flags: readonly string[] = []): Promise<MeasuredServer> {
	const server = await ServerProcess.prepare({ flags: [...BENCH_FLAGS, ...flags], ...(data === undefined ? {} : { data }) });
	const cleanup = registerCleanup(() => server.remove());
	return {
		server,
		async stop() {
			cleanup.done();
			await server.remove();
		},
	};
}

async function startServer(data?: string, flags: readonly string[] = []): Promise<MeasuredServer> {
	const started = await prepareServer(data, flags);
	await started.server.start();
	return started;
}

function workersFlags(workers = 1): readonly string[] {
	return [`--workers=${workers}`];
}

/** Runs `work` with a server and a load generator; stops both afterwards. */
export async function withServer<T>(
	work: (server: ServerProcess, loop: EpollLoop) => Promise<T>,
	options: { readonly data?: string; readonly store?: string; readonly workers?: number } = {},
): Promise<T> {
	const loop = new EpollLoop();
	const database = await openDatabase(options.store);
	try {
		const { server, stop } = await startServer(options.data, [...database.flags, ...workersFlags(options.workers)]);
		try {
			return await work(server, loop);
		} finally {
			await stop();
		}
	} finally {
		loop.close();
		await database.close();
	}
}

/** Connects `count` guests and waits for their welcomes. */
export async function connectGuests(loop: EpollLoop, options: SessionOptions, count: number, prefix: string): Promise<Guest[]> {
	const all: Guest[] = [];
	let next = 0;
	const worker = async (): Promise<void> => {
		for (let i = next++; i < count; i = next++) all[i] = await Session.open(loop, options, { guest: { name: `${prefix}${i}` } });
	};
	await loop.during(Promise.all(Array.from({ length: AT_ONCE }, worker)), `connecting ${count} guests`, 120_000);
	return all;
}

/** All join at once, so that their entries are committed and pushed in few batches. */
export async function joinAll(loop: EpollLoop, guests: readonly Guest[], room: (index: number) => string): Promise<string[]> {
	const [first, ...rest] = guests;
	if (first === undefined) return [];
	// The first one alone, so that a shared room is created once.
	const firstRoom = await loop.during(first.session.join(room(0)), "joining");
	const others = Promise.all(rest.map(({ session }, i) => session.join(room(i + 1))));
	return [firstRoom, ...(await loop.during(others, `joining of ${guests.length}`, 120_000))];
}

/** Waits until all cursors are equal: the last entries of a new room are the joins of the others. */
export async function waitUntilConverged(loop: EpollLoop, guests: readonly Guest[], room: string): Promise<void> {
	const cursors = (): number[] => guests.map(({ session }) => session.connection.cursors.get(room) ?? 0);
	const isLevel = (): boolean => {
		const all = cursors();
		return all.every((seq) => seq === all[0]);
	};
	for (let tries = 0; !isLevel(); tries++) {
		if (tries === LEVEL_TRIES) throw new Error("not all guests reached the head of the room");
		await loop.run(LEVEL_MS);
	}
}

/** Receivers of one new room, of whom the first sends. */
export async function openRoom(loop: EpollLoop, count: number, port: number): Promise<BenchRoom> {
	const counters = new DeliveryCounters();
	const guests = await connectGuests(loop, { port, counters }, count, "bench-");
	const [room = ""] = await joinAll(loop, guests, () => "bench");
	const sessions = guests.map(({ session }) => session);
	const [sender] = sessions;
	await waitUntilConverged(loop, guests, room);
	return {
		counters,
		receivers: sessions.map(({ connection }) => connection),
		send: (texts) => void sender?.send(room, texts),
		acked: () => sender?.acked,
		get refusals() {
			return sessions.flatMap(({ errors }) => errors);
		},
	};
}
